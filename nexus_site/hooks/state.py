"""What a hook remembers between its runs: a small file a session of a harness, for its owner only."""

import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["State", "held", "tidy"]

KEPT, PATIENCE, LOOK = 30 * 86_400, 0.5, 0.01  # seconds


class State(NamedTuple):
    """Up to where a session was told, its session in Nexus, when mail was last looked for, and whether it was warned.

    And when it was last begun, and which waiter is its newest.
    """

    cursor: str = ""
    session: str = ""
    looked: float = 0.0
    warned: bool = False
    begun: float = 0.0
    waiter: str = ""

    @staticmethod
    def path(home: Path, harness: str, reference: str) -> Path:
        """Return the file of a session of a harness."""
        name = hashlib.sha256(f"{harness}\n{reference}".encode()).hexdigest()[:32]
        return home / "hooks" / f"{name}.json"

    @classmethod
    def read(cls, path: Path) -> "State":
        """Return what is remembered; what cannot be read is forgotten."""
        try:
            kept = json.loads(path.read_text())
            return cls(**{name: kept[name] for name in cls._fields if name in kept})
        except (OSError, ValueError, TypeError, KeyError):
            return cls()

    def write(self, path: Path) -> None:
        """Remember it, whole or not at all."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(self._asdict(), file)
        os.replace(part, path)


@contextlib.contextmanager
def held(path: Path, patience: float = PATIENCE) -> Iterator[bool]:
    """Let the hooks of one session run one after the other; say whether it is one's turn, or the wait was too long.

    `patience` is how long that is, in seconds.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        end = time.monotonic() + patience
        while not (is_ours := _taken(descriptor)) and time.monotonic() < end:
            time.sleep(LOOK)
        yield is_ours
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def tidy(home: Path) -> None:
    """Remove what no session has touched for a month."""
    with contextlib.suppress(OSError):
        for path in (home / "hooks").iterdir():
            if time.time() - path.stat().st_mtime > KEPT:
                path.unlink(missing_ok=True)
