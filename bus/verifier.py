"""Verifying whether the file is sound, the log whole, and the tables say what the log adds up to.

It reads one consistent view while everybody goes on writing, event by event, in bounded memory.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import DatabaseError, connection
from django.db.models import TextField
from django.db.models.functions import Cast

from bus import checkpoints, fold, search
from bus.endings import Endings
from bus.events import FIELDS, GENESIS, chain
from bus.models import Checkpoint, Event, Workspace
from bus.prepared import prepared
from bus.readers import snapshot

__all__ = ["Problem", "Report", "verify"]

CHUNK = 2000
SHOWN = 100
GUARDS = ("bus_event_no_update", "bus_event_no_delete")

ROWS = prepared(
    lambda workspace, after: (
        Event.objects.filter(workspace_id=workspace, seq__gt=after)
        .order_by("seq")
        .annotate(at_text=Cast("at", TextField()), payload_text=Cast("payload", TextField()))
        .values_list("pk", "seq", "hash", "actor__name", "payload_text", "at_text", *FIELDS[1:])
    ),
    int,
    int,
)


class Problem(NamedTuple):
    """Something that is not as it should be."""

    what: str
    where: str
    means: str


@dataclass
class Report:
    """What was checked and what is wrong; of many problems the first hundred are kept, `more` counts the others."""

    workspaces: int = 0
    events: int = 0
    checkpoints: int = 0
    problems: list[Problem] = field(default_factory=list)
    more: int = 0

    @property
    def is_clean(self) -> bool:
        """Say whether nothing is wrong."""
        return not self.problems

    def add(self, what: str, where: str, means: str) -> None:
        """Note a problem."""
        if len(self.problems) < SHOWN:
            self.problems.append(Problem(what, where, means))
        else:
            self.more += 1

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return {
            "clean": self.is_clean,
            "workspaces": self.workspaces,
            "events": self.events,
            "checkpoints": self.checkpoints,
            "problems": [problem._asdict() for problem in self.problems],
            "more": self.more,
        }


class Row(NamedTuple):
    """One event as it is stored."""

    id: int
    seq: int
    hash: bytes
    actor: str
    payload: str
    at: str
    type: str
    facts: tuple[str, ...]

    def chained(self, previous: bytes) -> bytes:
        """Return the hash that the event should have after `previous`."""
        at = datetime.fromisoformat(f"{self.at}+00:00")
        return chain(previous, self.seq, self.actor, (at, self.type, *self.facts), self.payload)

    def entry(self) -> fold.Entry:
        """Return what folding needs."""
        about = dict(zip(FIELDS[2:], self.facts, strict=True))
        payload = json.loads(self.payload)
        return fold.Entry(
            self.seq, self.type, about["message"], about["handoff"], about["agent"], payload, about["topic"]
        )


def verify() -> Report:
    """Check the file, every workspace's log and the tables; return what was found."""
    report = Report()
    endings = Endings()
    try:
        with connection.wrap_database_errors, _snapshot():
            _check_file(report)
            for problem in search.problems():
                report.add(*problem)
            for workspace in Workspace.objects.order_by("pk"):
                _Log(report, workspace, endings).check()
                report.workspaces += 1
    except DatabaseError as error:
        report.add(f"Reading failed: {error}.", "database", "The file is damaged; restore a backup.")
    finally:
        endings.close()
    return report


@contextmanager
def _snapshot() -> Iterator[None]:
    """See the database as it is now until the end of the block, texts that are damaged too."""
    connection.ensure_connection()
    raw = connection.connection
    raw.text_factory = _lenient
    try:
        with snapshot():
            yield
    finally:
        raw.text_factory = str


def _lenient(text: bytes) -> str:
    """Read text whose bytes are damaged too: its hash will tell."""
    return text.decode("utf-8", "replace")


def _check_file(report: Report) -> None:
    with connection.cursor() as cursor:
        for (line,) in cursor.execute("PRAGMA integrity_check").fetchall():
            if line != "ok":
                report.add(f"{line}.", "database", "The file is damaged or a constraint is broken; restore a backup.")
        for table, row, parent, _ in cursor.execute("PRAGMA foreign_key_check").fetchall():
            report.add(
                f"Row {row} of {table} names a row of {parent} that is gone.", table, "Rows were deleted by hand."
            )
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        missing = set(GUARDS) - {name for (name,) in cursor.fetchall()}
    for name in sorted(missing):
        report.add(
            f"The trigger {name} is missing.", "bus_event", "Rows of the log could be changed unseen; restore a backup."
        )


class _Log:
    """Checks the log of one workspace, and its tables against it."""

    def __init__(self, report: Report, workspace: Workspace, endings: Endings) -> None:
        self.report, self.workspace, self.endings = report, workspace, endings
        self.where = workspace.alias or workspace.public_id
        self.floor = checkpoints.floor(workspace.pk)
        self.seq, self.hash = (self.floor.seq, bytes(self.floor.hash)) if self.floor else (0, GENESIS)
        self.id = self.floor.event_id if self.floor else 0
        self.state = fold.load(self.floor.state) if self.floor else fold.empty()
        self.is_anchored = self.floor is None
        self.pruned = 0
        self.marks = {
            seq: (bytes(digest), bytes(state))
            for seq, digest, state in Checkpoint.objects.filter(workspace=workspace, seq__gt=self.seq).values_list(
                "seq", "hash", "state_hash"
            )
        }

    def check(self) -> None:
        """Check the floor, each event, each checkpoint, then the tables."""
        self._check_floor()
        while rows := ROWS.rows(self.workspace.pk, self.seq, most=CHUNK):
            for pk, seq, digest, actor, payload, at, type_, *facts in rows:
                self._check_event(Row(pk, seq, bytes(digest), actor, payload, at, type_, tuple(facts)))
        self._check_ends()
        for part in fold.parts():
            self._compare_live(part)
            self._compare_over(part)
        self.endings.clear()

    def _check_floor(self) -> None:
        if self.floor and fold.digest(self.floor.state) != bytes(self.floor.state_hash):
            self._add(
                "The floor's state does not match its hash", self.floor.seq, "The checkpoint was changed by hand."
            )

    def _check_event(self, row: Row) -> None:
        if row.seq != self.seq + 1:
            self._add(_missing(self.seq + 1, row.seq - 1), row.seq, "Somebody else than retention deleted it.")
        if row.id <= self.id:
            self._add("The event is out of order", row.seq, "It was not written when its number says.")
        try:
            if row.seq == self.seq + 1 and row.chained(self.hash) != row.hash:
                self._add(
                    f"The event ({row.type}) does not match its hash", row.seq, "It was changed after it was written."
                )
            self._apply(row)
        except (ValueError, KeyError, TypeError, AttributeError):
            self._add(f"The event ({row.type}) cannot be read", row.seq, "It was changed after it was written.")
        self.seq, self.hash, self.id = row.seq, row.hash, row.id
        self.report.events += 1
        if row.seq in self.marks:
            self._check_mark(row, *self.marks.pop(row.seq))

    def _apply(self, row: Row) -> None:
        entry = row.entry()
        fold.fold(self.state, entry)
        part = fold.part_of(entry)
        if part and part.ended and (ended := part.ended(entry)):
            self.endings.add(part.name, ended, row.seq)
        if row.type == "log.pruned":
            self._note_pruned(entry)

    def _note_pruned(self, entry: fold.Entry) -> None:
        self.pruned = entry.seq
        if self.floor and entry.payload.get("seq") == self.floor.seq:
            said = (entry.payload.get("hash"), entry.payload.get("state"))
            self.is_anchored = said == (bytes(self.floor.hash).hex(), bytes(self.floor.state_hash).hex())

    def _check_mark(self, row: Row, digest: bytes, state_hash: bytes) -> None:
        self.report.checkpoints += 1
        stored = Checkpoint.objects.values_list("state", flat=True).get(workspace=self.workspace, seq=row.seq)
        if digest != row.hash or state_hash != fold.digest(stored) or stored != fold.text(self.state):
            self._add(
                "The checkpoint does not match the log", row.seq, "The checkpoint or events before it were changed."
            )

    def _check_ends(self) -> None:
        if not self.is_anchored and self.floor:
            self._add("No event announces the floor", self.floor.seq, "Somebody else than retention cut the log.")
        for seq in self.marks:
            self._add("A checkpoint has no event", seq, "The end of the log was deleted.")

    def _compare_live(self, part: fold.Part) -> None:
        log, tables = self.state[part.name], part.actual(self.workspace.pk)
        if log == tables:
            return
        if not isinstance(log, dict):
            log, tables = dict.fromkeys(log, "listed"), dict.fromkeys(tables, "listed")
        for name in sorted({*log, *tables}):
            if log.get(name) != tables.get(name):
                self._differs(part, name, log.get(name), tables.get(name))

    def _compare_over(self, part: fold.Part) -> None:
        if part.over is None:
            return
        rows = part.over(self.workspace.pk)
        for each in self.endings.differing(part.name, rows, cut=self.floor is not None, pruned=self.pruned):
            self._differs(part, each.name, each.log, each.tables)

    def _differs(self, part: fold.Part, name: str, log: Any, tables: Any) -> None:
        said, kept = (json.dumps(value) if value else "nothing" for value in (log, tables))
        what = f"{part.name}, {name}: the log says {said}, the tables say {kept}."
        self.report.add(what, self.where, "Rows were changed without an event.")

    def _add(self, what: str, seq: int, means: str) -> None:
        self.report.add(f"{what}.", f"{self.where}, event {seq}", means)


def _missing(first: int, last: int) -> str:
    return f"Event {first} is missing" if first == last else f"Events {first} to {last} are missing"
