"""Posting to a topic and reading on in it, in one call that waits for news."""

from dataclasses import replace
from functools import partial
from typing import Any

from bus import door, idempotency, knobs, posts, topics
from bus.errors import InvalidInput
from bus.identity import Caller
from bus.readers import readers
from bus.schemas.topics import TopicCursor, TopicSync, TopicSynced
from bus.topics import Standing
from bus.waits.until import until
from bus.writer import lane

__all__ = ["topic_sync"]


async def topic_sync(caller: Caller, order: TopicSync) -> TopicSynced:
    """Send posts to a topic and get those you have not read, in order; waits for news when there are none.

    What you get counts as read, unless `auto_advance` is false.
    """
    await readers.look(partial(_check, order))
    first = await _in_lane(caller, order, partial(_step, outbox=True), order.idempotency_key)
    if first.received or not order.timeout_seconds:
        return first
    waiting = await until(caller, [f"topic:{order.topic}"], partial(_look, order=order), bool, order.timeout_seconds)
    if not waiting:
        return first.model_copy(update={"status": "timeout"})
    then = await _in_lane(caller, order, partial(_step, outbox=False))
    return then.model_copy(update={"sent": first.sent, "duplicate": first.duplicate})


def _check(order: TopicSync) -> None:
    """Refuse what contradicts itself."""
    if order.ack_through is not None and order.auto_advance:
        raise InvalidInput("`ack_through` needs `auto_advance` false.", field="ack_through")
    if order.limit > (most := knobs.get("topic_max_sync_items")):
        raise InvalidInput(f"`limit` is at most {most} here.", field="limit", limit=most, sent=order.limit)


async def _in_lane(caller: Caller, order: TopicSync, step: Any, key: str | None = None) -> TopicSynced:
    """Run a step in the writer lane; the first one once an idempotency key."""
    owner = caller.key.id if caller.key else None
    work = step
    if key:
        work = partial(idempotency.once, replace(door.find("topic_sync"), function=step))
    answer: TopicSynced = await lane.submit(owner, partial(work, caller, order))
    return answer


def _step(caller: Caller, order: TopicSync, *, outbox: bool) -> TopicSynced:
    """Send where there is something to send, take what is new and move the cursor. Runs inside the lane."""
    standing = topics.acting(caller, order.topic)
    start = _acked(order, standing)
    sent = posts.send(caller, order.topic, start, order.outbox) if outbox else []
    start = start._replace(latest=max([start.latest, *(post.seq for post in sent)]))
    taken = posts.after(start, most=order.limit, include_self=order.include_self)
    seq = taken.reached if order.auto_advance else start.seq
    moved_at = posts.move(caller, order.topic, standing, seq)
    return TopicSynced(
        status="ready" if taken.posts else "empty",
        peer=standing.name,
        cursor=TopicCursor(seq=seq, moved_at=moved_at),
        sent=sent,
        received=taken.posts,
        has_more=taken.has_more,
    )


def _acked(order: TopicSync, standing: Standing) -> Standing:
    """Return the standing with what the order says was read."""
    if order.ack_through is None:
        return standing
    if order.ack_through > standing.latest:
        newest = f"The newest post is {standing.latest}."
        raise InvalidInput(newest, field="ack_through", sent=order.ack_through, limit=standing.latest)
    return standing._replace(seq=max(order.ack_through, standing.seq))


def _look(caller: Caller, *, order: TopicSync) -> bool:
    """Say whether something can be taken, or nothing can come any more."""
    standing = topics.acting(caller, order.topic)
    return standing.is_closed or bool(posts.after(standing, most=1, include_self=order.include_self).posts)
