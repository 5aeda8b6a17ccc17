"""What a page is told: the fragments of its view and the numbers of the frame, as one text for all pages alike."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import reverse

from bus import clock, cursors, identity
from bus.directory import directory
from bus.events import newest_id
from bus.queries.events import KIND
from dashboard import frame, talking
from dashboard.look import Look
from overview.queries.frame import recent_topics
from overview.queries.graph import moves
from overview.queries.happened import Happened, happened

__all__ = ["VIEWS", "Frame", "rendered", "resync", "still"]

SURFACE = "dashboard"
MOST = 500
GRAPH = "live"  # the view whose script folds the events itself
VIEWS = frozenset({"live", "messages", "handoffs", "topics", "agents", "events", "search", "settings", "compose"})
Fragments = Callable[[Look, list[Happened]], str]


@dataclass(frozen=True, slots=True)
class Frame:
    """One text for a socket, and the row ids of the first and last event in it; 0 is the first of a frame without events."""

    text: str
    first: int
    last: int


def rendered(view: str, workspace: int | None, after: int, until: int | None = None) -> Frame | None:
    """Return what happened after one event, up to another, for a view; None where nothing did.

    Too much at once means to read the page again.
    """
    events = happened(workspace, after, MOST + 1)
    if until is not None:
        events = [event for event in events if event.pk <= until]
    if not events:
        return None
    if len(events) > MOST:
        return resync(newest_id())
    look = _look(workspace, view)
    said: dict[str, Any] = {"html": _numbers(look, view) + _fragments(view)(look, events) + _talk(view, look, events)}
    if view == GRAPH:
        said["events"] = moves(workspace, events)
    return _frame(said, events[0].pk, events[-1].pk)


def resync(last: int) -> Frame:
    """Return the frame that tells a page to read itself again."""
    return _frame({"resync": True}, 0, last)


def still() -> str:
    """Return the text that says that the socket lives."""
    return json.dumps({"now": _now()})


def _frame(said: dict[str, Any], first: int, last: int) -> Frame:
    text = json.dumps({"now": _now(), "cursor": cursors.encode(KIND, last), **said}, ensure_ascii=False)
    return Frame(text, first, last)


def _now() -> str:
    now: datetime = clock.now()
    return now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _look(workspace: int | None, view: str) -> Look:
    caller = identity.operator(SURFACE)
    if workspace is not None:
        caller = identity.placed(caller, directory.workspace_by_id(workspace).public_id)
    return Look(caller, workspace, QueryDict(), reverse(view))


def _fragments(view: str) -> Fragments:
    found: Fragments = getattr(import_module(f"dashboard.views.{view}"), "fragments", _nothing)
    return found


def _talk(view: str, look: Look, events: list[Happened]) -> str:
    """Return what was said in a talk that is open in the inspector of a page; Agents tells of it by itself."""
    return "" if view == "agents" else talking.fragments(look, events)


def _nothing(look: Look, events: list[Happened]) -> str:
    return ""


def _numbers(look: Look, view: str) -> str:
    """Return the counts of the rail, and its topics."""
    facts = {"look": look, "counts": frame.counted(look), "recent": recent_topics(look.workspace)}
    return render_to_string("dashboard/_numbers.html", {**facts, "rail": frame.RAIL, "view": view})
