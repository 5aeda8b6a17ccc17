"""Reading another program's SQLite file: never written, in one view, columns that a version lacks read as nothing."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bus.errors import InvalidInput

__all__ = ["Source", "moment", "opened", "parsed"]

Row = dict[str, Any]


class Source:
    """An open database."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        """Take a connection that can only read."""
        self._raw = raw
        self._raw.row_factory = sqlite3.Row
        self.tables = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def rows(self, table: str, columns: Sequence[str], order: str) -> Iterator[Row]:
        """Yield the rows of a table, with None for columns that it does not have."""
        there = {row[1] for row in self._raw.execute(f"PRAGMA table_info({table})")}
        if not there:
            return
        wanted = ", ".join(name if name in there else f"NULL AS {name}" for name in columns)
        for row in self._raw.execute(f"SELECT {wanted} FROM {table} ORDER BY {order}"):  # nosec B608
            yield dict(row)

    def count(self, table: str) -> int:
        """Return how many rows a table has, 0 where there is no such table."""
        if table not in self.tables:
            return 0
        return int(self._raw.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # nosec B608

    def counts(self, table: str, column: str) -> Counter[Any]:
        """Return how many rows a table has by what stands in a column, all under None where there is no such column."""
        return Counter(row[column] for row in self.rows(table, (column,), "1"))


@contextmanager
def opened(path: Path, needed: set[str], program: str) -> Iterator[Source]:
    """Open a database for reading only, as it is at this moment; refuse what is no database of the program."""
    if not path.is_file():
        raise InvalidInput(f"There is no file {path}.", hint=f"Name the database of {program}.", file=str(path))
    try:
        with closing(_connected(path)) as raw:
            raw.execute("BEGIN")
            source = Source(raw)
            if not needed <= source.tables:
                missing = min(needed - source.tables)
                raise InvalidInput(f"{path.name} is no database of {program}: it has no table {missing}.")
            yield source
    except sqlite3.DatabaseError as error:
        raise InvalidInput(f"{path.name} cannot be read: {error}.", file=str(path)) from error


def _connected(path: Path) -> sqlite3.Connection:
    """Connect; a file whose folder cannot be written is taken as one that nobody changes."""
    address = path.resolve().as_uri()
    raw = sqlite3.connect(f"{address}?mode=ro", uri=True, isolation_level=None)
    try:
        raw.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError:
        raw.close()
        raw = sqlite3.connect(f"{address}?mode=ro&immutable=1", uri=True, isolation_level=None)
    return raw


def parsed(text: Any) -> Any:
    """Return JSON text as a value; what is no JSON is itself."""
    if not isinstance(text, str) or not text.strip():
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def moment(said: Any) -> datetime | None:
    """Return an instant that is written as ISO text or as seconds since 1970; None for nothing and nonsense."""
    try:
        if isinstance(said, int | float):
            return datetime.fromtimestamp(said, UTC)
        at = datetime.fromisoformat(str(said)) if said else None
    except (OverflowError, OSError, ValueError):
        return None
    return at.astimezone(UTC) if at is not None and at.tzinfo else at and at.replace(tzinfo=UTC)
