"""With whom an agent talks: each peer with the last line, its time, and what is unread both ways."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from bus.models import Agent, Delivery, Message
from bus.text import shorten
from overview.queries.people import presence_of
from overview.queries.places import each_workspace, first_of

__all__ = ["MOST", "Peer", "peers"]

MOST = 40
LOOKED_AT = 500
DELIVERIES = 2000
LINE = 120
WAITING = (Delivery.Lane.UNREAD, Delivery.Lane.DELIVERED)


@dataclass(frozen=True, slots=True)
class Peer:
    """One of those an agent talks with: `unread` waits for the agent, `waiting` for the peer."""

    pk: int
    name: str
    kind: str
    harness: str
    presence: str
    last: str
    is_last_mine: bool
    at: datetime
    unread: int
    waiting: int


@dataclass(slots=True)
class Line:
    """What is known of one peer while rows are read."""

    newest: int = 0
    is_mine: bool = False
    unread: int = 0
    waiting: int = 0


def peers(agent: int, workspace: int | None, now: datetime) -> list[Peer]:
    """Return the peers of the agent's newest 500 messages each way, latest talk first; four queries, for all workspaces five."""
    places = each_workspace(workspace)
    lines: dict[int, Line] = defaultdict(Line)
    _read(lines, _received(agent, places), is_mine=False)
    _read(lines, _sent(agent, places), is_mine=True)
    lines.pop(agent, None)
    latest = sorted(lines.items(), key=lambda each: each[1].newest, reverse=True)[:MOST]
    words = {row[0]: row[1:] for row in _words(line.newest for _, line in latest)}
    agents = Agent.objects.in_bulk([peer for peer, _ in latest])
    return [_peer(agents[peer], line, words[line.newest], now) for peer, line in latest]


def _received(agent: int, places: Sequence[Q]) -> Iterable[tuple[int, int, str]]:
    """Return sender, message and lane of the newest mail to the agent: what waits and what left its inbox, by workspace."""
    own = [Delivery.objects.filter(place, recipient_id=agent).order_by("-message_id") for place in places]
    waiting = [rows.filter(lane__in=WAITING) for rows in own]
    # Lanes of the past are not named, as by the index of lanes all that ever came would be sorted.
    over = [rows.filter(ended_at__isnull=False) for rows in own]
    rows = Delivery.objects.filter(first_of([*waiting, *over], LOOKED_AT)).order_by("-message_id")
    return rows.values_list("message__sender_id", "message_id", "lane")[:LOOKED_AT]


def _sent(agent: int, places: Sequence[Q]) -> Iterable[tuple[int, int, str]]:
    """Return recipient, message and lane of the newest mail by the agent."""
    own = [Message.objects.filter(place, sender_id=agent).order_by("-pk") for place in places]
    sent = Message.objects.filter(first_of(own, LOOKED_AT)).order_by("-pk").values("pk")[:LOOKED_AT]
    rows = Delivery.objects.filter(message_id__in=sent).order_by("-message_id")
    return rows.values_list("recipient_id", "message_id", "lane")[:DELIVERIES]


def _read(lines: dict[int, Line], rows: Iterable[tuple[int, int, str]], *, is_mine: bool) -> None:
    for peer, message, lane in rows:
        line = lines[peer]
        if message > line.newest:
            line.newest, line.is_mine = message, is_mine
        if lane == Delivery.Lane.UNREAD and is_mine:
            line.waiting += 1
        elif lane == Delivery.Lane.UNREAD:
            line.unread += 1


def _words(messages: Iterable[int]) -> Iterable[tuple[Any, ...]]:
    return Message.objects.filter(pk__in=list(messages)).values_list("pk", "subject", "sent_at")


def _peer(agent: Agent, line: Line, words: tuple[str, datetime], now: datetime) -> Peer:
    subject, at = words
    return Peer(
        pk=agent.pk,
        name=agent.name,
        kind=agent.kind,
        harness=agent.harness,
        presence=presence_of(agent, now),
        last=shorten(subject, LINE)[0],
        is_last_mine=line.is_mine,
        at=at,
        unread=line.unread,
        waiting=line.waiting,
    )
