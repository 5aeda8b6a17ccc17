"""What an error of the database or the disk means to the caller: a refusal that says what is wrong and what mends it."""

import errno
import logging
import sqlite3
import time
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError

from bus import storage
from bus.errors import Busy, DatabaseDamaged, DiskFull

__all__ = ["is_read_only", "refusal_of", "refusal_of_file"]

log = logging.getLogger(__name__)
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
FORBIDDEN = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
QUIET_FOR = 60.0
_noted: dict[str, float] = {}


def refusal_of(error: BaseException) -> BaseException:
    """Return the refusal that tells a caller of an error of the database, or the error itself where it is another."""
    name = _name(error)
    for start, refuse in KINDS.items():
        if name.startswith(start):
            _note(name, error)
            return refuse(str(error))
    return error


def refusal_of_file(error: OSError) -> BaseException:
    """Return the refusal that tells a caller why a file of the data directory cannot be written, or the error itself."""
    if error.errno in NO_ROOM:
        return _full(str(error.strerror))
    return _read_only(str(error)) if error.errno in FORBIDDEN else error


def _name(error: BaseException) -> str:
    """Return SQLite's name of an error, which Django may have wrapped; nothing for any other."""
    cause = error if isinstance(error, sqlite3.Error) else error.__cause__
    return str(getattr(cause, "sqlite_errorname", "")) if isinstance(error, sqlite3.Error | DatabaseError) else ""


def _note(name: str, error: BaseException) -> None:
    """Log an error, once a minute each, as everybody who calls runs into it."""
    now = time.monotonic()
    if now - _noted.get(name, -QUIET_FOR) >= QUIET_FOR:
        _noted[name] = now
        log.warning("the database: %s (%s)", error, name)


def is_read_only(error: BaseException) -> bool:
    """Say whether a connection cannot write; it stays so until it is opened anew."""
    return _name(error).startswith("SQLITE_READONLY")


def _full(reason: str) -> DiskFull:
    return DiskFull(reason=reason)


def _failed_to_write(reason: str) -> DiskFull:
    return DiskFull("The disk is full, or it fails.", reason=reason)


def _read_only(reason: str) -> Busy:
    return Busy(
        "The database cannot be written: it is read-only.",
        retry_after=60,
        hint="Nothing was written. Let the server write to its data directory again: `nexus doctor` says what it cannot.",
        reason=reason,
    )


def _shut(reason: str) -> Busy:
    hint = "Check the data directory: run `nexus doctor`."
    return Busy("The database cannot be opened.", retry_after=5, hint=hint, reason=reason)


def _held(reason: str) -> Busy:
    return Busy("Another process holds the database.", retry_after=1, reason=reason)


def _damaged(reason: str) -> DatabaseDamaged:
    newest = storage.newest_backup(settings.NEXUS_HOME)
    mend = f"`nexus restore {newest}` puts the newest backup back" if newest else "there is no backup"
    return DatabaseDamaged(hint=f"Stop the server; {mend}. `nexus verify` shows what is damaged.", reason=reason)


# By the beginning of SQLite's name of the error, the more exact ones first.
KINDS: dict[str, Callable[[str], Busy | DatabaseDamaged | DiskFull]] = {
    "SQLITE_FULL": _full,
    "SQLITE_IOERR_READ": _damaged,
    "SQLITE_IOERR_SHORT_READ": _damaged,
    "SQLITE_IOERR_CORRUPTFS": _damaged,
    "SQLITE_IOERR": _failed_to_write,
    "SQLITE_CORRUPT": _damaged,
    "SQLITE_NOTADB": _damaged,
    "SQLITE_READONLY": _read_only,
    "SQLITE_CANTOPEN": _shut,
    "SQLITE_BUSY": _held,
    "SQLITE_LOCKED": _held,
}
