"""Opening a topic, taking part, and closing it."""

from bus import events, ids, posts, topics
from bus.errors import InvalidInput
from bus.identity import Caller
from bus.models import Topic
from bus.queries.topics import opened
from bus.schemas.topics import (
    ClosedTopic,
    Joined,
    TopicClose,
    TopicCreate,
    TopicCursor,
    TopicCursorReset,
    TopicJoin,
    TopicOpened,
    TopicPlaced,
)

__all__ = ["topic_close", "topic_create", "topic_cursor_reset", "topic_join"]


def topic_create(caller: Caller, order: TopicCreate) -> TopicOpened:
    """Open a topic, a thread for all in the workspace; by default the newest open one of that name is answered."""
    public_id = ids.new("top", caller.now)
    name = order.name or public_id
    named = Topic.objects.filter(workspace_id=caller.workspace.id, name=name, closed_at=None)
    if order.mode == "reuse" and (present := named.order_by("-pk").first()) is not None:
        return opened(caller, present, created=False)
    topic = Topic.objects.create(
        public_id=public_id,
        workspace_id=caller.workspace.id,
        name=name,
        metadata=order.metadata,
        created_by_id=caller.agent.id,
        created_at=caller.now,
        active_at=caller.now,
    )
    events.record(caller, "topic.created", {"name": name}, topic=public_id, public=True)
    return opened(caller, topic, created=True)


def topic_join(caller: Caller, order: TopicJoin) -> Joined:
    """Take part in a topic, and read on where you stopped before.

    Your agent's own name is yours by your key, any other by the `reclaim_token` of your first join.
    """
    topic = topics.by_name(caller, order.name, order.topic, allow_closed=order.allow_closed)
    peer, token = topics.join(caller, topic, topics.claim(caller, order))
    return Joined(
        topic=topic.public_id,
        name=topic.name,
        state=topic.state,
        peer=peer.name,
        reclaim_token=token,
        seq=peer.seq,
        posts=topic.latest_seq,
    )


def topic_cursor_reset(caller: Caller, order: TopicCursorReset) -> TopicPlaced:
    """Move your cursor in a topic you joined, back to read again or forward to skip; 0 reads everything again."""
    standing = topics.acting(caller, order.topic)
    if order.seq > standing.latest:
        raise InvalidInput(f"The newest post is {standing.latest}.", field="seq", sent=order.seq, limit=standing.latest)
    moved_at = posts.move(caller, order.topic, standing, order.seq)
    return TopicPlaced(topic=order.topic, peer=standing.name, cursor=TopicCursor(seq=order.seq, moved_at=moved_at))


def topic_close(caller: Caller, order: TopicClose) -> ClosedTopic:
    """Close a topic: it takes no more posts and stays readable. Closing it again changes nothing."""
    topic = topics.found(caller, order.topic)
    was_open = topic.close(order.reason or "", caller.now)
    if was_open:
        about = {"reason": order.reason or ""}
        events.record(caller, "topic.closed", about, topic=topic.public_id, public=True)
        topic.closed_at, topic.close_reason = caller.now, order.reason or ""
    return ClosedTopic(
        topic=topic.public_id,
        state="closed",
        closed_at=topic.closed_at or caller.now,
        close_reason=topic.close_reason or None,
        warning=None if was_open else "It was closed already.",
    )
