"""Reading the log: one's own visibility, exact resume."""

import re
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from bus import cursors
from bus.errors import Gone
from bus.events import newest_id
from bus.identity import Caller
from bus.models import Audience, Checkpoint, Delivery, Event, Message
from bus.schemas.events import EventCursor, EventList, EventOrder, Events, EventView, LogPosition

__all__ = ["event_cursor", "event_list"]

KIND = "event"
STRETCH = 20_000  # events that one page of the past looks at
SUBJECT = re.compile(r"(?P<noun>msg|hnd|top)_[0-9a-z]{22}")
COLUMN_OF = {"msg": "message", "hnd": "handoff", "top": "topic"}
COLUMNS = (
    "pk",
    "hash",
    "type",
    "at",
    "actor__name",
    "origin",
    "message",
    "handoff",
    "topic",
    "task",
    "agent",
    "payload",
    "actor_id",
)


def visible_to(caller: Caller) -> QuerySet[Event]:
    """Return the events of the workspace that the caller may see.

    Agents see public events, what they did, what happened to them, messages they sent or received (the receipts of
    what they sent), and the handoffs, topics and tasks that they are in the audience of. Operators see all.
    """
    events = Event.objects.filter(workspace_id=caller.workspace.id)
    if caller.is_operator:
        return events
    me = caller.agent.id
    sent = Exists(Message.objects.filter(public_id=OuterRef("message"), sender_id=me))
    received = Exists(Delivery.objects.filter(message__public_id=OuterRef("message"), recipient_id=me))
    shown = Exists(Audience.objects.filter(subject=OuterRef("handoff"), agent_id=me))
    mine = Q(public=True) | Q(actor_id=me) | Q(agent=caller.agent.name)
    mail = Q(message__isnull=False) & (sent | (Q(type="message.created") & received))
    work = Q(message=None, handoff__isnull=False) & shown
    return events.filter(mine | mail | work)


def event_list(caller: Caller, order: EventList) -> Events:
    """Read the log as far as it concerns you; `after` a cursor resumes exactly, nothing missed and nothing twice."""
    if order.after is not None:
        return after(caller, order, position(caller, order.after))
    newest = newest_id()
    end = cursors.decode(KIND, order.before)[0] if order.before is not None else newest + 1
    start = max(end - STRETCH, 0)
    events = filtered(caller, order).filter(pk__gte=start, pk__lt=end)
    rows = list(events.order_by("-pk").values_list(*COLUMNS)[: order.limit + 1])
    shown = rows[: order.limit]
    following = shown[-1][0] if len(rows) > order.limit else _earlier(caller, start)
    return Events(
        events=[view(caller, row) for row in shown],
        cursor=cursors.encode(KIND, newest),
        next_cursor=cursors.encode(KIND, following) if following else None,
    )


def _earlier(caller: Caller, start: int) -> int:
    """Return `start` if the workspace has events before it, else 0."""
    earlier = Event.objects.filter(workspace_id=caller.workspace.id, pk__lt=start)
    return start if start and earlier.exists() else 0


def after(caller: Caller, order: EventOrder, last: int) -> Events:
    """Return the events after row `last`, oldest first, and the cursor to go on from."""
    newest = newest_id()
    rows = list(filtered(caller, order).filter(pk__gt=last).order_by("pk").values_list(*COLUMNS)[: order.limit])
    reached = rows[-1][0] if len(rows) == order.limit else max(newest, last, rows[-1][0] if rows else 0)
    return Events(events=[view(caller, row) for row in rows], cursor=cursors.encode(KIND, reached))


def filtered(caller: Caller, order: EventOrder) -> QuerySet[Event]:
    """Return what the caller may see, narrowed to the order's types and subjects."""
    events = visible_to(caller)
    if order.types is not None:
        wanted = Q(type__in=order.types)
        for noun in (name for name in order.types if "." not in name):
            wanted |= Q(type__startswith=f"{noun}.")
        events = events.filter(wanted)
    return events if order.subjects is None else events.filter(_about(order.subjects))


def _about(names: list[str]) -> Q:
    """Match events about any of these; ids of messages, handoffs and topics are found by their indexes."""
    known = [SUBJECT.fullmatch(name) for name in names]
    if not all(known):
        return Q(message__in=names) | Q(handoff__in=names) | Q(topic__in=names) | Q(task__in=names) | Q(agent__in=names)
    columns = {COLUMN_OF[match["noun"]] for match in known if match}
    wanted = Q()
    for column in columns:
        wanted |= Q((f"{column}__in", names))
    return Q(pk__in=Event.objects.filter(wanted).values("pk"))


def position(caller: Caller, cursor: str) -> int:
    """Return the row that a cursor points behind; `Gone` when retention cut events after it."""
    (last,) = cursors.decode(KIND, cursor)
    floor = (
        Checkpoint.objects.filter(workspace_id=caller.workspace.id, floor=True)
        .order_by("-seq")
        .values_list("event_id", flat=True)
        .first()
    )
    if floor is not None and last < floor:
        raise Gone("Events after that cursor were pruned.", hint="Start again from `event_cursor`.")
    return last


def event_cursor(caller: Caller, order: EventCursor) -> LogPosition:
    """Get the cursor of this moment, to read only what happens from now on."""
    return LogPosition(cursor=cursors.encode(KIND, newest_id()))


def view(caller: Caller, row: tuple[Any, ...]) -> EventView:
    """Return a row of COLUMNS as the caller sees it; who else got a message is the sender's to know."""
    pk, digest, type_, at, actor, origin, message, handoff, topic, task, agent, payload, actor_id = row
    if "to" in payload and not caller.is_operator and actor_id != caller.agent.id:
        payload = {**payload, "to": [name for name in payload["to"] if name == caller.agent.name]}
    return EventView(
        event=f"evt_{bytes(digest).hex()[:20]}",
        type=type_,
        at=at,
        actor=actor,
        origin=origin,
        message=message,
        handoff=handoff,
        topic=topic,
        task=task,
        agent=agent or None,
        data=payload,
        cursor=cursors.encode(KIND, pk),
    )
