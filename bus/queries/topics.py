"""Finding topics, reading them without taking part, and who is there."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from bus import cursors, posts, topics
from bus.identity import Caller
from bus.models import Peer, Post, Topic
from bus.schemas.topics import (
    PeerView,
    TopicList,
    TopicOpened,
    TopicPeers,
    TopicPresence,
    TopicRead,
    TopicResolve,
    Topics,
    TopicThread,
    TopicView,
)

__all__ = ["opened", "topic_list", "topic_presence", "topic_read", "topic_resolve"]

KIND, CAP = "topics", 100
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def topic_list(caller: Caller, order: TopicList) -> Topics:
    """List topics, the most recently active first, with how many posts you have not read where you take part."""
    rows = _wanted(caller, order)
    if order.cursor is not None:
        micros, number = cursors.decode(KIND, order.cursor, 2)
        at = EPOCH + micros * MICROSECOND
        rows = rows.filter(Q(active_at__lt=at) | Q(active_at=at, pk__lt=number), active_at__lte=at)
    found = list(rows.order_by("-active_at", "-pk")[: order.limit + 1])
    shown = found[: order.limit]
    last = shown[-1] if len(found) > order.limit else None
    return Topics(
        topics=_views(caller, shown),
        next_cursor=cursors.encode(KIND, (last.active_at - EPOCH) // MICROSECOND, last.pk) if last else None,
    )


def _wanted(caller: Caller, order: TopicList) -> QuerySet[Topic]:
    rows = Topic.objects.filter(workspace_id=caller.workspace.id).select_related("created_by")
    if order.state != "all":
        rows = rows.filter(closed_at__isnull=order.state == "open")
    if not order.archived:
        rows = rows.filter(archived_at=None)
    return rows if order.query is None else rows.filter(name__icontains=order.query)


def _views(caller: Caller, rows: Iterable[Topic]) -> list[TopicView]:
    """Return the topics with the caller's place in each."""
    rows = list(rows)
    own = Peer.objects.filter(topic__in=rows, agent_id=caller.agent.id, holder__isnull=False).order_by("seen_at")
    mine = {peer.topic_id: peer for peer in own}
    return [TopicView(**_facts(row, mine.get(row.pk))) for row in rows]


def _facts(topic: Topic, peer: Peer | None) -> dict[str, Any]:
    return {
        "topic": topic.public_id,
        "name": topic.name,
        "state": topic.state,
        "posts": topic.latest_seq,
        "created_at": topic.created_at,
        "created_by": topic.created_by.name,
        "active_at": topic.active_at,
        "closed_at": topic.closed_at,
        "close_reason": topic.close_reason or None,
        "archived_at": topic.archived_at,
        "metadata": topic.metadata or None,
        "peer": peer.name if peer else None,
        "unread": min(topic.latest_seq - peer.seq, CAP) if peer else None,
    }


def opened(caller: Caller, topic: Topic, *, created: bool | None = None) -> TopicOpened:
    """Return the answer about one topic."""
    (view,) = _views(caller, [topic])
    return TopicOpened(**dict(view), created=created)


def topic_resolve(caller: Caller, order: TopicResolve) -> TopicOpened:
    """Find a topic by its name (the newest open one) or its id."""
    return opened(caller, topics.by_name(caller, order.name, order.topic, allow_closed=order.allow_closed))


def topic_read(caller: Caller, order: TopicRead) -> TopicThread:
    """Read a topic without taking part, the newest posts or those around a number; no cursor moves."""
    topic = topics.found(caller, order.topic)
    rows, is_more = _rows(topic, order)
    shown = posts.fill(posts.view(row) for row in rows)
    forward = order.after is not None
    shown = shown if forward else shown[::-1]
    return TopicThread(
        topic=topic.public_id,
        name=topic.name,
        state=topic.state,
        latest=topic.latest_seq,
        posts=shown,
        has_more=is_more or len(shown) < len(rows),
    )


def _rows(topic: Topic, order: TopicRead) -> tuple[list[tuple[Any, ...]], bool]:
    """Return rows in the direction of reading, and whether there are more of them."""
    wanted = Post.objects.filter(topic=topic)
    if order.after is not None:
        wanted = wanted.filter(seq__gt=order.after)
    if order.before is not None:
        wanted = wanted.filter(seq__lt=order.before)
    wanted = wanted.order_by("seq") if order.after is not None else wanted.order_by("-seq")
    rows = list(wanted.values_list(*posts.COLUMNS)[: order.limit + 1])
    return rows[: order.limit], len(rows) > order.limit


def topic_presence(caller: Caller, order: TopicPresence) -> TopicPeers:
    """See who takes part in a topic and was heard lately, and how far each has read."""
    topic = topics.found(caller, order.topic)
    lately = caller.now - timedelta(seconds=order.window_seconds)
    peers = topic.peers.filter(seen_at__gte=lately).select_related("agent").order_by("-seen_at", "pk")
    return TopicPeers(topic=topic.public_id, peers=[_peer(caller, each) for each in peers[: order.limit]])


def _peer(caller: Caller, peer: Peer) -> PeerView:
    return PeerView(
        peer=peer.name,
        agent=peer.agent.name,
        seq=peer.seq,
        moved_at=peer.moved_at,
        seen_at=peer.seen_at,
        age_seconds=max(int((caller.now - peer.seen_at).total_seconds()), 0),
        joined_at=peer.joined_at,
        released=True if peer.token_hash is None else None,
    )
