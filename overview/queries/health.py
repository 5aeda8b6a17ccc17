"""How the server is: what the process notes about itself, the files, the background work and the keys."""

import os
import shutil
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

from django.conf import settings
from django.db.models import Count, Min, Q
from django_q.models import Schedule, Task

from bus import backups, heartbeat, storage
from bus.events import newest_id
from bus.gauges import Minute, gauges, share
from bus.models import Key
from bus.storage import Check
from bus.tail import tail
from bus.writer import CAPACITY, lane

__all__ = ["Backup", "Data", "Health", "Keys", "Timed", "Work", "health", "home"]

MEASURED_EVERY = timedelta(minutes=5)
LARGEST_MEASURED = 2_000_000_000
LATE = timedelta(minutes=3)
PARTS = (
    ("Messages", ("bus_message", "bus_delivery")),
    ("Events", ("bus_event", "bus_audience", "bus_checkpoint")),
    ("Handoffs", ("handoffs_",)),
    ("Search", ("bus_search",)),
)
REST = "Everything else"


@dataclass(frozen=True, slots=True)
class Timed:
    """How long something took lately, in seconds: the middle and the slowest hundredth; None where it never happened."""

    median: float | None
    slow: float | None


@dataclass(frozen=True, slots=True)
class Work:
    """The lane, the tail and the background work."""

    is_alive: bool
    depth: int
    peak: int
    most: int
    per_commit: float | None
    writes: Timed
    tells: bool
    behind: int
    tails: Timed
    beat: float | None
    is_fresh: bool
    swept_at: datetime | None
    schedules: int
    late: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Backup:
    """The newest backup."""

    name: str
    bytes: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Data:
    """The database and the disk it is on."""

    bytes: int
    wal: int
    parts: tuple[tuple[str, int], ...]
    free: int
    sqlite: str
    can_damage: bool
    backup: Backup | None
    backups: int
    checked: Check | None
    newest_event: int


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that open something now."""

    live: int
    oldest_at: datetime | None
    expiring: int


@dataclass(frozen=True, slots=True)
class Health:
    """Everything at one moment, and the last hour minute by minute."""

    now: datetime
    started: datetime
    work: Work
    data: Data
    keys: Keys
    hour: list[Minute]
    held: dict[str, int]
    refused: Counter[str] = field(default_factory=Counter)


def health(now: datetime) -> Health:
    """Look at everything once; a handful of small queries, whatever the size of the data."""
    hour = gauges.hour()
    refused: Counter[str] = Counter()
    for minute in hour:
        refused.update(minute.refused)
    newest = newest_id()
    held = {kind: number for kind, number in gauges.held.items() if number}
    return Health(now, gauges.started, _work(now, hour, newest), _data(now, newest), _keys(now), hour, held, refused)


def _work(now: datetime, hour: list[Minute], newest: int) -> Work:
    folder = Path(settings.NEXUS_HOME)
    commits, tails = gauges.latest()
    groups = sum(minute.commits for minute in hour)
    schedules = list(Schedule.objects.values_list("name", "next_run"))
    swept = Task.objects.filter(func="bus.tasks.sweep_all", success=True).order_by("-stopped")
    return Work(
        is_alive=lane.is_alive,
        depth=lane.depth,
        peak=max(minute.deepest for minute in hour),
        most=CAPACITY,
        per_commit=sum(minute.writes for minute in hour) / groups if groups else None,
        writes=_timed(commits),
        tells=tail.is_running,
        behind=max(0, newest - tail.last) if tail.is_running else 0,
        tails=_timed(tails),
        beat=heartbeat.age(folder, now),
        is_fresh=heartbeat.is_fresh(folder, now),
        swept_at=swept.values_list("stopped", flat=True).first(),
        schedules=len(schedules),
        late=tuple(str(name) for name, due in schedules if due is not None and max(due, gauges.started) < now - LATE),
    )


def _timed(ordered: list[float]) -> Timed:
    return Timed(share(ordered, 0.5), share(ordered, 0.99))


def _data(now: datetime, newest: int) -> Data:
    folder, database = Path(settings.NEXUS_HOME), backups.database()
    size = database.stat().st_size if database.exists() else 0
    kept = backups.kept()
    return Data(
        bytes=size,
        wal=storage.wal_bytes(database),
        parts=_measured.parts(database, size, now),
        free=shutil.disk_usage(folder).free,
        sqlite=sqlite3.sqlite_version,
        can_damage=storage.can_damage(),
        backup=Backup(kept[0].name, kept[0].bytes, kept[0].made_at) if kept else None,
        backups=len(kept),
        checked=storage.last_check(folder),
        newest_event=newest,
    )


def home() -> str:
    """Return the data directory as people write it."""
    folder = Path(settings.NEXUS_HOME)
    person = Path(os.path.expanduser("~"))
    return f"~/{folder.relative_to(person)}" if folder.is_relative_to(person) and person != Path("/") else str(folder)


def _keys(now: datetime) -> Keys:
    live = Q(expires_at=None) | Q(expires_at__gt=now)
    soon = Q(expires_at__lte=now + timedelta(days=7))
    found = Key.objects.filter(live, revoked_at=None).aggregate(
        number=Count("pk"), oldest=Min("created_at"), expiring=Count("pk", filter=soon)
    )
    return Keys(found["number"], found["oldest"], found["expiring"])


class _Measured:
    """The sizes of the tables as they were a few minutes ago, as measuring reads through the whole file."""

    def __init__(self) -> None:
        self._at: datetime | None = None
        self._of: tuple[Path, int] = (Path(), 0)
        self._parts: tuple[tuple[str, int], ...] = ()
        self._lock = Lock()

    def parts(self, database: Path, size: int, now: datetime) -> tuple[tuple[str, int], ...]:
        """Return the parts, the named ones first; none where the file is too large to be read for that."""
        with self._lock:
            is_young = self._at is not None and now - self._at < MEASURED_EVERY
            if not (is_young and self._of[0] == database and size <= 2 * self._of[1]):
                self._parts = _parts(storage.parts(database)) if 0 < size <= LARGEST_MEASURED else ()
                self._at, self._of = now, (database, size)
            return self._parts


_measured = _Measured()


def _parts(tables: dict[str, int]) -> tuple[tuple[str, int], ...]:
    sums: Counter[str] = Counter()
    for table, size in tables.items():
        sums[next((name for name, starts in PARTS if table.startswith(starts)), REST)] += size
    return tuple((name, sums[name]) for name in (*(name for name, _ in PARTS), REST) if sums[name])
