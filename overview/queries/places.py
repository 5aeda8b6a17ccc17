"""Where to look: in each workspace, as indexes begin with it, and in the log by an instant.

Events have no index on time, but their row ids rise with it.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet

from bus.models import Event, Workspace

__all__ = ["each_workspace", "first", "first_of", "last_before", "log"]

MOST_APART = 100


def each_workspace(workspace: int | None) -> list[Q]:
    """Return what to filter by, a workspace each: an index that begins with it has its rows in their order.

    Where there are more than a hundred, one filter names them all.
    """
    if workspace is not None:
        return [Q(workspace_id=workspace)]
    pks = list(Workspace.objects.values_list("pk", flat=True)[: MOST_APART + 1])
    if len(pks) > MOST_APART:
        return [Q(workspace_id__in=Workspace.objects.values("pk"))]
    return [Q(workspace_id=pk) for pk in pks]


def first_of(sources: Sequence[QuerySet[Any]], most: int) -> Q:
    """Match the first rows of each source, by number."""
    return reduce(or_, [Q(pk__in=rows.values("pk")[:most]) for rows in sources])


def log(workspace: int | None) -> QuerySet[Event]:
    """Return the events of a workspace; None is all."""
    events = Event.objects.order_by("pk")
    return events if workspace is None else events.filter(workspace_id=workspace)


def first(workspace: int | None) -> tuple[int, datetime] | None:
    """Return the row id and the instant of the oldest event."""
    found: tuple[int, datetime] | None = log(workspace).values_list("pk", "at").first()
    return found


def last_before(workspace: int | None, at: datetime) -> int:
    """Return the row id of the last event at or before an instant, 0 where there is none, by halving."""
    events = log(workspace)
    newest: Any = events.order_by("-pk").values_list("pk", "at").first()
    oldest = first(workspace)
    if newest is None or oldest is None or oldest[1] > at:
        return 0
    if newest[1] <= at:
        return int(newest[0])
    low, high = oldest[0], int(newest[0])  # the event at `low` is in time, the one at `high` is too late
    while high - low > 1:
        middle = (low + high) // 2
        found = events.filter(pk__gte=middle, pk__lt=high).values_list("pk", "at").first()
        if found is None:
            high = middle
        elif found[1] <= at:
            low = found[0]
        else:
            high = middle
    return low
