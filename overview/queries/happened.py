"""What happened, as pages tell it: events of a workspace, or of all, in the order of the log."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bus import cursors
from bus.models import Event
from bus.queries.events import KIND

__all__ = ["Happened", "happened"]

COLUMNS = (
    *("pk", "seq", "at", "type", "actor__name", "origin", "workspace_id"),
    *("message", "handoff", "topic", "task", "agent", "payload"),
)


@dataclass(frozen=True, slots=True)
class Happened:
    """One event: who did what to which."""

    pk: int
    cursor: str
    seq: int
    at: datetime
    type: str
    actor: str
    origin: str
    workspace: int
    message: str | None
    handoff: str | None
    topic: str | None
    task: str | None
    agent: str
    data: dict[str, Any]


def happened(workspace: int | None, after: int, limit: int = 500) -> list[Happened]:
    """Return the events after a row id, oldest first; None is all workspaces."""
    events = Event.objects.filter(pk__gt=after).order_by("pk")
    if workspace is not None:
        events = events.filter(workspace_id=workspace)
    return [_told(row) for row in events.values_list(*COLUMNS)[:limit]]


def _told(row: tuple[Any, ...]) -> Happened:
    return Happened(row[0], cursors.encode(KIND, row[0]), *row[1:])
