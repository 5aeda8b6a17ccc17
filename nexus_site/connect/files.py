"""Reads and writes the files of others: whole or not at all, through links, with their bytes and modes."""

import hashlib
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nexus_site.connect.jsonc import Unreadable

__all__ = ["FileChange", "apply", "back_up", "missing_folders", "mode_of", "read", "write"]

OWNER = 0o600
USUAL = 0o644


@dataclass(frozen=True)
class FileChange:
    """A file before and after; None is a file that is not there."""

    path: Path
    before: str | None
    after: str | None
    mode: int
    folders: tuple[str, ...] = ()  # to go with the file, where they are empty then


def read(path: Path) -> str | None:
    """Return a file's text with its line ends as they are, None where there is no file."""
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"it cannot be read: {error}") from None


def mode_of(path: Path) -> int | None:
    """Return a file's mode, None where there is no file."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None


def missing_folders(path: Path) -> tuple[str, ...]:
    """Return the folders that must be made for a file, the innermost first."""
    return tuple(str(folder) for folder in path.parents if not folder.exists())


def write(path: Path, text: str, mode: int) -> None:
    """Replace a file at once; what a link leads to is replaced, not the link."""
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWNER)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            os.fchmod(descriptor, mode)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def back_up(data: Path, change: FileChange) -> None:
    """Keep a file as it was in the data directory, for its owner only."""
    if change.before is None:
        return
    digest = hashlib.sha256(str(change.path).encode()).hexdigest()[:12]
    write(data / "connect" / "backups" / f"{digest}-{change.path.name}", change.before, OWNER)


def apply(change: FileChange) -> None:
    """Make a file what it shall be."""
    if change.after is not None:
        write(change.path, change.after, change.mode)
        return
    change.path.resolve().unlink(missing_ok=True)  # as written: a link that led nowhere does so again
    for folder in change.folders:
        with suppress(OSError):
            os.rmdir(folder)
