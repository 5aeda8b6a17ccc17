"""What each tool answers: exactly these names, with what may differ from run to run replaced by a word for it."""

import asyncio
import re
from functools import partial

import pytest

from nexus_site.agent_bus.tools import TOOLS, listed
from tests.protocol.wires import call, modern, rpc

pytestmark = pytest.mark.usefixtures("committed")

NAMES = {
    "ping": set(),
    "topic_create": {"name", "metadata", "mode"},
    "topic_list": {"status"},
    "topic_resolve": {"name", "allow_closed"},
    "topic_join": {"agent_name", "topic_id", "name", "allow_closed", "reclaim_token"},
    "sync": {
        *("topic_id", "outbox", "max_items", "include_self", "wait_seconds", "auto_advance", "ack_through"),
    },
    "messages_search": {"query", "topic_id", "mode", "limit", "model", "include_content"},
    "topic_presence": {"topic_id", "window_seconds", "limit"},
    "cursor_reset": {"topic_id", "last_seq"},
    "topic_close": {"topic_id", "reason"},
}
DEFAULTS = {
    "topic_create": {"mode": "reuse"},
    "topic_list": {"status": "open"},
    "topic_resolve": {"allow_closed": False},
    "topic_join": {"allow_closed": False},
    "sync": {"max_items": 20, "include_self": False, "wait_seconds": 60, "auto_advance": True},
    "messages_search": {"mode": "hybrid", "limit": 20, "include_content": False},
    "topic_presence": {"window_seconds": 300, "limit": 200},
    "cursor_reset": {"last_seq": 0},
}
REQUIRED = {
    "topic_resolve": ["name"],
    "topic_join": ["agent_name"],
    "sync": ["topic_id"],
    "messages_search": ["query"],
    "topic_presence": ["topic_id"],
    "cursor_reset": ["topic_id"],
    "topic_close": ["topic_id"],
}
WORDS = {
    r"top_\w+": "TOPIC",
    r"msg_\w+": "MESSAGE",
    r"^[0-9a-f]{32}$": "TOKEN",
    r"reclaim_token=[0-9a-f]{32}$": "reclaim_token=TOKEN",
    r"age=\d+\.\ds": "age=AGE",
}


def golden(value, name=""):
    """Return an answer with a word for every id, token and time."""
    if isinstance(value, dict):
        return {key: golden(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [golden(each) for each in value]
    if isinstance(value, float):
        return "SECONDS"
    for pattern, word in WORDS.items() if isinstance(value, str) else ():
        value = re.sub(pattern, word, value)
    return value


async def said(agent, name, /, **arguments):
    """Return text and structured content of an answer."""
    result = (await agent.post(call(name, **arguments))).result
    assert not result.get("isError")
    return golden(result["content"][0]["text"]), golden(result["structuredContent"])


def test_the_tools_are_the_familys_with_their_arguments_and_defaults():
    tools = {tool["name"]: tool["inputSchema"] for tool in listed()}
    assert {name: set(schema["properties"]) for name, schema in tools.items()} == NAMES
    assert {name: schema["required"] for name, schema in tools.items() if "required" in schema} == REQUIRED
    defaults = {
        name: {key: part["default"] for key, part in schema["properties"].items() if "default" in part}
        for name, schema in tools.items()
    }
    assert {name: found for name, found in defaults.items() if found} == DEFAULTS
    assert {name for name, tool in TOOLS.items() if tool.only_reads} == {
        *("ping", "topic_list", "topic_resolve", "topic_presence", "messages_search"),
    }


async def test_ping(ann):
    text, found = await said(ann, "ping")
    assert text.startswith("pong (")
    assert (found["ok"], found["spec_version"], set(found)) == (True, "v6.3", {"ok", "spec_version", "package_version"})


async def test_opening_finding_and_listing(ann):
    shape = {"topic_id": "TOPIC", "name": "api", "status": "open"}
    text = 'Topic: name="api" topic_id="TOPIC" status="open"'
    assert await said(ann, "topic_create", name="api", metadata={"ticket": 7}) == (text, shape)
    assert await said(ann, "topic_create", name="api") == (text, shape)
    assert await said(ann, "topic_resolve", name="api") == (text, shape)
    listed = {"created_at": "SECONDS", "closed_at": None, "close_reason": None, "metadata": {"ticket": 7}}
    assert await said(ann, "topic_list") == (
        "Topics (open): 1\n- api (TOPIC) status=open",
        {"topics": [{**shape, **listed}]},
    )


async def test_joining(ann):
    await ann.call("topic_create", name="api")
    assert await said(ann, "topic_join", name="api", agent_name=" red ") == (
        'Joined "api" (TOPIC) as "red". Keep the token to come back under this name:\nreclaim_token=TOKEN',
        {"topic_id": "TOPIC", "name": "api", "status": "open", "agent_name": "red", "reclaim_token": "TOKEN"},
    )


async def test_syncing(ann, ben, topic):
    question = {"content_markdown": "Ready?", "message_type": "question", "client_message_id": "q"}
    message = {
        "message_id": "MESSAGE",
        "topic_id": "TOPIC",
        "seq": 1,
        "sender": "implementer",
        "message_type": "question",
        "reply_to": None,
        "content_markdown": "Ready?",
        "metadata": None,
        "client_message_id": "q",
        "created_at": "SECONDS",
    }
    usual = {"topic_id": "TOPIC", "has_more": False, "cursor": {"last_seq": 1, "updated_at": "SECONDS"}}
    assert await said(ann, "sync", topic_id=topic, outbox=[question], wait_seconds=0) == (
        "Sync: status=empty received=0 sent=1 cursor=1 has_more=false",
        {
            **usual,
            "agent_name": "implementer",
            "status": "empty",
            "sent": [{"message": message, "duplicate": False}],
            "received": [],
            "received_count": 0,
        },
    )
    assert await said(ben, "sync", topic_id=topic, wait_seconds=0) == (
        "Sync: status=ready received=1 sent=0 cursor=1 has_more=false\n[1] implementer (question) id=MESSAGE\nReady?",
        {
            **usual,
            "agent_name": "reviewer",
            "status": "ready",
            "sent": [],
            "received": [message],
            "received_count": 1,
        },
    )


async def test_presence_cursor_and_closing(ann, topic):
    text, found = await said(ann, "topic_presence", topic_id=topic)
    assert text.splitlines()[0] == "Peers heard in the last 300 seconds: 2"
    peer = {"last_seq": 0, "updated_at": "SECONDS", "age_seconds": "SECONDS"}
    assert sorted(found.pop("peers"), key=str) == [
        {"agent_name": "implementer", **peer},
        {"agent_name": "reviewer", **peer},
    ]
    assert found == {"topic_id": "TOPIC", "window_seconds": 300, "limit": 200, "now": "SECONDS", "count": 2}
    assert await said(ann, "cursor_reset", topic_id=topic) == (
        "Cursor of implementer in TOPIC: last_seq=0",
        {"topic_id": "TOPIC", "agent_name": "implementer", "cursor": {"last_seq": 0, "updated_at": "SECONDS"}},
    )
    closed = {"topic_id": "TOPIC", "status": "closed", "closed_at": "SECONDS", "close_reason": "done"}
    text = 'Topic closed: topic_id="TOPIC" close_reason="done"'
    assert await said(ann, "topic_close", topic_id=topic, reason="done") == (text, closed)
    again = await said(ann, "topic_close", topic_id=topic, reason="twice")
    warning = {"code": "ALREADY_CLOSED", "message": "It was closed already.", "context": {"topic_id": "TOPIC"}}
    assert again == (text, {**closed, "warnings": [warning]})


async def test_a_long_reason_is_cut(ann, topic):
    closed = await ann.call("topic_close", topic_id=topic, reason="é" * 201)
    assert (closed["status"], closed["close_reason"]) == ("closed", "é" * 200)
    assert [each["code"] for each in closed["warnings"]] == ["REASON_SHORTENED"]
    again = await ann.call("topic_close", topic_id=topic, reason="é" * 201)
    assert (again["close_reason"], [each["code"] for each in again["warnings"]]) == ("é" * 200, ["ALREADY_CLOSED"])


async def test_a_reason_as_long_as_is_kept_is_not_cut(ann, topic):
    closed = await ann.call("topic_close", topic_id=topic, reason="r" * 200)
    assert (closed["close_reason"], "warnings" in closed) == ("r" * 200, False)


async def test_searching(ann, ben, topic, connect, carol):
    await ann.call("sync", topic_id=topic, outbox=[{"content_markdown": "Trailing commas\nbreak it."}], wait_seconds=0)
    other = (await ben.call("topic_create", name="other"))["topic_id"]
    await ben.call("topic_join", topic_id=other, agent_name="ben")
    await ben.call("sync", topic_id=other, outbox=[{"content_markdown": "commas again"}], wait_seconds=0)
    reader = await connect("carol")
    result = {
        "topic_id": "TOPIC",
        "topic_name": "review",
        "message_id": "MESSAGE",
        "seq": 1,
        "sender": "implementer",
        "message_type": "message",
        "created_at": "SECONDS",
        "snippet": "Trailing \ue000commas\ue001 break it.",
        "rank": "SECONDS",
        "fts_rank": "SECONDS",
        "semantic_score": None,
    }
    asked = {"query": "commas", "mode": "fts", "topic_id": topic}
    text, found = await said(reader, "messages_search", **asked)
    assert found == {**asked, "topic_id": "TOPIC", "include_content": False, "results": [result], "count": 1}
    head, where = text.splitlines()[:2]
    assert (head, where) == ("Search: mode=fts results=1", "- review [1] implementer (message) id=MESSAGE")
    whole = await reader.call("messages_search", **asked, include_content=True)
    assert whole["results"][0]["content_markdown"] == "Trailing commas\nbreak it."
    everywhere = await reader.call("messages_search", query="commas", limit=1)
    assert (everywhere["count"], everywhere["warnings"][0]["code"]) == (1, "hybrid_no_embeddings")
    meant = await reader.call("messages_search", query="commas", mode="semantic")
    assert (meant["results"], meant["warnings"][0]["code"]) == ([], "semantic_no_embeddings")
    for odd in ('"', "a AND (", "col:x*", "NEAR(", "-", "\ue000"):
        assert (await reader.call("messages_search", query=odd))["results"] == []


async def test_a_text_lists_the_first_twenty(ann):
    for number in range(22):
        await ann.call("topic_create", name=f"topic {number}")
    text, found = await said(ann, "topic_list")
    assert len(found["topics"]) == 22
    assert len(text.splitlines()) == 22
    assert text.endswith("… and 2 more")


async def test_a_text_holds_a_message_up_to_a_limit_or_one_line_of_it(ann, ben, topic, do, operator):
    long = "first line\n" + "x" * 100
    await ann.call("sync", topic_id=topic, outbox={"content_markdown": long}, wait_seconds=0)
    look = {"topic_id": topic, "wait_seconds": 0, "auto_advance": False}
    put = partial(asyncio.to_thread, do, "setting_put", operator)
    await put(name="topic_tool_text_max_chars", value=80)
    text, found = await said(ben, "sync", **look)
    assert text.endswith("x" * 69 + "…\n(cut; the whole message has 111 characters)")
    assert found["received"][0]["content_markdown"] == long
    await put(name="topic_tool_text_include_bodies", value=0)
    text, _ = await said(ben, "sync", **look)
    assert text.splitlines()[1:] == ["[1] implementer (message) id=MESSAGE: first line"]


async def test_both_eras_answer_the_same(ann, topic):
    old = (await ann.post(call("topic_list"))).result
    ann.headers = {"authorization": ann.headers["authorization"]}
    new = (await ann.modern(call("topic_list"))).result
    assert (new["content"], new["structuredContent"]) == (old["content"], old["structuredContent"])


async def test_the_url_chooses_the_tools_and_what_is_said_of_them(ann, connect):
    listed = [tool["name"] for tool in (await ann.post(rpc("tools/list"))).result["tools"]]
    assert listed == list(NAMES)
    assert (await ann.call("whoami"))["agent"] == "alice"
    both = await connect("alice", "/mcp?toolsets=core,agent-bus")
    names = [tool["name"] for tool in (await both.post(rpc("tools/list"))).result["tools"]]
    assert (len(names), names[15:]) == (15 + len(NAMES), list(NAMES))
    assert "topic_id" in await both.call("topic_create", name="api")
    usual = await connect("alice", "/mcp?toolsets=topics")
    assert "topic" in await usual.call("topic_create", name="api")
    assert "error" in await usual.call("ping")
    for agent, wanted in ((ann, False), (both, True), (usual, True)):
        instructions = (await agent.initialize()).result["instructions"]
        assert ("whoami" in instructions) is wanted
        assert ("topic_join" in instructions) is (agent is not usual)
    _, discovery = modern(rpc("server/discover"))
    ann.headers = {"authorization": ann.headers["authorization"]}
    assert "topic_join" in (await ann.modern(discovery)).result["instructions"]


@pytest.mark.parametrize("toolsets", ["agent-bus,topics", "all,agent-bus"])
async def test_two_tools_of_one_name_are_refused(alice, connect, toolsets):
    agent = await connect("alice", f"/mcp?toolsets={toolsets}")
    reply = await agent.initialize()
    assert (reply.status, reply.error["code"]) == (422, "invalid_input")
    assert "same names" in reply.error["message"]
    assert "/mcp?toolsets=core,agent-bus" in reply.error["hint"]
