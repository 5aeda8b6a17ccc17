"""What a restart of the server leaves of an MCP session: all of it that a client needs, and nothing of one that ended."""

import asyncio
import json
import math

import pytest

from bus import door
from nexus_site.guard import guard
from nexus_site.mcp import kernel
from nexus_site.mcp.sittings import left_open, sittings
from nexus_site.mcp.transport import Transport, transport
from tests.protocol.wires import Agent, call, open_sessions, rpc, until

OLD = "2024-11-05"


@pytest.fixture
def restarted(connect):
    """Return a function that gives an agent an MCP session from before a restart of the transport."""

    async def restarted(name: str = "alice", **settings) -> Agent:
        agent = await connect(name, **settings)
        await transport.stop()
        return agent

    return restarted


async def refused(agent: Agent) -> None:
    """Check that the session is unknown whatever is asked, and that another can be opened."""
    for method in ("POST", "GET", "DELETE"):
        reply = await agent.wire(rpc("ping") if method == "POST" else None, method).run()
        assert (reply.status, reply.error["code"]) == (404, "not_found")
        assert "initialize" in reply.error["hint"]
    before = agent.headers["mcp-session-id"]
    assert (await agent.initialize()).status == 200
    assert agent.headers["mcp-session-id"] != before
    assert (await agent.post(rpc("ping"))).result == {}


async def streaming(agent: Agent):
    """Open the GET stream of a session; return it and the task that holds it."""
    stream = agent.wire(None, "GET")
    held = asyncio.create_task(stream.run())
    await asyncio.wait_for(stream.started.wait(), 20)
    return stream, held


async def test_session_goes_on_after_a_restart(alice, connect):
    agent = await connect("alice")
    before = (await agent.call("whoami"))["session"]
    await transport.stop()
    assert (await agent.call("whoami"))["session"] == before
    assert (await agent.post(rpc("tools/list"))).result["tools"]
    assert await open_sessions() == 1


async def test_session_goes_on_after_a_second_restart(alice, restarted):
    agent = await restarted()
    assert (await agent.post(rpc("ping"))).result == {}
    await transport.stop()
    assert (await agent.post(rpc("ping"))).result == {}


async def test_wait_is_the_first_call_after_a_restart(alice, bob, restarted, connect):
    agent = await restarted()
    waiting = agent.wire(call("inbox_wait", timeout_seconds=60))
    held = asyncio.create_task(waiting.run())
    await asyncio.wait_for(waiting.started.wait(), 20)
    await (await connect("bob")).call("message_create", subject="wake", body="up", to="alice")
    reply = await asyncio.wait_for(held, 20)
    assert [each["subject"] for each in reply.result["structuredContent"]["messages"]] == ["wake"]


async def test_stream_opens_after_a_restart_and_who_subscribes_again_is_told(alice, bob, restarted, connect):
    agent = await restarted()
    stream, held = await streaming(agent)
    assert (stream.reply.status, stream.reply.headers["content-type"]) == (200, "text/event-stream")
    assert (await agent.wire(None, "GET").run()).status == 409
    assert (await agent.post(rpc("resources/subscribe", {"uri": "nexus://inbox"}))).result == {}
    await (await connect("bob")).call("message_create", subject="hello", body="b", to="alice")
    await until(lambda: asyncio.sleep(0, b"notifications/resources/updated" in stream.reply.body))
    stream.gone.set()
    await asyncio.wait_for(held, 20)


async def test_delete_is_the_first_request_after_a_restart_and_ends_the_session(alice, restarted):
    agent = await restarted()
    assert (await agent.wire(None, "DELETE").run()).status == 200
    assert await open_sessions() == 0
    await refused(agent)


async def test_agreed_version_is_kept_for_a_client_that_does_not_name_it(alice, connect):
    agent = await connect("alice", in_session=False)
    opening = {"protocolVersion": OLD, "capabilities": {}, "clientInfo": {"name": "gemini", "version": "1"}}
    agent.headers["mcp-session-id"] = (await agent.post(rpc("initialize", opening))).headers["mcp-session-id"]
    await transport.stop()
    assert (await agent.post(rpc("ping"))).result == {}
    reply = await agent.post(call("inbox_wait", timeout_seconds=0))
    assert reply.result["structuredContent"]["messages"] == []
    assert sittings.find(agent.headers["mcp-session-id"], alice.key.id).version == OLD


async def test_first_requests_at_once_go_on_with_one_session(alice, restarted):
    agent = await restarted()
    several = [rpc("ping"), call("inbox_wait", timeout_seconds=0), rpc("tools/list")] * 4
    replies = await asyncio.gather(*(agent.post({**each, "id": number}) for number, each in enumerate(several)))
    assert [reply.status for reply in replies] == [200] * len(several)
    assert {"result"} <= set.intersection(*(set(reply.message) for reply in replies))
    assert await open_sessions() == 1


async def test_sessions_of_two_keys_go_on_each_with_its_own(alice, bob, connect):
    hers, his = await connect("alice"), await connect("bob")
    before = [(await each.call("whoami"))["session"] for each in (hers, his)]
    await transport.stop()
    assert [(await each.call("whoami"))["session"] for each in (hers, his)] == before


@pytest.mark.parametrize("is_back", [False, True])
async def test_session_of_alice_is_unknown_to_bob_after_a_restart(alice, bob, restarted, connect, is_back):
    hers = await restarted()
    if is_back:
        assert (await hers.post(rpc("ping"))).result == {}
    his = await connect("bob", in_session=False)
    foreign = await his.post(rpc("ping"), mcp_session_id=hers.headers["mcp-session-id"])
    unknown = await his.post(rpc("ping"), mcp_session_id="0" * 32)
    assert (foreign.status, foreign.body) == (404, unknown.body)
    assert (await hers.post(rpc("ping"))).result == {}


@pytest.mark.parametrize("given", ["0" * 32, "no-such", "%", "x" * 300])
async def test_unknown_session_is_refused_after_a_restart(alice, restarted, given):
    agent = await restarted()
    agent.headers["mcp-session-id"] = given
    await refused(agent)


async def test_deleted_session_stays_ended_after_a_restart(alice, connect):
    agent = await connect("alice")
    await agent.wire(None, "DELETE").run()
    await transport.stop()
    await refused(agent)


async def test_session_that_an_operator_ended_while_nobody_served_is_over(alice, operator, connect):
    agent = await connect("alice")
    session = (await agent.call("whoami"))["session"]
    await transport.stop()
    await door.call("session_end", operator, {"session": session})
    await refused(agent)


async def test_operator_ends_a_session_that_went_on(alice, operator, restarted):
    agent = await restarted()
    session = (await agent.call("whoami"))["session"]
    _, held = await streaming(agent)
    await door.call("session_end", operator, {"session": session})
    await asyncio.wait_for(held, 20)
    await refused(agent)


async def test_revoked_key_ends_the_stream_of_a_session_that_went_on(alice, operator, restarted):
    agent = await restarted()
    _, held = await streaming(agent)
    await door.call("key_revoke", operator, {"agent": "alice", "key": alice.key.prefix})
    await asyncio.wait_for(held, 20)
    assert (await agent.post(rpc("ping"))).status == 401


async def test_idle_time_begins_anew_and_ends_the_session_on_both_sides(alice, restarted):
    agent = await restarted()
    assert (await agent.post(rpc("ping"))).result == {}
    idle = transport._manager._server_instances[agent.headers["mcp-session-id"]].idle_scope
    assert idle.deadline < math.inf
    idle.cancel()
    await until(lambda: _are_open(0))
    await refused(agent)


async def _are_open(number):
    return await open_sessions() == number


async def test_session_that_goes_on_takes_a_place_of_its_key(alice, bob, connect, monkeypatch):
    monkeypatch.setattr(kernel, "SELDOM", 0)
    agents = [await connect("alice") for _ in range(3)]
    other = await connect("bob")
    await transport.stop()
    monkeypatch.setattr(transport, "_most_of_key", 2)
    assert [(await each.post(rpc("ping"))).status for each in (other, *agents)] == [200] * 4
    assert [(await each.post(rpc("ping"))).status for each in (other, *agents)] == [200, 404, 200, 200]
    await until(lambda: _are_open(3))


async def test_session_is_refused_while_there_is_no_room_and_goes_on_later(alice, bob, connect):
    agents = [await connect("alice"), await connect("bob")]
    await transport.stop()
    small = Transport(most_sessions=1)
    await small.start()
    replies = [await each.wire(rpc("ping")).run(guard(small)) for each in agents]
    await small.stop()
    assert [reply.status for reply in replies] == [200, 503]
    assert replies[1].error["code"] == "busy"
    assert (await agents[1].post(rpc("ping"))).result == {}


async def test_session_that_found_its_workspace_later_goes_on_there(wanderer, surface):
    key, first, second = wanderer
    agent = Agent(key)
    await agent.initialize()
    await agent.call("whoami", project_root=first.path, harness="another name")
    moved = await agent.call("whoami", project_root=second.path)
    await transport.stop()
    after = await agent.call("whoami")
    assert (after["session"], after["workspace"]) == (moved["session"], second.public_id)
    assert await open_sessions() == 1


async def test_session_that_follows_a_reference_of_the_client_must_be_opened_anew(alice, connect):
    agent = await connect("alice")
    first = (await agent.call("whoami"))["session"]
    own = (await agent.call("session_open", session_ref="mine"))["session"]
    assert own != first
    assert (await agent.call("whoami"))["session"] == own
    assert await open_sessions() == 1
    await transport.stop()
    await refused(agent)
    assert (await agent.call("session_open", session_ref="mine"))["session"] == own


async def test_references_name_the_version_and_not_the_id(alice, connect):
    agent = await connect("alice")
    [session] = (await agent.call("session_list"))["sessions"]
    assert session["session_ref"].startswith("mcp:2025-11-25:")
    assert agent.headers["mcp-session-id"] not in json.dumps(session)


def test_unknown_id_is_looked_up_once_and_what_is_no_id_never(alice, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert left_open(alice.key.id, "0" * 32) is None
        assert left_open(alice.key.id, "0" * 32) is None
        assert left_open(alice.key.id, "no-such") is None
