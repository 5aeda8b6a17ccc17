"""A server, two agents on it, and the sessions of a harness whose hooks run as processes."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nexus_site.hooks.state import State
from tests.live.servers import ROOT, Rest, Server


class Harness:
    """A session of a harness, whose hooks run as processes."""

    def __init__(self, server: Server, agent: Rest, name: str, session: str) -> None:
        self.server, self.name, self.session = server, name, session
        self.waiters: list[subprocess.Popen[str]] = []
        self.environment = server.environment | {
            "NEXUS_KEY": agent.key,
            "PYTHONPATH": str(ROOT),
            "NEXUS_HOOK_SECONDS": "20",
        }

    def runs(
        self, event: str, *more: str, harness: str = "claude-code", **said: Any
    ) -> subprocess.CompletedProcess[str]:
        payload = json.dumps({"session_id": self.session, "cwd": str(self.server.project), **said})
        words = [sys.executable, "-m", "nexus_site.hook", event, "--harness", harness, "--agent", self.name, *more]
        settings: Any = {"env": self.environment, "cwd": ROOT, "capture_output": True, "text": True, "timeout": 60}
        ran = subprocess.run(words, input=payload, **settings)
        assert ran.returncode == 0, ran.stderr
        return ran

    def left_open(self, event: str, said: str) -> str:
        """Return what a hook prints whose harness says this and leaves the input open."""
        words = [sys.executable, "-m", "nexus_site.hook", event, "--harness", "claude-code", "--agent", self.name]
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        settings: Any = {"env": self.environment, "cwd": self.server.project}
        with subprocess.Popen(words, **settings, **pipes) as hook:
            assert hook.stdin is not None
            assert hook.stdout is not None
            hook.stdin.write(said)
            hook.stdin.flush()
            try:
                assert hook.wait(60) == 0
            finally:
                hook.kill()
            return str(hook.stdout.read())

    def waits(self, **said: Any) -> "subprocess.Popen[str]":
        """Start a waiter, and return it once it is the newest of its session."""
        before = self.waiter
        words = [sys.executable, "-m", "nexus_site.hook", "wait", "--harness", "claude-code", "--agent", self.name]
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        waiter = subprocess.Popen([*words, "--wake"], env=self.environment, cwd=ROOT, **pipes)
        assert waiter.stdin is not None
        waiter.stdin.write(json.dumps({"session_id": self.session, "cwd": str(self.server.project), **said}))
        waiter.stdin.close()
        waiter.stdin = None
        self.waiters.append(waiter)
        end = time.monotonic() + 30
        while self.waiter in ("", before) and waiter.poll() is None:
            assert time.monotonic() < end
            time.sleep(0.02)
        return waiter

    @property
    def waiter(self) -> str:
        """Return what names the newest waiter of the session, empty where there is none."""
        return State.read(self.path).waiter

    @property
    def path(self) -> Path:
        """Return the file in which the hook remembers this session."""
        return State.path(self.server.home, "claude-code", self.session)

    def told(self, event: str, *more: str, **said: Any) -> str:
        """Return the text that the model is given."""
        printed = self.runs(event, *more, **said).stdout
        if not printed:
            return ""
        answer = json.loads(printed)
        return str(answer.get("reason") or answer["hookSpecificOutput"]["additionalContext"])


@pytest.fixture(scope="package")
def server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("hooks") / "home", NEXUS_WAKE_GAP="0", NEXUS_WAKE_BUDGET="200").start()
    yield running
    running.close()


@pytest.fixture(scope="package")
def ann(server) -> Rest:
    return server.agent("ann", harness="codex")


@pytest.fixture(scope="package")
def ben(server) -> Rest:
    return server.agent("ben")


@pytest.fixture
def claude(server, ben, request) -> Iterator[Harness]:
    """A session of ben, whose inbox is empty."""
    while waiting := ben.post("inbox/pull", limit=200)["messages"]:
        ben.post("inbox/ack", messages=[each["message"] for each in waiting])
    session = Harness(server, ben, "ben", request.node.name)
    yield session
    for waiter in session.waiters:
        with waiter:
            waiter.kill()


@pytest.fixture
def write(ann):
    """Return a function by which ann writes to ben."""

    def write(subject: str, **more: Any) -> str:
        order = {"to": "ben", "subject": subject, "body": "Please look."} | more
        sent: str = ann.post("messages", **order)["message"]
        return sent

    return write
