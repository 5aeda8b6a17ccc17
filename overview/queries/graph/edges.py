"""Who wrote to whom: what is unread, and what was said lately."""

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import Count

from bus.models import Delivery, Event
from overview.queries.graph.shapes import FRESH_SECONDS, Edge

__all__ = ["Pair", "edges", "recent", "unread_now", "unread_of"]

MOST_RECENT, CHUNK = 3000, 200
Pair = tuple[str, str]


def unread_now(workspace: int | None) -> Counter[Pair]:
    """Return the unread messages from each sender to each recipient."""
    rows = Delivery.objects.filter(lane=Delivery.Lane.UNREAD).order_by()
    if workspace is not None:
        rows = rows.filter(workspace_id=workspace)
    grouped = rows.values_list("message__sender__name", "recipient__name").annotate(count=Count("pk"))
    return Counter({(sender, recipient): count for sender, recipient, count in grouped})


def unread_of(mail: Mapping[str, Mapping[str, list[Any]]], senders: Mapping[str, str]) -> Counter[Pair]:
    """Return the same from the folded mail of a workspace; what has no sender any more is left out."""
    found: Counter[Pair] = Counter()
    for message, deliveries in mail.items():
        if message in senders:
            found.update((senders[message], agent) for agent, (lane, _) in deliveries.items() if lane == "unread")
    return found


def recent(workspace: int | None, until: int, now: datetime) -> dict[Pair, tuple[datetime, str]]:
    """Return when each wrote to each last, and how, in the fifteen minutes before `now`, up to a row id."""
    events = Event.objects.filter(pk__lte=until, type="message.created")
    if workspace is not None:
        events = events.filter(workspace_id=workspace)
    since = now - timedelta(seconds=FRESH_SECONDS)
    found: dict[Pair, tuple[datetime, str]] = {}
    newest: Any = events.order_by("-pk").values_list("actor__name", "at", "payload").iterator(CHUNK)
    with closing(newest):  # one statement, read no further than it takes
        for actor, at, payload in islice(newest, MOST_RECENT):
            if at <= since:
                break
            for name in payload.get("to", ()):
                found.setdefault((actor, name), (at, payload.get("kind", "direct")))
    return found


def edges(unread: Mapping[Pair, int], lately: Mapping[Pair, tuple[datetime, str]]) -> list[Edge]:
    """Return an edge for every pair with something unread or something said lately."""
    return [_edge(pair, unread.get(pair, 0), lately.get(pair)) for pair in _pairs(unread, lately)]


def _pairs(unread: Iterable[Pair], lately: Iterable[Pair]) -> list[Pair]:
    return sorted({*unread, *lately})


def _edge(pair: Pair, unread: int, said: tuple[datetime, str] | None) -> Edge:
    at, kind = said or (None, "direct")
    return Edge(pair[0], pair[1], unread, at, kind)
