"""One server a data directory.

Invariant: the kernel's lock on the file decides; what the file says is only where to find the server, and may be stale.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["NAME", "Lock", "Running", "alone", "held", "running"]

NAME = "serve.lock"


@dataclass(frozen=True)
class Running:
    """A server that serves a data directory."""

    pid: int
    url: str
    version: str
    server: str
    started_at: str
    web_restarts: int = 0
    cluster_restarts: int = 0
    loopback: str = ""  # unknown of a server that an earlier version started


class Lock:
    """Held by the server, its web process and whoever replaces the database."""

    def __init__(self, home: Path) -> None:
        """Open the file, for its owner only."""
        self._descriptor = os.open(home / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @property
    def descriptor(self) -> int:
        """Return what a child must inherit to hold the lock too."""
        return self._descriptor

    def acquire(self) -> bool:
        """Take the lock and forget what the file said; False when another process holds it."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        os.ftruncate(self._descriptor, 0)
        return True

    def tell(self, running: Running) -> None:
        """Write down where the server is."""
        os.pwrite(self._descriptor, json.dumps(asdict(running)).encode(), 0)

    def release(self) -> None:
        """Let go, with the file empty."""
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)

    def close(self) -> None:
        """Close a lock that was not acquired."""
        os.close(self._descriptor)


def held(home: Path) -> bool:
    """Say whether a process holds the lock now."""
    try:
        descriptor = os.open(home / NAME, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def running(home: Path) -> Running | None:
    """Return the server that serves this data directory, or None while there is none or it is still starting."""
    if not held(home):
        return None
    with contextlib.suppress(OSError, ValueError, TypeError):
        found = Running(**json.loads((home / NAME).read_text()))
        os.kill(found.pid, 0)  # its web process holds the lock too, and may live a moment longer
        return found
    return None


@contextlib.contextmanager
def alone(home: Path) -> Iterator[bool]:
    """Hold the lock for a moment; gives False, and holds nothing, where another process has it."""
    lock = Lock(home)
    if not lock.acquire():
        lock.close()
        yield False
        return
    try:
        yield True
    finally:
        lock.release()
