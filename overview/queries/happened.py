"""What happened, as pages tell it: events of a workspace, or of all, in the order of the log."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from bus import cursors
from bus.models import Event
from bus.prepared import prepared
from bus.queries.events import KIND
from overview.queries.places import last_before, log

__all__ = ["Filter", "Happened", "actors", "happened", "newest", "place_of", "tally", "the_one", "told"]

COLUMNS = (
    *("pk", "seq", "at", "type", "actor__name", "origin", "workspace_id"),
    *("message", "handoff", "topic", "task", "agent", "payload"),
)
COUNTED, ACTED, KNOWN = 50_000, 5_000, 100_000
NUMBER, HASH, END = re.compile("[0-9]{1,18}"), re.compile("[0-9a-f]{20}"), b"\xff" * 22
SUBJECTS = {"msg_": "message", "hnd_": "handoff", "top_": "topic", "tsk_": "task"}

NEXT_TYPE = prepared(
    lambda workspace, after: (
        Event.objects.filter(workspace_id=workspace, type__gt=after).order_by("type").values_list("type")[:1]
    ),
    int,
    str,
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


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events: a noun or a whole type, who acted or was concerned, and a thing by its id."""

    type: str = ""
    who: str = ""
    subject: str = ""


def happened(workspace: int | None, after: int, limit: int = 500) -> list[Happened]:
    """Return the events after a row id, oldest first; None is all workspaces."""
    return [_told(row) for row in log(workspace).filter(pk__gt=after).values_list(*COLUMNS)[:limit]]


def newest(workspace: int | None, wanted: Filter, before: int | None = None, limit: int = 60) -> list[Happened]:
    """Return the newest events that fit, newest first, from before a row id on."""
    events = _fitting(_scope(workspace, wanted), wanted).order_by("-pk")
    if before is not None:
        events = events.filter(pk__lt=before)
    return [_told(row) for row in events.values_list(*COLUMNS)[:limit]]


def _scope(workspace: int | None, wanted: Filter) -> QuerySet[Event]:
    """Return the events to look through; for one subject its own index is to be used, so no other may fit."""
    if workspace is None or wanted.subject[:4] not in SUBJECTS:
        return log(workspace)
    return Event.objects.alias(place=F("workspace_id") + 0).filter(place=workspace)


def _fitting(events: QuerySet[Event], wanted: Filter) -> QuerySet[Event]:
    if wanted.type:
        is_whole = "." in wanted.type
        events = events.filter(type=wanted.type) if is_whole else events.filter(type__startswith=f"{wanted.type}.")
    if wanted.who:
        events = events.filter(Q(actor__name=wanted.who) | Q(agent=wanted.who))
    if column := SUBJECTS.get(wanted.subject[:4]):
        events = events.filter(**{column: wanted.subject})
    elif wanted.subject:
        events = events.filter(agent=wanted.subject)
    return events


def place_of(workspace: int | None, at: datetime) -> int:
    """Return the row id before which everything up to an instant lies."""
    return last_before(workspace, at) + 1


def the_one(name: str) -> dict[str, Any] | None:
    """Return all that is known of one event by its id `evt_…`, or None."""
    row: Any = _called(name.removeprefix("evt_"))
    if row is None:
        return None
    (told,) = Event.objects.filter(pk=row.pk).values_list(*COLUMNS)
    facts = ("person", "fleet", "surface", "address", "public", "payload")
    return {name: getattr(row, name) for name in facts} | {
        "event": _told(told),
        "hash": bytes(row.hash).hex(),
        "place": row.workspace.alias or "the installation",
    }


def _called(digest: str) -> Event | None:
    """Return the event of a page's own number, or of the start of its hash as the API gives it.

    Hashes have no index, so only the newest hundred thousand events are known by theirs.
    """
    events = Event.objects.select_related("workspace")
    if NUMBER.fullmatch(digest):
        return events.filter(pk=int(digest)).first()
    if not HASH.fullmatch(digest):
        return None
    start = bytes.fromhex(digest)
    last = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return events.filter(pk__gt=last - KNOWN, hash__gte=start, hash__lt=start + END).first()


def tally(workspace: int | None, now: datetime) -> dict[str, int]:
    """Return how many events of each noun there were in the last day, of the newest 50,000."""
    events = log(workspace)
    last = events.order_by("-pk").values_list("pk", flat=True).first() or 0
    since = max(last_before(workspace, now - timedelta(days=1)), last - COUNTED)
    recent = events.filter(pk__gt=since).order_by()
    if workspace is not None:  # each type by its name is a step into an index, else all that is kept would be grouped
        recent = recent.filter(type__in=list(_types(workspace)))
    rows = recent.values_list("type").annotate(count=Count("pk"))
    found: dict[str, int] = {}
    for type_, count in rows:
        noun = type_.partition(".")[0]
        found[noun] = found.get(noun, 0) + count
    return found


def _types(workspace: int) -> Iterator[str]:
    """Yield each type of a workspace once, by as many steps in the index: events are many, types are few."""
    type_ = ""
    while (type_ := NEXT_TYPE.value(workspace, type_) or "") != "":
        yield type_


def actors(workspace: int | None, most: int = 12) -> list[str]:
    """Return who acted in the newest 5,000 events, by name."""
    events = log(workspace)
    last = events.order_by("-pk").values_list("pk", flat=True).first() or 0
    rows = events.filter(pk__gt=last - ACTED).order_by("actor__name").values_list("actor__name", flat=True).distinct()
    return list(rows[:most])


def told(events: QuerySet[Event]) -> list[Happened]:
    """Return events as pages tell them, in their order."""
    return [_told(row) for row in events.values_list(*COLUMNS)]


def _told(row: tuple[Any, ...]) -> Happened:
    return Happened(row[0], cursors.encode(KIND, row[0]), *row[1:])
