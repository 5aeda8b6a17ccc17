"""The short ways answer what the SDK would: every request of the corpus goes both ways, in both eras."""

import asyncio

import pytest

from nexus_site.guard import guard
from nexus_site.mcp import kernel
from nexus_site.mcp.server import server
from nexus_site.mcp.streams import Outgoing
from nexus_site.mcp.transport import transport
from tests.protocol.wires import HANDSHAKE, Agent, call, modern, rpc

ODD = {"null": None, "small": 1e-7, "large": 1e16, "whole": 10**18, "text": 'é \u2028 \x7f \x07 \U0001f600 \\ " </x>'}

CORPUS = {
    "a read": call("agent_list"),
    "a read with odd values": call("inbox_peek"),
    "a read with every argument": call("agent_list", presence="present", limit=5, query="a"),
    "a repeated write": call("message_create", subject="once", body="é", to="bob", idempotency_key="same"),
    "a refusal": call("message_create", subject="s", body="b", to="nobody"),
    "a refusal about a name": call("message_create", subject="s", body="b", to="\x7fé\U0001f600"),
    "a missing argument": call("message_create", subject="s"),
    "a wrong type": call("inbox_peek", limit="many"),
    "an unknown argument": call("inbox_peek", colour="red"),
    "an operator's tool": call("setting_put", name="x", value="1"),
    "another workspace": call("inbox_count", workspace="wsp_elsewhere"),
    "an unknown tool": call("no_such_tool", a=1),
    "an unknown tool with an odd name": call("é \x00 \U0001f600"),
    "no arguments": rpc("tools/call", {"name": "inbox_count"}),
    "null arguments": rpc("tools/call", {"name": "inbox_count", "arguments": None}),
    "arguments in a list": rpc("tools/call", {"name": "inbox_count", "arguments": []}),
    "no name": rpc("tools/call", {"arguments": {}}),
    "a number for a name": rpc("tools/call", {"name": 5, "arguments": {}}),
    "an unknown param": rpc("tools/call", {"name": "inbox_count", "arguments": {}, "extra": 1}),
    "a task": rpc("tools/call", {"name": "inbox_count", "arguments": {}, "task": {"ttl": 5}}),
    "a wrong task": rpc("tools/call", {"name": "inbox_count", "arguments": {}, "task": 5}),
    "no params": rpc("tools/call"),
    "the list": rpc("tools/list"),
    "the list with empty params": rpc("tools/list", {}),
    "the list from a cursor": rpc("tools/list", {"cursor": "x"}),
    "the list from a wrong cursor": rpc("tools/list", {"cursor": 5}),
    "a ping": rpc("ping"),
    "a ping with a text for an id": rpc("ping", answers="é \x7f \u2028"),
    "an empty id": rpc("ping", answers=""),
    "a negative id": call("inbox_count") | {"id": -(2**53)},
    "an id in text": call("inbox_count") | {"id": "é\x7f"},
    "an unknown method": rpc("no/such", {"a": 1}),
    "a method that is not served": rpc(
        "completion/complete",
        {"ref": {"type": "ref/prompt", "name": "catch_up"}, "argument": {"name": "to", "value": "a"}},
    ),
    "the prompts": rpc("prompts/list"),
    "a prompt": rpc("prompts/get", {"name": "hand_over", "arguments": {"work": "é"}}),
    "a prompt with the digest": rpc("prompts/get", {"name": "catch_up"}),
    "an unknown prompt": rpc("prompts/get", {"name": "no_such"}),
    "a prompt without its argument": rpc("prompts/get", {"name": "hand_over"}),
    "the resources": rpc("resources/list"),
    "the templates": rpc("resources/templates/list"),
    "the resources from a cursor": rpc("resources/list", {"cursor": "x"}),
    "an inbox": rpc("resources/read", {"uri": "nexus://inbox"}),
    "the handoffs": rpc("resources/read", {"uri": "nexus://handoffs"}),
    "a page": rpc("resources/read", {"uri": "nexus://reference/core"}),
    "an unknown resource": rpc("resources/read", {"uri": "nexus://no/such"}),
    "an unknown handoff": rpc("resources/read", {"uri": "nexus://handoff/hnd_no"}),
    "a resource without a name": rpc("resources/read", {}),
    "the level of logs": rpc("logging/setLevel", {"level": "info"}),
    "discovery": rpc("server/discover"),
}
TOKENS = {
    "a token": {"progressToken": "é"},
    "a wrong token": {"progressToken": [1]},
    "a foreign key": {"x/y": {"z": 1}},
}


def with_meta(meta: object) -> dict[str, object]:
    return rpc("tools/call", {"name": "inbox_count", "arguments": {}, "_meta": meta})


@pytest.fixture
async def sdk(surface):
    """The same server behind the SDK's own HTTP transport, answering JSON."""
    manager, ready, over = kernel.Manager(server(), json_response=True), asyncio.Event(), asyncio.Event()

    async def through_the_sdk(scope, receive, send):
        await transport.admit(scope)
        scope["user"] = kernel.user(scope["nexus.caller"].key.id)
        await manager.handle_request(scope, receive, Outgoing(send))

    async def run():
        async with manager.run():
            ready.set()
            await over.wait()

    running = asyncio.create_task(run())
    await ready.wait()
    yield guard(through_the_sdk)
    over.set()
    await running


@pytest.fixture
def mail(committed, alice, bob, do):
    """A message with odd values, and a write that will be repeated."""
    do("message_create", bob, subject="odd", body=ODD["text"], to="alice", metadata=ODD)
    do("message_create", alice, subject="once", body="é", to="bob", idempotency_key="same")


@pytest.fixture
async def both(mail, sdk, connect):
    """An agent with a session on either way."""
    ours = await connect("alice")
    theirs = Agent(ours.headers["authorization"].removeprefix("Bearer "))
    opening = {"protocolVersion": HANDSHAKE, "capabilities": {}, "clientInfo": {"name": "codex", "version": "1"}}
    opened = await theirs.wire(rpc("initialize", opening)).run(sdk)
    theirs.headers |= {"mcp-session-id": opened.headers["mcp-session-id"], "mcp-protocol-version": HANDSHAKE}
    return ours, theirs


@pytest.mark.parametrize("about", CORPUS)
async def test_handshake_era_answers_the_same_bytes(both, sdk, about):
    ours, theirs = both
    mine = await ours.post(CORPUS[about])
    expected = await theirs.wire(CORPUS[about]).run(sdk)
    assert mine.body == expected.body
    assert b"internal" not in mine.body
    assert (mine.status, mine.headers["content-type"]) == (expected.status, expected.headers["content-type"])


@pytest.mark.parametrize("about", CORPUS)
async def test_modern_era_answers_the_same_bytes(both, sdk, about):
    agent = Agent(both[0].headers["authorization"].removeprefix("Bearer "))
    headers, message = modern(CORPUS[about])
    headers = {name.replace("-", "_"): value.encode("ascii", "ignore").decode() for name, value in headers.items()}
    mine = await agent.post(message, **headers)
    expected = await agent.wire(message, **headers).run(sdk)
    assert mine.body == expected.body
    assert b"internal" not in mine.body
    assert (mine.status, mine.headers["content-type"]) == (expected.status, expected.headers["content-type"])


@pytest.mark.parametrize("about", TOKENS)
async def test_meta_of_a_call_changes_nothing_but_what_it_changes_in_the_sdk(both, sdk, about):
    ours, theirs = both
    mine = await ours.post(with_meta(TOKENS[about]))
    expected = await theirs.wire(with_meta(TOKENS[about])).run(sdk)
    assert (mine.status, mine.body) == (expected.status, expected.body)


@pytest.mark.parametrize("url", ["/mcp", "/mcp?toolsets=all", "/mcp?toolsets=core,inbox", "/mcp?toolsets=operator"])
async def test_list_of_every_toolset_is_the_same_bytes(both, sdk, url):
    ours, theirs = both
    ours.url = theirs.url = url
    assert (await ours.post(rpc("tools/list"))).body == (await theirs.wire(rpc("tools/list")).run(sdk)).body


FAMILY = {
    "the list": rpc("tools/list"),
    "a ping": call("ping"),
    "numbers with fractions and odd texts": call("topic_list"),
    "a refusal": call("topic_join", name="api"),
    "an unknown topic": call("topic_close", topic_id="x"),
    "another's tool": call("inbox_count"),
}


@pytest.mark.parametrize("about", FAMILY)
async def test_tools_of_agent_bus_answer_the_same_bytes(both, sdk, about):
    ours, theirs = both
    ours.url = theirs.url = "/mcp?toolsets=agent-bus"
    await ours.call("topic_create", name="é </x>", metadata=ODD)
    mine, expected = await ours.post(FAMILY[about]), await theirs.wire(FAMILY[about]).run(sdk)
    assert (mine.status, mine.body) == (expected.status, expected.body)
    assert b"INTERNAL" not in mine.body
    headers, message = modern(FAMILY[about])
    agent = Agent(ours.headers["authorization"].removeprefix("Bearer "), ours.url)
    named = {name.replace("-", "_"): value for name, value in headers.items()}
    assert (await agent.post(message, **named)).body == (await agent.wire(message, **named).run(sdk)).body


async def test_long_list_of_texts_is_the_same_bytes(both, sdk, connect):
    ours, theirs = both
    bob = await connect("bob")
    for number in range(30):
        await bob.call("message_create", subject=f"number {number}", body="ß" * number, to="alice")
    request = call("inbox_peek", limit=50)
    assert (await ours.post(request)).body == (await theirs.wire(request).run(sdk)).body
