"""Waiting in a topic: of several calls of one peer each waits for its own news, and an answer says what was sent."""

import asyncio

import pytest

from bus import door, knobs
from bus.errors import RateLimited

COMPLETED = asyncio.FIRST_COMPLETED


@pytest.fixture
def many(pair, play):
    """Return a function that runs a scenario with the id of a topic that both have joined."""

    def many(scenario):
        async def played():
            ann, ben = pair
            topic = (await door.call("topic_create", ann, {"name": "api"})).topic
            for caller in pair:
                await door.call("topic_join", caller, {"topic": topic})
            await scenario(ann, ben, topic)

        play(played)

    return many


def sync(caller, topic, *bodies, seconds=0, **more):
    order = {"topic": topic, "outbox": [{"body": body} for body in bodies], "timeout_seconds": seconds, **more}
    return door.call("topic_sync", caller, order)


def waits(caller, topic, *bodies, **more):
    return asyncio.create_task(sync(caller, topic, *bodies, seconds=50, **more))


def bodies(answer):
    return [post.body for post in answer.received]


async def one_of(waiting):
    (done, *more), rest = await asyncio.wait(waiting, timeout=20, return_when=COMPLETED)
    assert not more
    return done.result(), rest


async def until_sent(ben, topic, body):
    """Return when a post of ann is there."""
    assert bodies(await asyncio.wait_for(sync(ben, topic, seconds=50), 20)) == [body]


def test_of_several_waits_of_one_peer_one_takes_a_post_and_the_others_wait_on(many):
    async def scenario(ann, ben, topic):
        waiting = {waits(ben, topic) for _ in range(3)}
        for number in ("1", "2", "3"):
            await sync(ann, topic, number)
            found, waiting = await one_of(waiting)
            assert (found.status, bodies(found)) == ("ready", [number])

    many(scenario)


def test_a_topic_that_is_closed_ends_a_wait_and_says_so(many):
    async def scenario(ann, ben, topic):
        waiting = waits(ben, topic)
        await door.call("topic_close", ann, {"topic": topic})
        assert (await asyncio.wait_for(waiting, 20)).status == "closed"
        assert (await sync(ben, topic, seconds=50)).status == "closed"

    many(scenario)


def test_where_no_more_may_wait_the_answer_says_what_was_sent(many, monkeypatch):
    async def scenario(ann, ben, topic):
        waiting = waits(ann, topic, "first")
        await until_sent(ben, topic, "first")
        sent = await sync(ann, topic, "hello once", seconds=50)
        assert (sent.status, [post.body for post in sent.sent]) == ("timeout", ["hello once"])
        with pytest.raises(RateLimited):
            await sync(ann, topic, seconds=50)
        assert bodies(await sync(ben, topic, "bye")) == ["hello once"]
        assert bodies(await asyncio.wait_for(waiting, 20)) == ["bye"]

    usual = knobs.get
    monkeypatch.setattr(knobs, "get", lambda name: 1 if name == "open_waits" else usual(name))
    many(scenario)


def test_what_came_while_waiting_is_the_answer_of_the_key(many):
    async def scenario(ann, ben, topic):
        waiting = waits(ann, topic, "question", idempotency_key="k")
        await until_sent(ben, topic, "question")
        await sync(ben, topic, "answer")
        first = await asyncio.wait_for(waiting, 20)
        again = await sync(ann, topic, "question", seconds=50, idempotency_key="k")
        assert (bodies(again), again.duplicate, again.cursor.seq) == (["answer"], True, first.cursor.seq)
        assert [post.message for post in again.sent] == [post.message for post in first.sent]

    many(scenario)


def test_who_waited_was_heard_at_the_end_of_it(many):
    async def scenario(ann, ben, topic):
        waiting = waits(ben, topic)
        (sent,) = (await sync(ann, topic, "news")).sent
        assert (await asyncio.wait_for(waiting, 20)).cursor.moved_at >= sent.at
        begun = (await sync(ann, topic, "last")).sent[0].at
        await sync(ben, topic)
        assert (await sync(ben, topic, seconds=1)).status == "timeout"
        peers = (await door.call("topic_presence", ann, {"topic": topic})).peers
        assert min(peer.seen_at for peer in peers if peer.peer == "ben") > begun

    many(scenario)
