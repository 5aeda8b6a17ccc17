"""Events as the graph's script folds them: each with the title of what it is about and the facts that change the graph."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bus.models import Event, Message, Topic
from bus.text import visible_in
from handoffs.models import Handoff
from overview.queries.graph.nodes import Tally, nodes
from overview.queries.graph.shapes import ADDRESSING, instant, label, plain
from overview.queries.happened import Happened

__all__ = ["Move", "moves"]

PEOPLE = frozenset({"agent.created", "agent.updated", "agent.archived", "workspace.joined"})
KEPT = frozenset(
    {
        *("state", "epoch", "claimant", "attempts", "lease_until", "note", "reason", "globs"),
        *("to", "kind", "attempt", "extended", "presence"),
    }
)
EITHER_WAY = frozenset(
    {"delivery.read", "delivery.expired"}
)  # the lane that a delivery left does not follow from these
LANES = {
    "delivery.leased": "delivered",
    "delivery.parked": "parked",
    "delivery.read": "read",
    "delivery.expired": "expired",
}


@dataclass(frozen=True, slots=True)
class Move:
    """One event and what is known of its subject."""

    event: Happened
    more: dict[str, Any]

    def json(self, was: str | None) -> dict[str, Any]:
        """Return what the page's script reads; `was` is the lane that a delivery left."""
        event = self.event
        facts = {name: value for name, value in event.data.items() if name in KEPT}
        return {
            "cursor": event.cursor,
            "seq": event.seq,
            "at": instant(event.at),
            "type": event.type,
            "actor": event.actor,
            "origin": event.origin,
            "message": event.message,
            "handoff": event.handoff,
            "topic": event.topic,
            "agent": event.agent or None,
            "data": visible_in(facts | ({"was": was} if was else {})),
            **visible_in(self.more),
        }


@dataclass(frozen=True, slots=True)
class Known:
    """What events speak of, by id, and the nodes of agents that came or changed, by name."""

    messages: dict[str, tuple[str, str, str]]
    handoffs: dict[str, dict[str, Any]]
    topics: dict[str, str]
    profiles: dict[str, dict[str, Any]]


def moves(workspace: int | None, events: Sequence[Happened]) -> list[dict[str, Any]]:
    """Return events as JSON for the graph, in six queries at most."""
    messages = _messages({event.message for event in events if event.message})
    handoffs = _handoffs({event.handoff for event in events if event.handoff})
    topics = _topics({event.topic for event in events if event.topic})
    profiles = _profiles(workspace, events)
    left = _left(events)
    known = Known(messages, handoffs, topics, profiles)
    return [_move(event, known).json(left.get(event.pk)) for event in events]


def _left(events: Sequence[Happened]) -> dict[int, str]:
    """Return which lane a delivery was in before each event that does not say so, by row id."""
    wanted = {event.message for event in events if event.type in EITHER_WAY}
    if not wanted:
        return {}
    rows = Event.objects.filter(message__in=list(wanted), type__startswith="delivery.", pk__lte=events[-1].pk)
    lanes: dict[tuple[str | None, str], str] = {}
    left: dict[int, str] = {}
    for pk, type_, message, agent in rows.order_by("pk").values_list("pk", "type", "message", "agent"):
        if type_ in EITHER_WAY:
            left[pk] = lanes.get((message, agent), "unread")
        lanes[message, agent] = LANES.get(type_, "unread")
    return left


def _messages(names: Iterable[str]) -> dict[str, tuple[str, str, str]]:
    rows = Message.objects.filter(public_id__in=list(names))
    return {row[0]: row[1:] for row in rows.values_list("public_id", "subject", "kind", "sender__name")}


def _handoffs(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    rows = Handoff.objects.filter(public_id__in=list(names)).select_related("creator")
    return {row.public_id: _facts(row) for row in rows.defer("body", "payload", "result", "error")}


def _topics(names: Iterable[str]) -> dict[str, str]:
    return dict(Topic.objects.filter(public_id__in=list(names)).values_list("public_id", "name"))


def _facts(row: Handoff) -> dict[str, Any]:
    return {
        "title": row.title,
        "from": row.creator.name,
        "to": label(row.to),
        "lease_seconds": row.lease_seconds,
        "created_at": instant(row.created_at),
        "priority": row.priority,
    }


def _then(event: Happened, facts: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of a handoff with to whom it went by this event; others leave that as it was."""
    to = {"to": event.agent or facts["to"]} if event.type in ADDRESSING else {}
    return {name: value for name, value in facts.items() if name != "to"} | to


def _profiles(workspace: int | None, events: Sequence[Happened]) -> dict[str, dict[str, Any]]:
    """Return the nodes of agents that came or changed."""
    if not any(event.type in PEOPLE for event in events):
        return {}
    found = nodes(workspace, set(), Tally({}, ()), events[-1].at)
    return {node.name: plain({name: getattr(node, name) for name in type(node).__slots__}) for node in found}


def _move(event: Happened, known: Known) -> Move:
    more: dict[str, Any] = {}
    if event.handoff in known.handoffs:
        facts = known.handoffs[event.handoff]
        more = {"title": facts["title"], "work": _then(event, facts)}
    elif event.message in known.messages:
        subject, kind, sender = known.messages[event.message]
        more = {"title": subject, "kind": kind, "from": sender}
    if event.topic in known.topics:
        more["hub"] = known.topics[event.topic]
    if event.type in PEOPLE and event.agent in known.profiles:
        more["profile"] = known.profiles[event.agent]
    return Move(event, more)
