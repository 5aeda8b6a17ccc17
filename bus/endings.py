"""How things ended according to the log, kept beside the memory while a long log is verified."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bus.fold import Ended

__all__ = ["Differing", "Endings"]

FLUSH = 1000
TABLE = "CREATE TABLE ended (part, name, outcome, seq, PRIMARY KEY (part, name)) WITHOUT ROWID"


class Differing(NamedTuple):
    """One thing that ended otherwise in the log than in the tables; empty where one of them knows nothing of it."""

    name: str
    log: str
    tables: str


class Endings:
    """Collects what ended, the last word counts, and compares it with the tables; it spills to a temporary file."""

    def __init__(self) -> None:
        """Open a private database, which is gone when it is closed."""
        self._kept = sqlite3.connect("", isolation_level=None)
        self._kept.execute("PRAGMA journal_mode=OFF")
        self._kept.execute(TABLE)
        self._waiting: list[tuple[str, str, str, int]] = []

    def add(self, part: str, ended: Ended, seq: int) -> None:
        """Keep that the event `seq` ended something."""
        self._waiting.append((part, ended.name, ended.outcome, seq))
        if len(self._waiting) >= FLUSH:
            self._flush()

    def differing(self, part: str, over: Iterable[Ended], *, cut: bool, pruned: int) -> Iterator[Differing]:
        """Yield what differs from the rows `over`; uses them up.

        Rows that the log does not know are in order where its beginning was cut, and endings without a row where
        retention ran later, at the event `pruned`.
        """
        self._flush()
        for row in over:
            said = self._take(part, row.name)
            if said != row.outcome and not (said == "" and cut):
                yield Differing(row.name, said, row.outcome)
        left = "SELECT name, outcome FROM ended WHERE part = ? AND seq > ?"
        for name, outcome in self._kept.execute(left, (part, pruned)):
            yield Differing(name, outcome, "")

    def clear(self) -> None:
        """Forget everything, for the next log."""
        self._waiting.clear()
        self._kept.execute("DELETE FROM ended")

    def close(self) -> None:
        """Remove the private database."""
        self._kept.close()

    def _take(self, part: str, name: str) -> str:
        found = self._kept.execute("SELECT outcome FROM ended WHERE part = ? AND name = ?", (part, name)).fetchone()
        if found is None:
            return ""
        self._kept.execute("DELETE FROM ended WHERE part = ? AND name = ?", (part, name))
        return str(found[0])

    def _flush(self) -> None:
        self._kept.execute("BEGIN")
        self._kept.executemany("REPLACE INTO ended VALUES (?, ?, ?, ?)", self._waiting)
        self._kept.execute("COMMIT")
        self._waiting.clear()
