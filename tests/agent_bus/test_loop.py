"""Two agents at work through the SDK's client: a question, an answer, and names that outlive their sessions."""

import asyncio

import pytest

from nexus_site.agent_bus.tokens import tokens

pytestmark = pytest.mark.usefixtures("committed")
ERAS = ("auto", "legacy")


class Peer:
    """One client with the words of the family."""

    def __init__(self, mcp):
        self.mcp = mcp

    async def say(self, name, /, **arguments):
        """Call a tool and return its structured content."""
        result = await self.mcp.call_tool(name, arguments)
        return result.structured_content

    async def sync(self, topic, *texts, **more):
        """Send texts and return what came, without waiting."""
        outbox = [text if isinstance(text, dict) else {"content_markdown": text} for text in texts]
        return await self.say("sync", topic_id=topic, outbox=outbox, **{"wait_seconds": 0, **more})


def bodies(found):
    """Return the texts that came."""
    return [each["content_markdown"] for each in found["received"]]


@pytest.mark.parametrize("mode", ERAS)
async def test_reviewer_and_implementer(alice, bob, client, mode):
    async with client("alice", mode) as one, client("bob", mode) as two:
        implementer, reviewer = Peer(one), Peer(two)
        assert (await implementer.say("ping"))["ok"]
        topic = (await implementer.say("topic_create", name="review", mode="new"))["topic_id"]
        await implementer.say("topic_join", topic_id=topic, agent_name="implementer")
        await reviewer.say("topic_join", name="review", agent_name="reviewer")

        waiting = asyncio.create_task(reviewer.say("sync", topic_id=topic))
        assert (await reviewer.say("topic_resolve", name="review"))["topic_id"] == topic
        question = {"content_markdown": "Is the branch good?", "message_type": "question"}
        asked = (await implementer.sync(topic, question))["sent"][0]["message"]
        (heard,) = (await waiting)["received"]
        assert heard == asked

        answer = {"content_markdown": "Yes.", "message_type": "answer", "reply_to": heard["message_id"]}
        await reviewer.sync(topic, answer)
        (got,) = (await implementer.say("sync", topic_id=topic, wait_seconds=60))["received"]
        assert (got["reply_to"], got["sender"], got["message_type"]) == (asked["message_id"], "reviewer", "answer")
        peers = (await implementer.say("topic_presence", topic_id=topic))["peers"]
        assert {each["agent_name"]: each["last_seq"] for each in peers} == {"implementer": 2, "reviewer": 2}
        assert (await implementer.say("topic_close", topic_id=topic, reason="merged"))["status"] == "closed"
        assert (await reviewer.say("topic_list"))["topics"] == []


async def test_a_name_comes_back_by_its_token_after_a_restart(alice, bob, client):
    async with client("alice") as one, client("bob") as two:
        first, other = Peer(one), Peer(two)
        topic = (await first.say("topic_create", name="api"))["topic_id"]
        token = (await first.say("topic_join", topic_id=topic, agent_name="red"))["reclaim_token"]
        assert (await first.say("topic_join", topic_id=topic, agent_name="red"))["reclaim_token"] == token
        await other.say("topic_join", topic_id=topic, agent_name="blue")
        await other.sync(topic, "one", "two")
        assert bodies(await first.sync(topic, max_items=1)) == ["one"]
    async with client("alice") as one:
        again = Peer(one)
        assert (await again.sync(topic))["error"]["code"] == "AGENT_NOT_JOINED"
        refused = await again.say("topic_join", topic_id=topic, agent_name="red")
        assert refused["error"]["code"] == "AGENT_NAME_IN_USE"
        joined = await again.say("topic_join", topic_id=topic, agent_name="red", reclaim_token=token)
        assert (joined["agent_name"], joined["reclaim_token"]) == ("red", token)
        assert bodies(await again.sync(topic)) == ["two"]


async def test_two_sessions_of_one_agent_do_not_share_its_own_name(alice, client):
    async with client("alice") as one, client("alice") as two:
        first, second = Peer(one), Peer(two)
        topic = (await first.say("topic_create", name="api"))["topic_id"]
        await first.say("topic_join", topic_id=topic, agent_name="alice")
        refused = await second.say("topic_join", topic_id=topic, agent_name="alice")
        assert refused["error"]["code"] == "AGENT_NAME_IN_USE"
        await second.say("topic_join", topic_id=topic, agent_name="alice reviewer")
        await second.sync(topic, "hello")
        assert bodies(await first.sync(topic)) == ["hello"]


async def test_a_session_does_not_act_under_its_agents_name_unless_it_has_joined(bob, client):
    topics = "/mcp?toolsets=topics"
    async with client("bob", url=topics) as usual, client("bob") as one, client("bob", "auto") as two:
        topic = (await Peer(usual).say("topic_create", name="api"))["topic"]
        token = (await Peer(usual).say("topic_join", topic=topic))["reclaim_token"]
        for each in (Peer(one), Peer(two)):
            assert (await each.sync(topic, "hello"))["error"]["code"] == "AGENT_NOT_JOINED"
            refused = await each.say("cursor_reset", topic_id=topic)
            assert refused["error"]["code"] == "AGENT_NOT_JOINED"
            refused = await each.say("topic_join", topic_id=topic, agent_name="bob")
            assert refused["error"]["code"] == "AGENT_NAME_IN_USE"
        await Peer(one).say("topic_join", topic_id=topic, agent_name="bob", reclaim_token=token)
        assert (await Peer(one).sync(topic, "hello"))["sent"][0]["message"]["sender"] == "bob"


async def test_a_wrong_token_is_refused_in_the_session_that_holds_the_name(alice, client):
    async with client("alice") as one:
        red = Peer(one)
        name = {"topic_id": (await red.say("topic_create", name="api"))["topic_id"], "agent_name": "red"}
        token = (await red.say("topic_join", **name))["reclaim_token"]
        refused = await red.say("topic_join", **name, reclaim_token="f" * 32)
        assert refused["error"]["code"] == "AGENT_NAME_IN_USE"
        for more in ({}, {"reclaim_token": token}):
            assert (await red.say("topic_join", **name, **more))["reclaim_token"] == token


async def test_a_token_that_the_process_has_forgotten_is_replaced(alice, client):
    async with client("alice") as one:
        red = Peer(one)
        name = {"topic_id": (await red.say("topic_create", name="api"))["topic_id"], "agent_name": "red"}
        lost = (await red.say("topic_join", **name))["reclaim_token"]
        tokens._kept.clear()
        token = (await red.say("topic_join", **name))["reclaim_token"]
        assert token != lost
        assert (await red.say("topic_join", **name, reclaim_token=token))["reclaim_token"] == token


async def test_without_a_session_a_name_is_that_of_the_key(alice, bob, client):
    async with client("alice", "auto") as one, client("bob", "auto") as two:
        red, blue = Peer(one), Peer(two)
        topic = (await red.say("topic_create", name="api"))["topic_id"]
        await red.say("topic_join", topic_id=topic, agent_name="red")
        await blue.say("topic_join", topic_id=topic, agent_name="blue")
        await blue.sync(topic, "one")
    async with client("alice", "auto") as one:
        assert bodies(await Peer(one).sync(topic)) == ["one"]


async def test_without_a_session_no_name_is_taken_from_another_client_of_the_key(alice, client):
    async with client("alice", "auto") as one, client("alice", "auto") as two:
        first, second = Peer(one), Peer(two)
        topic = (await first.say("topic_create", name="api"))["topic_id"]
        token = (await first.say("topic_join", topic_id=topic, agent_name="implementer"))["reclaim_token"]
        refused = await second.say("topic_join", topic_id=topic, agent_name="implementer")
        assert refused["error"]["code"] == "AGENT_NAME_IN_USE"
        refused = await second.say("topic_join", topic_id=topic, agent_name="reviewer")
        assert refused["error"]["code"] == "ALREADY_JOINED"
        assert "'implementer'" in refused["error"]["message"]
        assert (await first.sync(topic, "hello"))["sent"][0]["message"]["sender"] == "implementer"
        again = {"topic_id": topic, "agent_name": "implementer", "reclaim_token": token}
        assert (await first.say("topic_join", **again))["reclaim_token"] == token


@pytest.mark.parametrize("mode", ERAS)
async def test_who_confirms_itself_gets_the_same_until_it_has(alice, bob, client, mode):
    async with client("alice", mode) as one, client("bob", mode) as two:
        writer, reader = Peer(one), Peer(two)
        topic = (await writer.say("topic_create", name="api"))["topic_id"]
        await writer.say("topic_join", topic_id=topic, agent_name="writer")
        await reader.say("topic_join", topic_id=topic, agent_name="reader")
        await writer.sync(topic, "one", "two")
        look = {"auto_advance": False}
        for _ in range(2):
            found = await reader.sync(topic, **look)
            assert (bodies(found), found["cursor"]["last_seq"]) == (["one", "two"], 0)
        assert bodies(await reader.sync(topic, ack_through=1, **look)) == ["two"]
        assert (await reader.sync(topic, ack_through=2, **look))["cursor"]["last_seq"] == 2
        assert (await reader.say("cursor_reset", topic_id=topic))["cursor"]["last_seq"] == 0
        assert bodies(await reader.sync(topic)) == ["one", "two"]


async def test_a_retry_answers_the_first_message(alice, client):
    async with client("alice") as one:
        peer = Peer(one)
        topic = (await peer.say("topic_create", name="api"))["topic_id"]
        await peer.say("topic_join", topic_id=topic, agent_name="red")
        first = (await peer.sync(topic, {"content_markdown": "one", "client_message_id": "x"}))["sent"][0]
        again = (await peer.sync(topic, {"content_markdown": "other", "client_message_id": "x"}))["sent"][0]
        assert (first["duplicate"], again["duplicate"]) == (False, True)
        assert again["message"] == first["message"]
        await peer.say("cursor_reset", topic_id=topic)
        found = await peer.sync(topic, include_self=True)
        assert [(each["seq"], each["content_markdown"]) for each in found["received"]] == [(1, "one")]


async def test_twenty_at_a_time_until_there_are_no_more(alice, bob, client):
    async with client("alice") as one, client("bob") as two:
        writer, reader = Peer(one), Peer(two)
        topic = (await writer.say("topic_create", name="api"))["topic_id"]
        await writer.say("topic_join", topic_id=topic, agent_name="writer")
        await reader.say("topic_join", topic_id=topic, agent_name="reader")
        await writer.sync(topic, *[f"message {number}" for number in range(45)])
        pages = [await reader.sync(topic) for _ in range(3)]
        assert [(each["received_count"], each["has_more"]) for each in pages] == [(20, True), (20, True), (5, False)]
        assert [text for page in pages for text in bodies(page)] == [f"message {number}" for number in range(45)]
        assert (await reader.sync(topic))["status"] == "empty"
        assert (await reader.sync(topic, wait_seconds=1))["status"] == "timeout"
