"""The files of the data directory: which SQLite keeps them, how large they are, and when they were last checked."""

import json
import sqlite3
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

__all__ = [
    "CHECKED",
    "MENDED",
    "Check",
    "can_damage",
    "last_check",
    "newest_backup",
    "note_check",
    "parts",
    "wal_bytes",
]

CHECKED = "verified.json"
# Two connections that write and checkpoint at the same instant could corrupt the file; mended in 3.51.3.
WAL_RESET_BUG = ((3, 7, 0), (3, 51, 2))
MENDED = "3.51.3"
PARTS = """
    SELECT coalesce(tbl_name, 'sqlite_master'), sum(pgsize) FROM dbstat
    LEFT JOIN sqlite_master ON sqlite_master.name = dbstat.name
    WHERE aggregate = TRUE GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Check:
    """One run of `nexus verify`: when, over how many events, and how many problems it found."""

    at: datetime
    events: int
    problems: int


def can_damage() -> bool:
    """Say whether this SQLite has the bug that can, very rarely, damage a database in WAL mode."""
    low, high = WAL_RESET_BUG
    return low <= sqlite3.sqlite_version_info <= high


def wal_bytes(database: Path) -> int:
    """Return the size of a database's write-ahead log."""
    with suppress(OSError):
        return database.with_name(f"{database.name}-wal").stat().st_size
    return 0


def parts(database: Path) -> dict[str, int]:
    """Return the bytes of each table with its indexes; nothing where this SQLite cannot tell."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as raw:
        return dict(raw.execute(PARTS))
    return {}


def newest_backup(home: Path) -> str:
    """Return the name of the newest backup, or nothing where there is none."""
    return max((path.name for path in (home / "backups").glob("nexus-*.sqlite3")), default="")


def note_check(home: Path, check: Check) -> None:
    """Remember that the log was verified; where that cannot be written it is only not remembered."""
    facts = {**asdict(check), "at": check.at.isoformat()}
    with suppress(OSError):
        (home / CHECKED).write_text(json.dumps(facts))


def last_check(home: Path) -> Check | None:
    """Return the last run of `nexus verify` on this data, or None where none is remembered."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        facts = json.loads((home / CHECKED).read_text())
        return Check(datetime.fromisoformat(facts["at"]), int(facts["events"]), int(facts["problems"]))
    return None
