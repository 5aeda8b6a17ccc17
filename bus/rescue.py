"""What to do when the files of the open database are removed or replaced: save what was committed, and begin anew.

A process goes on with the files that it opened, whatever their names lead to. Others would then open other files, and each
would write without the other's locks; and what only a nameless file holds ends with the process. So the serving process
looks at the names every 100 to 300 ms.
"""

import logging
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from bus import backups, clock
from bus.tail import tail
from bus.writer import lane

__all__ = ["Watch", "fold_in", "install"]

log = logging.getLogger(__name__)
COMPANIONS = ("-wal", "-shm")
EVERY = 0.1
Identity = tuple[int, int]


class Watch:
    """Holds a connection to the database, so that its files stay, and knows which files those are."""

    def __init__(self, database: Path, end: Callable[[], None]) -> None:
        """Say what to do once everything is saved."""
        self.database, self._end = database, end
        self._raw = sqlite3.connect(database, check_same_thread=False, isolation_level=None, timeout=5)
        self._raw.execute("SELECT count(*) FROM sqlite_master").fetchone()
        self._known, self._looked = self._identities(), 0.0

    def _identities(self) -> dict[str, Identity | None]:
        return {ending: _identity(Path(f"{self.database}{ending}")) for ending in ("", *COMPANIONS)}

    def tick(self) -> None:
        """Look; when a file is not the one that is open, take no more work, save what was committed, and end."""
        now = time.monotonic()
        if now - self._looked < EVERY:
            return
        self._looked, found = now, self._identities()
        if found == self._known:
            return
        lane.close()
        try:
            log.critical("%s. The server starts again.", self._save(found))
        except (sqlite3.Error, OSError):
            log.critical("the files of the database were taken away and could not be saved", exc_info=True)
        self._end()

    def _save(self, found: dict[str, Identity | None]) -> str:
        if found[""] == self._known[""]:
            self._raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return f"Files beside {self.database} were removed or replaced; all that was committed is in it"
        copy = backups.free(backups.folder() / f"rescued-{clock.now().strftime(backups.STAMP)}.sqlite3")
        with closing(sqlite3.connect(copy)) as target:
            self._raw.backup(target, pages=-1)
            target.execute("PRAGMA journal_mode=DELETE")
        backups.sync(copy)
        if found[""] is not None:
            return f"{self.database} was replaced; all that was committed before is in {copy}"
        for ending in COMPANIONS:
            Path(f"{self.database}{ending}").unlink(missing_ok=True)
        part = self.database.with_name(f"{self.database.name}.part")
        shutil.copy2(copy, part)
        backups.sync(part)
        part.rename(self.database)
        backups.sync(self.database.parent)
        return f"{self.database} was removed; all that was committed is in it again, and in {copy}"


def _identity(path: Path) -> Identity | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def fold_in() -> None:
    """Bring all that is committed into the one file, so that it is whole without those beside it."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(backups.database(), timeout=0.5)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def install(end: Callable[[], None]) -> None:
    """Watch the files of this process's database as long as the tail runs."""
    tail.ticks.append(Watch(backups.database(), end).tick)
