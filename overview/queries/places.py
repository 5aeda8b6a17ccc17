"""Finding an instant in the log: events have no index on time, but their row ids rise with it."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from bus.models import Event

__all__ = ["first", "last_before", "log"]


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
