"""What one agent and a peer said to each other, both ways, with the handoffs between them in their places."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Exists, OuterRef, Q, QuerySet, Subquery, Value

from bus.models import Delivery, Message, Peer
from bus.text import shorten
from handoffs.models import Handoff, State

__all__ = ["PAGE", "Bubble", "Card", "Pair", "Talk", "cards_in", "said_in", "talk"]

PAGE = 40
MOST_SHOWN = 4000
MOST_AT_ONCE = 200
COLUMNS = (
    "pk",
    "public_id",
    "workspace__public_id",
    "kind",
    "sender__name",
    "subject",
    "body",
    "sent_at",
    "handoff",
    "priority",
    "reply_to__public_id",
    "post__topic__public_id",
    "post__topic__name",
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two agents, the one looked at first, and the workspace (None for all) they are seen in."""

    agent: int
    peer: int
    workspace: int | None


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a talk that a page shows: from an instant (None for all) to before a message's row."""

    since: datetime | None
    before: int
    text: str


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message of the talk, and what became of it for `to`, who received it; or a post to a topic, which has no `lane`."""

    pk: int
    message: str
    workspace: str
    kind: str
    sender: str
    to: str
    is_mine: bool
    subject: str
    body: str
    is_cut: bool
    at: datetime
    lane: str
    reason: str
    handoff: str
    priority: int
    reply_to: str
    topic: str
    topic_name: str

    @property
    def day(self) -> str:
        """Return the day it belongs under."""
        return self.at.date().isoformat()

    is_card = False


@dataclass(frozen=True, slots=True)
class Card:
    """A handoff that one gave or offered the other, and where it stands."""

    handoff: str
    workspace: str
    title: str
    state: str
    creator: str
    claimant: str
    lease_until: datetime | None
    lease_seconds: int
    note: str
    at: datetime

    @property
    def day(self) -> str:
        """Return the day it belongs under."""
        return self.at.date().isoformat()

    is_card = True


@dataclass(frozen=True, slots=True)
class Talk:
    """A page of the talk, oldest first; `older` is the row to page back from, `waiting` what the agent has not read."""

    items: list[Bubble | Card]
    older: int | None

    @property
    def waiting(self) -> list[Bubble]:
        """Return the messages to the agent that it has not read."""
        bubbles = [each for each in self.items if isinstance(each, Bubble)]
        return [each for each in bubbles if not each.is_mine and each.lane in ("unread", "delivered", "parked")]


def talk(pair: Pair, now: datetime, *, before: int = 0, text: str = "") -> Talk:
    """Return the newest page of the talk before a row; `text` keeps what holds it. Three queries."""
    mine = _said(pair.agent, pair.peer, pair, before, text)
    theirs = _said(pair.peer, pair.agent, pair, before, text)
    rows = sorted([*mine, *theirs], key=lambda row: int(row[0]), reverse=True)[: PAGE + 1]
    shown, more = rows[:PAGE], len(rows) > PAGE
    offered = [row[8] for row in shown if row[3] == Message.Kind.HANDOFF]
    cards = _cards(pair, now, offered, Window(shown[-1][7] if more else None, before, text))
    known = {card.handoff for card in cards}
    bubbles = [_bubble(row) for row in shown if not (row[3] == Message.Kind.HANDOFF and row[8] in known)]
    items: list[Bubble | Card] = sorted(
        [*cards, *reversed(bubbles)], key=lambda each: each.at
    )  # of one instant as they came
    return Talk(items, shown[-1][0] if more else None)


def _said(sender: int, recipient: int, pair: Pair, before: int, text: str) -> list[tuple[Any, ...]]:
    """Return what one said to the other, or in a topic of both, newest first, with the other's delivery; one query."""
    own = Delivery.objects.filter(message_id=OuterRef("pk"), recipient_id=recipient)
    follows = Exists(Peer.objects.filter(topic_id=OuterRef("post__topic_id"), agent_id=recipient))
    heard = Exists(own) | Q(follows, kind=Message.Kind.TOPIC)
    messages = _holding(Message.objects.filter(heard, sender_id=sender), text)
    if pair.workspace is not None:
        messages = messages.filter(workspace_id=pair.workspace)
    if before:
        messages = messages.filter(pk__lt=before)
    is_mine = Value(sender == pair.agent, BooleanField())
    lane, reason = (Subquery(own.values(name)[:1]) for name in ("lane", "reason"))
    name = Subquery(own.values("recipient__name")[:1])
    return list(messages.order_by("-pk").values_list(*COLUMNS, lane, reason, name, is_mine)[: PAGE + 1])


def _holding(rows: QuerySet[Message], text: str) -> QuerySet[Message]:
    return rows.filter(Q(subject__icontains=text) | Q(body__icontains=text)) if text else rows


def said_in(messages: Sequence[str]) -> list[Bubble]:
    """Return messages as their senders' bubbles to each recipient, at most two hundred; one query."""
    own = Delivery.objects.filter(message__public_id__in=messages).order_by("message_id", "pk")
    columns = (*(f"message__{name}" for name in COLUMNS), "lane", "reason", "recipient__name")
    return [_bubble((*row, True)) for row in own.values_list(*columns)[:MOST_AT_ONCE]]


def _bubble(row: tuple[Any, ...]) -> Bubble:
    pk, public_id, workspace, kind, sender, subject, body, at, handoff, priority, reply_to, *rest = row
    topic, topic_name, lane, reason, to, mine = rest
    shown, is_cut = shorten(_without_id(body, handoff), MOST_SHOWN)
    return Bubble(
        pk=pk,
        message=public_id,
        workspace=workspace,
        kind=kind,
        sender=sender,
        to=to or "",
        is_mine=mine,
        subject=subject,
        body=shown,
        is_cut=is_cut,
        at=at,
        lane=lane or "",
        reason=reason or "",
        handoff=handoff,
        priority=priority,
        reply_to=reply_to or "",
        topic=topic or "",
        topic_name=topic_name or "",
    )


def _without_id(body: str, handoff: str) -> str:
    """Leave out the first line of what Nexus writes about a handoff: it only names it by its id."""
    first, _, rest = body.partition("\n\n")
    return rest if handoff and handoff in first else body


def cards_in(handoffs: Sequence[str], now: datetime) -> list[Card]:
    """Return handoffs as cards, at most two hundred; one query."""
    rows = Handoff.objects.filter(public_id__in=handoffs).select_related("workspace", "creator", "last_claimant")
    return [_card(handoff, now) for handoff in rows[:MOST_AT_ONCE]]


def _cards(pair: Pair, now: datetime, offered: list[str], window: Window) -> list[Card]:
    """Return the handoffs between the two of the time that a page shows, and those it offers; one query."""
    where = Q(creator=pair.agent, target=pair.peer) | Q(creator=pair.agent, last_claimant=pair.peer)
    where |= Q(creator=pair.peer, target=pair.agent) | Q(creator=pair.peer, last_claimant=pair.agent)
    if window.since is not None:
        where &= Q(created_at__gte=window.since)
    if window.before:
        where &= Q(created_at__lt=Subquery(Message.objects.filter(pk=window.before).values("sent_at")))
    rows = Handoff.objects.filter(where | Q(public_id__in=offered))
    if window.text:
        rows = rows.filter(title__icontains=window.text)
    if pair.workspace is not None:
        rows = rows.filter(workspace_id=pair.workspace)
    related = rows.select_related("workspace", "creator", "last_claimant")
    return [_card(handoff, now) for handoff in related.order_by("-pk")[:PAGE]]


def _card(handoff: Handoff, now: datetime) -> Card:
    state = handoff.state_at(now)
    claimant = handoff.last_claimant if state != State.OPEN else None
    return Card(
        handoff=handoff.public_id,
        workspace=handoff.workspace.public_id,
        title=handoff.title,
        state=state,
        creator=handoff.creator.name,
        claimant=claimant.name if claimant else "",
        lease_until=handoff.lease_until if state == State.CLAIMED else None,
        lease_seconds=handoff.lease_seconds,
        note=handoff.note,
        at=handoff.created_at,
    )
