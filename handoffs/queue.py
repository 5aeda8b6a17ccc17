"""What an agent can claim now, the most urgent and oldest first; read only as far as it is wanted."""

from collections.abc import Iterator
from datetime import datetime
from functools import cache, partial
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple

from django.db.models import ExpressionWrapper, F, Q, QuerySet, TextField

from bus.identity import Caller
from bus.prepared import Prepared, prepared
from handoffs import pool
from handoffs.models import Handoff, HandoffQuerySet

__all__ = ["CAP", "FRONT", "Place", "Waiting", "claimable", "claimable_count"]

Place = tuple[int, int]
CAP, CHUNK = 100, 200
FRONT: Place = (-9, 0)


class Waiting(NamedTuple):
    """What eligibility and order depend on, and the files that come with it as JSON text."""

    pk: int
    priority: int
    public_id: str
    target_id: int | None
    pool: str
    fallback: str
    fallback_at: datetime | None
    paths: str

    @property
    def place(self) -> Place:
        """Return where it stands in the queue."""
        return (-self.priority, self.pk)


def _behind(rows: HandoffQuerySet, workspace: int, priority: int, pk: int) -> QuerySet[Handoff, Any]:
    """Return the columns of Waiting of those that stand behind a place, in the order of their index."""
    behind = Q(priority__lt=priority) | Q(pk__gt=pk)
    columns: list[Any] = [*Waiting._fields[:-1], ExpressionWrapper(F("paths"), TextField())]
    return (
        rows.filter(behind, workspace_id=workspace, priority__lte=priority)
        .order_by("-priority", "pk")
        .values_list(*columns)
    )


OPEN = prepared(
    lambda workspace, now, priority, pk: _behind(Handoff.objects.waiting(now), workspace, priority, pk),
    int,
    datetime,
    int,
    int,
)
LAPSED = prepared(
    lambda workspace, now, priority, pk: _behind(Handoff.objects.lapsed(now), workspace, priority, pk),
    int,
    datetime,
    int,
    int,
)


def claimable(caller: Caller, after: Place = FRONT) -> Iterator[Waiting]:
    """Yield what the caller may claim now behind a place: what is open, and claims whose lease is over."""
    rows = merge(_read(OPEN, caller, after), _read(LAPSED, caller, after), key=lambda each: each.place)
    return (each for each in rows if pool.is_eligible(caller.agent, each, caller.now))


def _read(statement: Prepared, caller: Caller, after: Place) -> Iterator[Waiting]:
    """Yield the rows behind a place that may be meant for the caller, looking at a chunk at a time."""
    me, fits = caller.agent.id, cache(partial(pool.fits, caller.agent))
    seen: list[Any] = []

    def may_fit(row: Any) -> bool:
        seen.append(row)
        target, offered, fallback = row[3:6]
        return target == me or fits(offered) or (fallback != "" and fits(fallback))

    while True:
        seen.clear()
        rows = statement.rows(caller.workspace.id, caller.now, -after[0], after[1], most=CHUNK, keep=may_fit)
        yield from map(Waiting._make, rows)
        if len(seen) < CHUNK:
            return
        after = Waiting._make(seen[-1]).place


def claimable_count(caller: Caller) -> int:
    """Return how much the caller may claim now, at most 100."""
    return sum(1 for _ in islice(claimable(caller), CAP))
