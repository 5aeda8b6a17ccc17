"""Putting a backup back: the file is checked first, and what was there before is kept beside the backups."""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connections
from django.db.migrations.loader import MigrationLoader

from bus import backups
from bus.directory import directory
from bus.errors import Conflict, InvalidInput

__all__ = ["check", "restore"]

LOCK = "serve.lock"
NEEDED = {"django_migrations", "bus_event", "bus_workspace", "bus_message"}
ROOMS = {"bus", "handoffs"}


def check(path: Path) -> None:
    """Refuse a file that is no sound Nexus database, or one of a newer Nexus."""
    if not path.is_file():
        raise InvalidInput(f"There is no file {path}.", hint="`nexus backup --list` names the backups.", file=str(path))
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as raw:
            _check_tables(raw, path)
    except sqlite3.Error as error:
        raise _unsound(path, str(error)) from error


def _check_tables(raw: sqlite3.Connection, path: Path) -> None:
    (found,) = raw.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise _unsound(path, found)
    tables = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables >= NEEDED:
        raise _unsound(path, "it holds no Nexus data")
    applied = {(app, name) for app, name in raw.execute("SELECT app, name FROM django_migrations") if app in ROOMS}
    newer = applied - set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)
    if newer:
        names = sorted(f"{app}.{name}" for app, name in newer)
        raise Conflict("This backup comes from a newer Nexus.", hint="Upgrade Nexus first.", migrations=names)


def _unsound(path: Path, reason: str) -> InvalidInput:
    return InvalidInput(f"{path.name} cannot be restored: {reason}.", hint="Choose another backup.", file=str(path))


def restore(path: Path, now: datetime) -> Path | None:
    """Replace the database with a backup; return where what was there before is kept, None where nothing was.

    The caller migrates afterwards. Refused while a server or anybody else has the database open.
    """
    with _alone():
        check(path)
        connections.close_all()
        database = backups.database()
        part = database.with_name(f"{database.name}.part")
        _place(path, part)
        before = _set_aside(database, now) if database.exists() else None
        part.rename(database)
        backups.sync(database.parent)
    directory.forget_all()
    return before


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the server's lock, or refuse."""
    with open(Path(settings.NEXUS_HOME) / LOCK, "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Conflict("A server runs on this data directory.", hint="Stop it, then restore again.") from error
        yield


def _place(path: Path, part: Path) -> None:
    """Copy the backup beside the database, for its owner only, durable before it takes the database's name."""
    os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    shutil.copyfile(path, part)
    with closing(sqlite3.connect(part)) as raw:
        _never_go_back(raw)
    backups.sync(part)


def _never_go_back(raw: sqlite3.Connection) -> None:
    """Let new events have higher row numbers than any before, so that cursors that clients hold stay true."""
    database = backups.database()
    if not database.exists():
        return
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as present:
            newest = present.execute("SELECT max(id) FROM bus_event").fetchone()[0] or 0
    except sqlite3.Error:
        return
    with raw:
        raw.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'bus_event'", (newest,))


def _set_aside(database: Path, now: datetime) -> Path:
    """Keep the database, with all that its write-ahead log holds, under a second name, until its own is taken."""
    try:
        with closing(sqlite3.connect(database, timeout=0)) as raw:
            raw.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise Conflict("Another program has the database open.", hint="End it, then restore again.") from error
    except sqlite3.DatabaseError:
        pass
    aside = backups.free(backups.folder() / f"before-restore-{now.strftime(backups.STAMP)}.sqlite3")
    for ending in ("-wal", "-shm"):
        companion = Path(f"{database}{ending}")
        if companion.exists():
            companion.rename(f"{aside}{ending}")
    try:
        os.link(database, aside)
    except OSError:
        shutil.copy2(database, aside)
    backups.sync(aside.parent)
    return aside
