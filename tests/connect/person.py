"""Someone who connects programs: a home, a repository and a data directory."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.live.servers import ROOT

__all__ = ["OWN", "Person"]

OWN = '{\n  // mine\n  "mcpServers": {"other": {"command": "x"}},\n}\n'


class Person:
    """A home, a repository and a data directory."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.home, self.shop, self.data = folder / "home", folder / "home" / "shop", data
        (self.shop / ".git").mkdir(parents=True)
        (self.home / ".claude.json").write_text(OWN)
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("NEXUS_", "XDG_"))}
        places = {"HOME": str(self.home), "NEXUS_HOME": str(self.data), "PYTHONPATH": str(ROOT)}
        self.environment = clean | places

    def runs(self, *words: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
        keyboard, screen = pty.openpty()
        try:
            os.write(keyboard, f"{typed}\n".encode())
            given = screen if typed is not None else subprocess.DEVNULL
            command = [sys.executable, "-m", "nexus_site.cli", *words]
            settings: Any = {"cwd": self.shop, "env": self.environment, "capture_output": True, "text": True}
            return subprocess.run(command, stdin=given, timeout=120, **settings)
        finally:
            os.close(keyboard)
            os.close(screen)

    def files(self) -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in self.home.rglob("*") if path.is_file()}

    def keys(self, agent: str) -> list[str]:
        return [each["key"] for each in json.loads(self.runs("agent", "key", "list", agent, "--json").stdout)["keys"]]
