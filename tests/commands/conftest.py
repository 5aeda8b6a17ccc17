"""A server, a repository in it, and a person who runs commands there."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving.processes import PATIENCE, Serve, environment

IDENTITY = {f"GIT_{who}_{what}": "x@y.z" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
SIGNS = ("CLAUDECODE", "CODEX_SANDBOX", "CODEX_THREAD_ID", "GEMINI_CLI", "OPENCODE", "COPILOT_CLI", "CURSOR_AGENT")


class Person:
    """Someone with a home, a repository, programs on the PATH and a server."""

    def __init__(self, folder: Path, server: Serve) -> None:
        self.home, self.shop, self.programs = folder / "home", folder / "home" / "shop", folder / "programs"
        self.server, self.data = server, server.home
        self.shop.mkdir(parents=True)
        self.programs.mkdir()
        clean = {name: value for name, value in environment(server.home).items() if not name.startswith("XDG_")}
        places = {
            "HOME": str(self.home),
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "NEXUS_HOOK_SECONDS": "20",
        }
        self.environment = {name: value for name, value in clean.items() if name not in SIGNS} | places | IDENTITY
        self.git("init", "--quiet")

    def run(self, command: list[str], **more: str) -> subprocess.CompletedProcess[str]:
        settings: Any = {"cwd": self.shop, "env": self.environment | more, "capture_output": True, "text": True}
        return subprocess.run(command, stdin=subprocess.DEVNULL, timeout=PATIENCE, **settings)

    def nexus(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return self.run([sys.executable, "-P", "-m", "nexus_site.cli", *words], **more)

    def json(self, *words: str, **more: str) -> Any:
        return json.loads(self.nexus(*words, "--json", **more).stdout)

    def git(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return self.run(["git", *words], **more)

    def program(self, name: str, text: str) -> None:
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def agent(self, name: str) -> str:
        """Add an agent of the repository and return its key."""
        order = {"name": name, "project_root": str(self.shop)}
        return str(self.server.ask("/api/v1/agents", order)["key"])


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    """A person whose server runs while the tests of a module do."""
    folder = tmp_path_factory.mktemp("person")
    running = Serve(folder / "data")
    yield Person(folder, running)
    running.stop()
    running.clear_away()
