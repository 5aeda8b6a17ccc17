"""Lines over 1 MB: each is answered under its own id, wherever that stands, and what follows it is read."""

import asyncio
import json

import pytest
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client

from nexus_site.guard import LIMIT
from tests.protocol.wires import HANDSHAKE, MODERN, call, modern
from tests.serving.processes import environment
from tests.stdio.pipes import PROGRAM

pytestmark = pytest.mark.slow

POSTS = [{"content_markdown": "x" * 65_536}] * 50
ASKED = modern(call("sync", topic_id="top_x", outbox=POSTS))[1]
NOT_ASKED = {name: value for name, value in ASKED.items() if name != "id"}
DECEPTIVE = {"id": 8, "x": "y" * LIMIT, "z": '", "id": "forged", "z": "'}


def line(message):
    return json.dumps(message).encode()


def long_lines():
    """Return lines, and the id under which each is answered."""
    return [
        (line({"id": 7, **NOT_ASKED}), 7),
        (line({**NOT_ASKED, "id": "seven"}), "seven"),
        (line({"params": ASKED["params"], "id": -7, "jsonrpc": "2.0", "method": "tools/call"}), -7),
        (line({"method": "tools/call", "params": ASKED["params"], "id": 'a"\\é'}), 'a"\\é'),
        (b'\t{ "method" :"tools/call", "params":{"id":8,"x":["%s"]} , "id" : 9 } \r' % (b"y" * LIMIT), 9),
        (line({"id": 9, "method": "tools/call", "params": DECEPTIVE}), 9),
        (line({"method": "tools/call", "params": DECEPTIVE, "id": 9}), 9),
        (line({"method": "tools/call", "params": DECEPTIVE}), None),
        (line({"id": [7], **NOT_ASKED}), None),
        (line({"jsonrpc": "2.0", "id": 7, "result": {"x": "y" * LIMIT}}), None),
        (b"x" * (LIMIT + 1), None),
    ]


def test_a_line_too_long_is_answered_under_its_id(pipe):
    alice, asked = pipe("--agent", "alice"), long_lines()
    alice.send(*(raw for raw, _ in asked), call("whoami") | {"id": "next"})
    alice.until(lambda message: message.get("id") == "next")
    refused = [json.loads(each) for each in alice.said[:-1]]
    assert [each["id"] for each in refused] == [answers for _, answers in asked]
    assert {(each["error"]["code"], each["error"]["data"]["code"]) for each in refused} == {(-32000, "too_large")}
    assert "fewer or shorter items" in refused[0]["error"]["message"]


def test_a_line_of_the_limit_is_read_and_one_byte_more_is_not(pipe):
    alice = pipe("--agent", "alice").hello()
    asked = line(call("whoami") | {"id": "fits"})
    alice.send(asked + b" " * (LIMIT - len(asked)))
    assert "result" in alice.until(lambda message: message.get("id") == "fits")
    alice.send(asked.replace(b"fits", b"over") + b" " * (LIMIT + 1 - len(asked)))
    assert alice.until(lambda message: message.get("id") == "over")["error"]["data"]["details"] == {"limit": LIMIT}
    assert alice.tool("whoami")["agent"] == "alice"


def test_a_line_too_long_that_nothing_ends_is_answered_once(pipe):
    alice = pipe("--agent", "alice")
    said, _ = alice.process.communicate(line({"id": 7, **NOT_ASKED}), timeout=60)
    assert [json.loads(each)["id"] for each in said.splitlines()] == [7]


@pytest.mark.parametrize(("mode", "version"), [(MODERN, MODERN), ("legacy", HANDSHAKE)])
def test_the_official_client_hears_that_a_call_within_the_limits_of_its_parts_is_too_large(home, mode, version):
    words = [*PROGRAM[1:], "--agent", "alice", "--toolsets", "agent-bus"]
    given = StdioServerParameters(command=PROGRAM[0], args=words, env=environment(home))

    async def talk():
        async with Client(stdio_client(given), mode=mode) as alice:
            assert alice.session.protocol_version == version
            topic = (await alice.call_tool("topic_create", {"name": version})).structured_content["topic_id"]
            await alice.call_tool("topic_join", {"topic_id": topic, "agent_name": "alice"})
            order = {"topic_id": topic, "wait_seconds": 0}
            with pytest.raises(MCPError, match="fewer or shorter items") as refused:
                await alice.call_tool("sync", {**order, "outbox": POSTS})
            assert refused.value.error.data["code"] == "too_large"
            sent = (await alice.call_tool("sync", {**order, "outbox": POSTS[:10]})).structured_content["sent"]
            assert len(sent) == 10

    asyncio.run(asyncio.wait_for(talk(), 120))
