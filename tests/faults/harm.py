"""Ways to harm a data directory or the processes on it, and an agent that tells what comes of it on every surface."""

import ctypes
import json
import os
import resource
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest

from tests.protocol.wires import BOTH, call, modern
from tests.serving.processes import PATIENCE, Serve, nexus

MEGABYTE, LITTLE = 1 << 20, 1 << 18
MOST = 3000
DROP_FROM_BOUNDING_SET, OVERRIDE = 24, 1  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE
T = TypeVar("T")


class Agent(NamedTuple):
    """An agent of a running server, on the surfaces."""

    server: Serve
    name: str
    key: str

    def rest(self, path: str, body: Any = None) -> tuple[int, Any]:
        """Return the status and the JSON of a REST call."""
        with self.server.open(f"/api/v1/{path}", body, Authorization=f"Bearer {self.key}") as response:
            return response.status, json.loads(response.read())

    def mcp(self, tool: str, /, **arguments: Any) -> Any:
        """Return what a tool answers, refusals too."""
        headers, body = modern(call(tool, **arguments))
        with self.server.open("/mcp", body, Authorization=f"Bearer {self.key}", Accept=BOTH, **headers) as response:
            text = response.read().decode()
        last = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith(("{", "data: {"))][-1]
        message = json.loads(last)
        return {"error": message["error"]["data"]} if "error" in message else message["result"]["structuredContent"]

    def cli(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Return how `nexus call NAME …` ended, called as this agent."""
        return nexus(self.server.home, "call", name, *words, NEXUS_KEY=self.key)

    def send(self, to: str, subject: str) -> tuple[int, Any]:
        """Send a message of some size over REST."""
        return self.rest("messages", {"to": to, "subject": subject, "body": "x" * 3000})

    def subjects(self) -> list[str]:
        """Return the subjects of all that waits, in order."""
        found, page = [], "inbox?limit=100"
        while page:
            status, answer = self.rest(page)
            assert status == 200, answer
            found += [each["subject"] for each in answer["messages"]]
            cursor = answer.get("next_cursor")
            page = f"inbox?limit=100&cursor={cursor}" if cursor else ""
        return sorted(found)


class Sender(threading.Thread):
    """Sends message after message and keeps the subjects of those that were acknowledged."""

    def __init__(self, alice: Agent) -> None:
        """Begin at once."""
        super().__init__(daemon=True)
        self.alice, self.acknowledged, self.is_over = alice, set[str](), threading.Event()
        self.start()

    def run(self) -> None:
        number = 0
        while not self.is_over.wait(0.02):
            number += 1
            with suppress(OSError, HTTPException, ValueError):
                if self.alice.send("bob", f"n{number}")[0] == 201:
                    self.acknowledged.add(f"n{number}")

    def more(self, count: int = 10) -> None:
        """Wait until this many more were acknowledged."""
        wanted, end = len(self.acknowledged) + count, time.monotonic() + PATIENCE
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < end, "nothing is acknowledged any more"
            time.sleep(0.01)


def add(server: Serve, name: str, **profile: Any) -> Agent:
    """Add an agent that works in a folder beside the data directory."""
    root = server.home.parent / "atlas"
    (root / ".git").mkdir(parents=True, exist_ok=True)
    return Agent(
        server, name, server.ask("/api/v1/agents", {"name": name, "project_root": str(root), **profile})["key"]
    )


def sent_until_full(alice: Agent) -> list[str]:
    """Send until the disk is full; return the subjects that were acknowledged."""
    acknowledged: list[str] = []
    for number in range(MOST):
        status, answer = alice.send("bob", f"n{number}")
        if status != 201:
            assert status == 507, answer
            return acknowledged
        acknowledged.append(f"n{number}")
    raise AssertionError("the disk was never full")


class Disk:
    """A file system of its own under the data directory, which needs the right to mount one."""

    def __init__(self, home: Path) -> None:
        """Mount it, of a size that Nexus just begins on."""
        home.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", "size=120m,mode=0700", "nexus-test", str(home)]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("mounting a small file system needs root")
        self.home = home

    def fill(self, server: Serve | None = None, leave: int = LITTLE) -> None:
        """Leave little room."""
        with (self.home / "backups.ballast").open("wb") as ballast:
            for size in (MEGABYTE, 4096):
                with suppress(OSError):
                    while os.write(ballast.fileno(), bytes(size)) == size:
                        continue
            os.ftruncate(ballast.fileno(), os.fstat(ballast.fileno()).st_size - leave)

    def make_room(self, server: Serve | None = None) -> None:
        """Let there be room again."""
        (self.home / "backups.ballast").unlink()

    def close(self) -> None:
        """Take the file system away."""
        subprocess.run(["umount", "--lazy", str(self.home)], check=True)


class Quota:
    """A limit on the size of files for the processes of a running server, whom everybody is."""

    def __init__(self, home: Path) -> None:
        """Say where; nothing is limited yet."""
        self.home = home

    def fill(self, server: Serve, leave: int = LITTLE) -> None:
        """Let files grow little more."""
        largest = max(path.stat().st_size for path in self.home.iterdir() if path.is_file())
        self._limit(server, largest + leave)

    def make_room(self, server: Serve) -> None:
        """Let files grow again."""
        self._limit(server, resource.RLIM_INFINITY)

    def close(self) -> None:
        """Leave nothing behind: the limit ends with the processes."""

    def _limit(self, server: Serve, size: int) -> None:
        for pid in server.family():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def bound_by_permissions(call: Callable[[], T]) -> T:
    """Return what `call` returns; the processes that it starts may not write what is read-only, though root runs them."""

    def drop() -> None:
        ctypes.CDLL(None).prctl(
            DROP_FROM_BOUNDING_SET, OVERRIDE, 0, 0, 0
        )  # of this thread, which others need not share

    with ThreadPoolExecutor(1, initializer=drop) as pool:
        return pool.submit(call).result()


@contextmanager
def read_only(*paths: Path) -> Iterator[None]:
    """Let nobody write to files or folders within the block."""
    before = {path: path.stat().st_mode for path in paths}
    for path, mode in before.items():
        path.chmod(mode & ~0o222)
    try:
        yield
    finally:
        for path, mode in before.items():
            path.chmod(mode)
