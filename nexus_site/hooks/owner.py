"""The program that started a waiter: whether it is still there, and whether a waiter would hold it up.

Claude Code runs a waiter in the background where a person sits before it, or while somebody can write to it. A run that
answers one prompt waits for it, and so does one whose input has ended: there nothing may stay.
"""

import os
import select
from itertools import pairwise
from pathlib import Path

__all__ = ["Owner"]

PRINTS = {b"-p", b"--print"}


class Owner:
    """The program, by what it says of itself in the environment and by what the system says of it."""

    def __init__(self, harness: str) -> None:
        """Remember who it is."""
        said = os.environ if harness == "claude-code" else {}
        self._parent = os.getppid()
        self._process = int(said.get("CLAUDE_PID") or 0)
        self._is_unattended = said.get("CLAUDE_CODE_SESSION_ATTENDED") == "0" or said.get(
            "CLAUDE_CODE_ENTRYPOINT", ""
        ).startswith("sdk")

    def is_there(self) -> bool:
        """Say whether it still is there, and can be woken."""
        if os.getppid() != self._parent or (self._process and not _runs(self._process)):
            return False
        words = _words(self._process) if self._process else []
        is_headless = self._is_unattended or not PRINTS.isdisjoint(words)
        return not is_headless or (b"stream-json" in _inputs(words) and _is_open(self._process))


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _words(process: int) -> list[bytes]:
    """Return the command line of a process, empty where the system does not tell."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def _inputs(words: list[bytes]) -> set[bytes]:
    """Return what the option for the form of the input says."""
    named = {after for word, after in pairwise(words) if word == b"--input-format"}
    return named | {word.partition(b"=")[2] for word in words if word.startswith(b"--input-format=")}


def _is_open(process: int) -> bool:
    """Say whether somebody can still write to a process: its input is a pipe with another end. Nothing is read."""
    name = f"/proc/{process}/fd/0"
    try:
        if not os.readlink(name).startswith("pipe:"):
            return False
        descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        poll = select.poll()
        poll.register(descriptor, 0)
        return not any(event & select.POLLHUP for _, event in poll.poll(0))
    finally:
        os.close(descriptor)
