"""How much was said and done in a stretch of the log, in bars, and the marks worth a look."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Case, CharField, Count, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Substr

from bus.models import Event
from bus.text import visible
from handoffs import verification
from handoffs.models import Handoff
from overview.queries.graph.shapes import instant
from overview.queries.places import first, last_before, log

__all__ = ["BARS", "Traffic", "traffic"]

BARS, MOST_MARKS, MOST_READ = 96, 40, 200
FAILED, COMPLETED, ASKED = "failed", "completed", "asked"
MARKS = {
    "handoff.failed": FAILED,
    "handoff.expired": FAILED,
    "delivery.parked": FAILED,
    "handoff.completed": COMPLETED,
    "handoff.verifying": ASKED,
}
SAID = Q(type__in=["message.created", "topic.posted"])
SPEECH = Case(When(SAID, then=Value(0)), default=Value(1), output_field=IntegerField())
SHOWN = SAID | Q(type__startswith="handoff.")
# The database groups by the beginning of the time's text: characters and the seconds that they tell apart.
SLOTS = ((10, 86_400), (13, 3600), (15, 600), (16, 60), (18, 10), (19, 1))
REST = "2000-01-01 00:00:00"


@dataclass(frozen=True, slots=True)
class Traffic:
    """Ninety-six bars of speech and work, and the marks, of one stretch."""

    since: datetime
    until: datetime
    bars: list[list[int]]
    marks: list[dict[str, Any]]
    first: datetime | None
    total: int

    def json(self) -> dict[str, Any]:
        """Return what the page's script reads."""
        return {
            "from": instant(self.since),
            "to": instant(self.until),
            "bars": self.bars,
            "marks": self.marks,
            "first": instant(self.first) if self.first else None,
            "total": self.total,
        }


def traffic(workspace: int | None, until: datetime, since: datetime | None = None) -> Traffic:
    """Return the traffic between two instants, the last hour unless told otherwise."""
    since = since or until - timedelta(hours=1)
    low, high = last_before(workspace, since), last_before(workspace, until)
    events = log(workspace).filter(pk__gt=low, pk__lte=high)
    width = max(0.001, (until - since).total_seconds() / BARS)
    bars = [[0, 0] for _ in range(BARS)]
    for at, kind, count in _counted(events, width):
        bars[min(BARS - 1, max(0, int((at - since).total_seconds() / width)))][kind] += count
    oldest = first(workspace)
    return Traffic(since, until, bars, _marks(events), oldest[1] if oldest else None, events.count())


def _counted(events: QuerySet[Event], width: float) -> Iterator[tuple[datetime, int, int]]:
    """Yield the middle of each slot of time, four slots a bar or more, with its events of speech (0) or of work (1)."""
    length, seconds = next((slot for slot in SLOTS if slot[1] <= width / 4), SLOTS[-1])
    slots = events.filter(SHOWN).order_by().annotate(slot=Substr(Cast("at", CharField()), 1, length), kind=SPEECH)
    for slot, kind, count in slots.values_list("slot", "kind").annotate(count=Count("pk")):
        begin = datetime.fromisoformat(slot + REST[length:]).replace(tzinfo=UTC)
        yield begin + timedelta(seconds=seconds / 2), kind, count


def _marks(events: QuerySet[Event]) -> list[dict[str, Any]]:
    """Return the newest marks, oldest first; who asks for a verdict is marked where a person is to give it."""
    rows = events.filter(type__in=MARKS).order_by("-pk").values_list("at", "type", "handoff")[:MOST_READ]
    marked = [(at, MARKS[type_], handoff) for at, type_, handoff in rows]
    found = Handoff.objects.filter(public_id__in=[handoff for _, _, handoff in marked if handoff])
    handoffs = {row.public_id: row for row in found.defer("body", "payload", "result", "error")}
    shown = [mark for mark in marked if mark[1] != ASKED or _asks_a_person(handoffs.get(mark[2] or ""))]
    return [_mark(at, kind, handoffs.get(handoff or "")) for at, kind, handoff in reversed(shown[:MOST_MARKS])]


def _asks_a_person(handoff: Handoff | None) -> bool:
    return handoff is not None and verification.asked(handoff) is None


def _mark(at: datetime, kind: str, handoff: Handoff | None) -> dict[str, Any]:
    return {"at": instant(at), "kind": kind, "title": visible(handoff.title) if handoff else ""}
