"""Who takes part in topics and how far each has read, for a page of topics at once: one query."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber

from bus import knobs, presence
from bus.models import Peer as PeerRow
from overview.queries.topics.shapes import Peer, Peers

__all__ = ["MOST_PEERS", "peers_of"]

MOST_PEERS = 200
COLUMNS = (
    *("topic_id", "topic__latest_seq", "name", "seq", "seen_at", "holder", "token_hash"),
    *("agent__name", "agent__kind", "agent__harness", "agent__last_seen_at", "agent__connected_until"),
    *("agent__archived_at", "total"),
)


def peers_of(topics: Iterable[int], now: datetime, most: int = MOST_PEERS) -> defaultdict[int, Peers]:
    """Return who takes part in each topic by row id, the last heard first."""
    number = Window(RowNumber(), partition_by=F("topic_id"), order_by=[F("seen_at").desc(), F("pk").asc()])
    ranked = PeerRow.objects.filter(topic__in=list(topics)).annotate(
        number=number, total=Window(Count("pk"), partition_by=F("topic_id"))
    )
    found: defaultdict[int, list[Peer]] = defaultdict(list)
    totals: dict[int, int] = {}
    for topic, *facts, total in ranked.filter(number__lte=most).order_by("topic_id", "number").values_list(*COLUMNS):
        found[topic].append(_peer(facts, now))
        totals[topic] = total
    return defaultdict(Peers, {topic: Peers(peers, totals[topic]) for topic, peers in found.items()})


def _peer(facts: list[Any], now: datetime) -> Peer:
    latest, name, seq, seen_at, holder, token, agent, kind, harness, heard, connected, archived_at = facts
    here = "present" if kind == "operator" else presence.of(heard, connected, now)
    quiet = seen_at < now - timedelta(seconds=knobs.get("presence_offline_after"))
    is_lost = holder is None or archived_at is not None or (quiet and agent.casefold() != name.casefold())
    hold = "free" if token is None else "lost" if is_lost else "held"
    return Peer(
        name=name,
        agent=agent,
        kind=kind,
        harness=harness,
        presence=here if hold == "held" else "offline",
        seq=seq,
        unread=max(0, latest - seq),
        seen_at=seen_at,
        hold=hold,
    )
