"""Every error code, each as data with a plain sentence and never the text of a validator."""

import asyncio
from threading import Event

import pytest

from bus.writer import SHARE, lane
from tests.protocol.wires import call

pytestmark = pytest.mark.usefixtures("committed")

RAW = ("pydantic", "Input should", "String should", "Value error", "type=", "validation error", "Extra inputs", "http")


@pytest.fixture
def refused():
    """Return a function that makes a call and returns its error: the code, the message and what stands beside it."""

    async def refused(agent, name, /, **arguments):
        result = (await agent.post(call(name, **arguments))).result
        assert result["isError"] is True
        found = result["structuredContent"]
        error = found.pop("error")
        assert set(error) == {"code", "message"}
        assert result["content"] == [{"type": "text", "text": error["message"]}]
        assert not [word for word in RAW if word in error["message"]], error["message"]
        return error["code"], error["message"], found

    return refused


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("topic_join", {"agent_name": "red"}),
        ("sync", {"wait_seconds": 0}),
        ("topic_presence", {}),
        ("cursor_reset", {}),
        ("topic_close", {}),
        ("messages_search", {"query": "x"}),
    ],
)
async def test_an_unknown_topic(ann, refused, name, more):
    code, _, _ = await refused(ann, name, topic_id="0123456789", **more)
    assert code == "TOPIC_NOT_FOUND"


async def test_names_of_closed_topics_are_found_on_request_only(ann, refused, topic):
    await ann.call("topic_close", topic_id=topic)
    for name, more in (("topic_resolve", {}), ("topic_join", {"agent_name": "red"})):
        assert (await refused(ann, name, name="review", **more))[0] == "TOPIC_NOT_FOUND"
        assert (await ann.call(name, name="review", allow_closed=True, **more))["status"] == "closed"


async def test_a_closed_topic_is_joined_by_id_and_read_and_takes_nothing(ann, ben, refused, topic):
    await ann.call("sync", topic_id=topic, outbox={"content_markdown": "last"}, wait_seconds=0)
    await ben.call("topic_close", topic_id=topic)
    outbox = [{"content_markdown": "late"}]
    assert (await refused(ann, "sync", topic_id=topic, outbox=outbox))[0] == "TOPIC_CLOSED"
    joined = await ben.call("topic_join", topic_id=topic, agent_name="late reader")
    assert joined["status"] == "closed"
    got = await ben.call("sync", topic_id=topic)
    assert [each["content_markdown"] for each in got["received"]] == ["last"]
    over = (await ben.post(call("sync", topic_id=topic, wait_seconds=300))).result["structuredContent"]
    assert (over["status"], over["warnings"][0]["code"]) == ("empty", "TOPIC_CLOSED")


@pytest.mark.parametrize("name", ["sync", "cursor_reset"])
async def test_who_has_not_joined(alice, connect, refused, topic, name):
    other = await connect("alice")
    code, message, _ = await refused(other, name, topic_id=topic)
    assert code == "AGENT_NOT_JOINED"
    assert "topic_join" in message


async def test_a_name_in_use_comes_with_nine_others(ann, ben, refused, topic):
    code, message, more = await refused(ben, "topic_join", topic_id=topic, agent_name=" implementer ")
    assert code == "AGENT_NAME_IN_USE"
    assert "reclaim_token" in message
    assert more["requested_agent_name"] == "implementer"
    assert len(set(more["suggested_agent_names"])) == 9
    chosen = more["suggested_agent_names"][0]
    assert (await ben.call("topic_join", topic_id=topic, agent_name=chosen))["agent_name"] == chosen
    wrong = {"topic_id": topic, "agent_name": "implementer", "reclaim_token": "0" * 32}
    assert (await refused(ben, "topic_join", **wrong))[0] == "AGENT_NAME_IN_USE"


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("topic_create", {"mode": "fresh"}, "mode must be one of reuse, new."),
        ("topic_create", {"metadata": [1]}, "metadata must be a JSON object."),
        ("topic_create", {"metadata": {"x": "y" * 9000}}, "metadata is 9008 bytes"),
        ("topic_create", {"metadata": '{"x": NaN}'}, "metadata must be a JSON object."),
        ("topic_create", {"name": "a\nb"}, "name holds a control character."),
        ("topic_create", {"name": 5}, "name must be a text"),
        ("topic_list", {"status": "done"}, "status must be one of open, closed, all."),
        ("topic_resolve", {}, "name is missing."),
        ("topic_resolve", {"name": ""}, "name must be a text that is not empty."),
        ("topic_join", {"agent_name": "red"}, "Give exactly one of topic_id and name."),
        ("topic_join", {"agent_name": "red", "topic_id": "x", "name": "y"}, "Give exactly one"),
        ("topic_join", {"topic_id": "x"}, "agent_name is missing."),
        ("topic_join", {"topic_id": "x", "agent_name": "n" * 65}, "agent_name has at most 64 characters."),
        ("topic_join", {"topic_id": "x", "agent_name": "a\x07b"}, "agent_name holds a control character."),
        ("topic_join", {"topic_id": "x", "agent_name": "  "}, "agent_name must be a text that is not empty."),
        ("sync", {}, "topic_id is missing."),
        ("sync", {"topic_id": "x", "outbox": "hello"}, "outbox must be a list of objects"),
        ("sync", {"topic_id": "x", "outbox": '"hello"'}, "outbox must be a list of objects"),
        ("sync", {"topic_id": "x", "outbox": ["hello"]}, "outbox[0] must be an object"),
        ("sync", {"topic_id": "x", "outbox": [{}]}, "outbox[0].content_markdown is missing."),
        ("sync", {"topic_id": "x", "outbox": [{"content_markdown": ""}]}, "outbox[0].content_markdown must be"),
        ("sync", {"topic_id": "x", "outbox": r'{"content_markdown": "\ud800"}'}, "The order holds what no text can."),
        (
            "sync",
            {"topic_id": "x", "outbox": [{"content_markdown": "x", "message_type": "t" * 33}]},
            "outbox[0].message_type has at most 32 characters.",
        ),
        (
            "sync",
            {"topic_id": "x", "outbox": [{"content_markdown": "x", "client_message_id": "c" * 129}]},
            "outbox[0].client_message_id has at most 128 characters.",
        ),
        ("sync", {"topic_id": "x", "max_items": 0}, "max_items must be a whole number of at least 1."),
        ("sync", {"topic_id": "x", "max_items": "many"}, "max_items must be a whole number"),
        ("sync", {"topic_id": "x", "wait_seconds": -1}, "wait_seconds must be a whole number of at least 0."),
        ("sync", {"topic_id": "x", "include_self": "perhaps"}, "include_self must be true or false."),
        ("sync", {"topic_id": "x", "ack_through": 1}, "ack_through needs auto_advance=false."),
        ("topic_presence", {"topic_id": "x", "window_seconds": 0}, "window_seconds must be"),
        ("messages_search", {"query": "  "}, "query must be a text that is not empty."),
        ("messages_search", {"query": "x", "limit": 0}, "limit must be a whole number of at least 1."),
        ("messages_search", {"query": "x", "mode": "magic"}, "mode must be one of hybrid, fts, semantic."),
        ("cursor_reset", {"topic_id": "x", "last_seq": -1}, "last_seq must be a whole number"),
    ],
)
async def test_a_wrong_argument(ann, refused, name, arguments, said):
    code, message, more = await refused(ann, name, **arguments)
    assert (code, more) == ("INVALID_ARGUMENT", {})
    assert message.startswith(said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"max_items": 21}, "max_items is more than the limit of 20."),
        ({"max_items": 10**9}, "max_items is more than the limit of 20."),
        ({"outbox": [{"content_markdown": "x"}] * 51}, "outbox is more than the limit of 50."),
        (
            {"outbox": [{"content_markdown": "x"}, {"content_markdown": "x" * 65_537}]},
            "outbox[1].content_markdown is more than the limit of 65536.",
        ),
        ({"ack_through": 9, "auto_advance": False}, "ack_through is more than the limit of 0."),
        ({"outbox": [{"content_markdown": "x", "reply_to": "msg_no"}]}, "reply_to: There is no such post"),
    ],
)
async def test_what_the_topic_does_not_take(ann, ben, refused, topic, arguments, said):
    code, message, _ = await refused(ann, "sync", topic_id=topic, wait_seconds=0, **arguments)
    assert code == "INVALID_ARGUMENT"
    assert message.startswith(said)
    assert (await ben.call("sync", topic_id=topic, wait_seconds=0))["received"] == []


async def test_a_cursor_does_not_go_past_the_end(ann, refused, topic):
    code, message, _ = await refused(ann, "cursor_reset", topic_id=topic, last_seq=1)
    assert (code, message) == ("INVALID_ARGUMENT", "last_seq is more than the limit of 0.")


async def test_a_busy_database(alice, ann, refused, topic):
    gate = Event()
    waiting = [lane.submit(alice.key.id, gate.wait) for _ in range(SHARE)]
    code, message, _ = await refused(ann, "topic_close", topic_id=topic)
    gate.set()
    assert all(await asyncio.gather(*waiting))
    assert code == "DB_BUSY"
    assert "Send it again" in message


async def test_what_the_family_has_no_code_for_keeps_ours(do, operator, keys, alice, connect, refused):
    minted = await asyncio.to_thread(do, "key_mint", operator, agent="alice", scope="read")
    keys["reader"] = minted.key
    reader = await connect("reader")
    code, message, _ = await refused(reader, "topic_create", name="api")
    assert code == "FORBIDDEN"
    assert "only read" in message


async def test_an_argument_that_no_tool_takes_is_told_and_harms_nothing(ann):
    found = (await ann.post(call("topic_create", name="api", colour="red"))).result["structuredContent"]
    assert found["name"] == "api"
    assert found["warnings"] == [{"code": "UNKNOWN_ARGUMENT", "message": "'colour' is no argument of this tool."}]


@pytest.mark.parametrize(
    "more",
    [
        {"outbox": '[{"content_markdown": "x"}]'},
        {"outbox": '{"content_markdown": "x", "metadata": {"a": 1}}'},
        {"outbox": {"content_markdown": "x", "reply_to": None, "metadata": None, "client_message_id": None}},
        {"outbox": [{"content_markdown": "x"}], "max_items": "5", "include_self": "false", "ack_through": None},
    ],
)
async def test_what_clients_send_otherwise_is_understood(ann, topic, more):
    found = await ann.call("sync", topic_id=topic, wait_seconds="0", **more)
    assert [each["message"]["content_markdown"] for each in found["sent"]] == ["x"]
