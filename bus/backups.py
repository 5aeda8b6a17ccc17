"""Backups: one checked file each, copied in one step while everybody goes on writing, and put back by `restore`."""

import fcntl
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from bus import events, knobs
from bus.diagnosis import refusal_of, refusal_of_file
from bus.directory import directory
from bus.errors import Refusal
from bus.identity import Caller

__all__ = [
    "KEPT_UPGRADES",
    "STAMP",
    "BackupDamaged",
    "Copy",
    "alone",
    "database",
    "folder",
    "free",
    "kept",
    "make",
    "make_before_upgrade",
    "record",
    "rotate",
    "sync",
    "turn",
]

NAME = re.compile(r"nexus-(\d{8}-\d{6})(?:-\d+)?\.sqlite3")
STAMP = "%Y%m%d-%H%M%S"
BEFORE_UPGRADE, KEPT_UPGRADES = "before-upgrade", 3
UPGRADE = re.compile(r"before-upgrade-(\d{8}-\d{6})(?:-\d+)?\.sqlite3")


class BackupDamaged(Refusal):
    """The copy of the database did not pass its check and was removed."""

    code, status = "backup_damaged", 500
    hint = "Run `nexus verify`: the database itself may be damaged. Older backups are kept."


class Copy(NamedTuple):
    """One backup file."""

    path: Path
    bytes: int
    made_at: datetime

    @property
    def name(self) -> str:
        """Return the file's name."""
        return self.path.name


def database() -> Path:
    """Return where the database is."""
    return Path(connection.settings_dict["NAME"])


def folder() -> Path:
    """Return the folder of backups, made for its owner only."""
    path = Path(settings.NEXUS_HOME) / "backups"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def kept() -> list[Copy]:
    """Return the backups in the folder, newest first."""
    found = [copy for path in folder().iterdir() if (copy := _copy(path))]
    return sorted(found, key=lambda copy: (copy.made_at, copy.path.stat().st_mtime_ns), reverse=True)


def _copy(path: Path) -> Copy | None:
    match = NAME.fullmatch(path.name)
    if match is None:
        return None
    with suppress(OSError, ValueError):
        made_at = datetime.strptime(match[1], STAMP).replace(tzinfo=UTC)
        return Copy(path, path.stat().st_size, made_at)
    return None


@contextmanager
def alone() -> Iterator[bool]:
    """Hold the folder of backups; gives False, and holds nothing, while another process holds it."""
    descriptor = os.open(folder(), os.O_RDONLY)
    try:
        yield _locked(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def turn() -> Iterator[None]:
    """Hold what one thread of all processes holds, after whoever holds it."""
    descriptor = os.open(settings.NEXUS_HOME, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def make(now: datetime, stem: str = "nexus") -> Copy:
    """Copy the database, check the copy, and give it its name; a copy that fails is removed."""
    path = free(folder() / f"{stem}-{now.strftime(STAMP)}.sqlite3")
    part = path.with_suffix(".part")
    os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    try:
        _fill(part)
        os.utime(part, ns=(stamp := time.time_ns(), stamp))  # the kernel's own may be that of a copy before
        sync(part)
        part.rename(path)
        sync(path.parent)
    except sqlite3.Error as error:
        raise refusal_of(error) from error
    except OSError as error:
        raise refusal_of_file(error) from error
    finally:
        part.unlink(missing_ok=True)
    return Copy(path, path.stat().st_size, now.replace(microsecond=0))


def free(path: Path) -> Path:
    """Return a path that is not taken, for the second backup of a second."""
    number, wanted = 2, path
    while path.exists():
        path = wanted.with_stem(f"{wanted.stem}-{number}")
        number += 1
    return path


def _fill(part: Path) -> None:
    """Copy every page in one step, as writers would make a stepwise copy begin again and again."""
    source_uri = f"{database().as_uri()}?mode=ro"
    with closing(sqlite3.connect(source_uri, uri=True)) as source, closing(sqlite3.connect(part)) as target:
        source.backup(target, pages=-1)
        target.execute("PRAGMA journal_mode=DELETE")
        (found,) = target.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise BackupDamaged(found=found)


def sync(path: Path) -> None:
    """Make a file, or the names in a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def record(caller: Caller, copy: Copy) -> None:
    """Record `backup.made`; runs inside the lane."""
    installation = directory.workspace_by_id(None).id
    events.record(caller, "backup.made", {"backup": copy.name, "bytes": copy.bytes}, workspace=installation)


def rotate() -> list[str]:
    """Remove the oldest backups beyond the number that is kept; return their names."""
    old = kept()[knobs.get("backup_copies") :]
    for copy in old:
        copy.path.unlink(missing_ok=True)
    return [copy.name for copy in old]


def make_before_upgrade(now: datetime) -> tuple[Copy, list[str]]:
    """Make the copy that an upgrade begins with; return it and the names of the oldest of its kind, removed beyond three."""
    copy = make(now, BEFORE_UPGRADE)
    found = [(match[1], path) for path in folder().iterdir() if (match := UPGRADE.fullmatch(path.name))]
    found.sort(key=lambda each: (each[0], each[1].stat().st_mtime_ns), reverse=True)
    old = [path for _, path in found[KEPT_UPGRADES:]]
    for path in old:
        path.unlink(missing_ok=True)
    return copy, [path.name for path in old]
