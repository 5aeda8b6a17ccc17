"""How much was said and done in a stretch of the log, in bars, and the marks worth a look."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from handoffs.models import Handoff
from overview.queries.graph.shapes import instant
from overview.queries.places import first, last_before, log

__all__ = ["BARS", "Traffic", "traffic"]

BARS, MOST_MARKS, MOST_EVENTS = 96, 40, 200_000
SPEECH = "message.created"
MARKS = {
    "handoff.failed": "failed",
    "handoff.expired": "failed",
    "delivery.parked": "failed",
    "handoff.completed": "completed",
    "handoff.verified": "completed",
    "handoff.verifying": "asked",
}


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
    rows = log(workspace).filter(pk__gt=low, pk__lte=high).values_list("at", "type", "handoff", "message")[:MOST_EVENTS]
    bars = [[0, 0] for _ in range(BARS)]
    width = max(0.001, (until - since).total_seconds() / BARS)
    marked: list[tuple[datetime, str, str | None]] = []
    total = 0
    for at, type_, handoff, _ in rows.iterator():
        total += 1
        bar = bars[min(BARS - 1, max(0, int((at - since).total_seconds() / width)))]
        bar[0] += type_ == SPEECH
        bar[1] += type_.startswith("handoff.")
        if type_ in MARKS:
            marked.append((at, MARKS[type_], handoff))
    oldest = first(workspace)
    return Traffic(since, until, bars, _titled(marked[-MOST_MARKS:]), oldest[1] if oldest else None, total)


def _titled(marked: list[tuple[datetime, str, str | None]]) -> list[dict[str, Any]]:
    wanted = [handoff for _, _, handoff in marked if handoff]
    titles = dict(Handoff.objects.filter(public_id__in=wanted).values_list("public_id", "title"))
    return [{"at": instant(at), "kind": kind, "title": titles.get(handoff or "", "")} for at, kind, handoff in marked]
