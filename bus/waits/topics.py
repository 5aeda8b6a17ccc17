"""Posting to a topic and reading on in it, in one call that waits for news."""

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any

from bus import clock, door, idempotency, knobs, posts, topics
from bus.errors import Busy, DiskFull, InvalidInput, RateLimited
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
    first = await _in_lane(caller, partial(_posting, order=order))
    if first.status != "empty" or not order.timeout_seconds:
        return first
    try:
        found = await _waited(caller, order, first)
    except (Busy, DiskFull, RateLimited):
        if not first.sent:
            raise
        found = first.model_copy(update={"status": "timeout"})  # that it was sent must be told
    return found.model_copy(update={"duplicate": first.duplicate})


async def _waited(caller: Caller, order: TopicSync, first: TopicSynced) -> TopicSynced:
    """Wait until there is something that nobody else of the same peer has taken, or the time is over."""
    loop = asyncio.get_running_loop()
    end = loop.time() + order.timeout_seconds
    names, look = [f"topic:{order.topic}"], partial(_look, order=order)
    while True:
        is_there = await until(caller, names, look, bool, max(end - loop.time(), 0.0))
        found = await _in_lane(replace(caller, now=clock.now()), partial(_reading, order=order, first=first))
        if found.status != "empty":
            return found
        if not is_there:
            return found.model_copy(update={"status": "timeout"})


def _check(order: TopicSync) -> None:
    """Refuse what contradicts itself."""
    if order.ack_through is not None and order.auto_advance:
        raise InvalidInput("`ack_through` needs `auto_advance` false.", field="ack_through")
    if order.limit > (most := knobs.get("topic_max_sync_items")):
        raise InvalidInput(f"`limit` is at most {most} here.", field="limit", limit=most, sent=order.limit)


async def _in_lane(caller: Caller, step: Any) -> TopicSynced:
    """Run a step in the writer lane."""
    answer: TopicSynced = await lane.submit(caller.key.id if caller.key else None, partial(step, caller))
    return answer


def _posting(caller: Caller, *, order: TopicSync) -> TopicSynced:
    """Send and take, once an idempotency key."""
    step = partial(_step, outbox=True)
    if not order.idempotency_key:
        return step(caller, order)
    answer: TopicSynced = idempotency.once(replace(door.find("topic_sync"), function=step), caller, order)
    return answer


def _reading(caller: Caller, *, order: TopicSync, first: TopicSynced) -> TopicSynced:
    """Take what came while waiting; that is the answer of the idempotency key from now on."""
    found = _step(caller, order, outbox=False).model_copy(update={"sent": first.sent})
    if order.idempotency_key and found.received:
        idempotency.keep(caller, order.idempotency_key, found)
    return found


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
        status="ready" if taken.posts else "closed" if standing.is_closed else "empty",
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
