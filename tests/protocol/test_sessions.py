"""In the era of handshakes the MCP session is the Nexus session, and it belongs to one key."""

import asyncio
import math

import pytest

from bus import door
from nexus_site.guard import guard
from nexus_site.mcp import kernel
from nexus_site.mcp.sittings import sittings
from nexus_site.mcp.transport import Transport, transport
from tests.protocol.wires import HANDSHAKE, Agent, call, modern, open_sessions, rpc, until, wire


async def sessions(agent):
    return (await agent.call("session_list"))["sessions"]


async def test_initialize_opens_a_session_named_after_the_client(alice, connect):
    agent = await connect("alice", in_session=False)
    reply = await agent.initialize("claude-code")
    assert reply.result["serverInfo"]["name"] == "nexus"
    assert [(each["harness"], each["surface"]) for each in await sessions(agent)] == [("claude-code", "mcp")]


async def test_long_name_of_a_client_is_cut(alice, connect):
    agent = await connect("alice", in_session=False)
    await agent.initialize("x" * 300)
    assert [each["harness"] for each in await sessions(agent)] == ["x" * 40]


async def test_capabilities_are_tools_resources_and_prompts_whose_lists_stay(alice, connect):
    agent = await connect("alice", in_session=False)
    stays = {"listChanged": False}
    served = {"tools": stays, "resources": {"subscribe": True} | stays, "prompts": stays}
    assert (await agent.initialize()).result["capabilities"] == served
    stateless = await connect("alice", in_session=False)
    assert (await stateless.modern(rpc("server/discover"))).result["capabilities"] == served


async def test_two_clients_with_one_key_have_two_sessions(alice, connect):
    first, second = await connect("alice"), await connect("alice")
    assert len(await sessions(first)) == 2
    await second.wire(None, "DELETE").run()
    assert len(await sessions(first)) == 1


async def test_sessions_of_one_key_live_side_by_side_and_end_one_by_one(alice, connect):
    agents = [await connect("alice") for _ in range(3)]
    own = [(await agent.call("whoami"))["session"] for agent in agents]
    assert sorted(each["session"] for each in await sessions(agents[0])) == sorted(own)
    assert len(set(own)) == 3
    assert (await agents[1].wire(None, "DELETE").run()).status == 200
    assert [(await agent.post(rpc("ping"))).status for agent in agents] == [200, 404, 200]
    assert (await agents[1].wire(None, "DELETE").run()).status == 404
    assert [each["session"] for each in await sessions(agents[2])] == [own[2], own[0]]


async def test_a_repeated_answer_does_not_lead_back_to_a_session_that_is_over(alice, connect):
    agent = await connect("alice")
    one, two = ({"session_ref": name, "idempotency_key": name} for name in ("one", "two"))
    first, second = await agent.call("session_open", **one), await agent.call("session_open", **two)
    assert await agent.call("session_open", **one) == {**first, "duplicate": True}
    assert (await agent.call("whoami"))["session"] == second["session"]
    assert [each["session"] for each in await sessions(agent)] == [second["session"]]


async def test_stream_of_a_client_that_reconnects_is_a_new_one(alice, connect):
    agent = await connect("alice")
    stream = agent.wire(None, "GET", last_event_id="17")
    held = asyncio.create_task(stream.run())
    await until(lambda: asyncio.sleep(0, stream.started.is_set() or held.done()))
    assert (stream.reply.status, stream.reply.headers["content-type"]) == (200, "text/event-stream")
    assert not held.done()
    stream.gone.set()
    await asyncio.wait_for(held, 20)


async def test_call_of_a_client_that_reconnects_is_answered(alice, connect):
    agent = await connect("alice")
    assert (await agent.post(rpc("ping"), last_event_id="17")).result == {}
    reply = await agent.post(call("inbox_wait", timeout_seconds=0), last_event_id="17")
    assert reply.result["structuredContent"]["messages"] == []


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
async def test_session_of_alice_is_unknown_to_bob(alice, bob, connect, method):
    hers = await connect("alice")
    his = await connect("bob", in_session=False)
    his.headers |= {"mcp-session-id": hers.headers["mcp-session-id"]}
    reply = await his.wire(rpc("ping") if method == "POST" else None, method).run()
    unknown = await his.wire(rpc("ping") if method == "POST" else None, method, mcp_session_id="no-such").run()
    assert (reply.status, reply.error["code"]) == (404, "not_found")
    assert (reply.status, reply.body) == (unknown.status, unknown.body)
    assert (await hers.post(rpc("ping"))).result == {}


async def test_short_call_starts_the_idle_time_anew(alice, connect, monkeypatch):
    monkeypatch.setattr(kernel, "SELDOM", 0)
    agent = await connect("alice")
    session = transport._manager._server_instances[agent.headers["mcp-session-id"]]
    before = session.idle_scope.deadline
    await agent.post(rpc("ping"))
    assert before < session.idle_scope.deadline < math.inf


async def test_idle_session_is_over(alice, connect):
    agent = await connect("alice")
    transport._manager._server_instances[agent.headers["mcp-session-id"]].idle_scope.cancel()
    reply = await agent.post(rpc("ping"))
    assert (reply.status, reply.error["code"]) == (404, "not_found")


async def test_number_of_sessions_is_bounded(alice, connect, surface):
    small = Transport(most_sessions=2)
    await small.start()
    agent = await connect("alice", in_session=False)
    opening = rpc(
        "initialize", {"protocolVersion": HANDSHAKE, "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    )
    replies = [await agent.wire(opening).run(guard(small)) for _ in range(3)]
    await small.stop()
    assert [reply.status for reply in replies] == [200, 200, 503]
    assert replies[2].error["code"] == "busy"


async def test_one_key_takes_its_own_places_only(alice, bob, connect, monkeypatch):
    monkeypatch.setattr(kernel, "SELDOM", 0)
    await transport.start()
    monkeypatch.setattr(transport, "_most_of_key", 2)
    other, in_use, idle = await connect("bob"), await connect("alice"), await connect("alice")
    await in_use.post(rpc("ping"))
    newest = await connect("alice")
    assert [(await each.post(rpc("ping"))).status for each in (other, in_use, idle, newest)] == [200, 200, 404, 200]
    await until(lambda: _are_open(3))


async def _are_open(number):
    return await open_sessions() == number


async def test_delete_ends_the_session_on_both_sides(alice, connect):
    agent, watcher = await connect("alice"), await connect("alice")
    assert (await agent.wire(None, "DELETE").run()).status == 200
    reply = await agent.post(rpc("ping"))
    assert (reply.status, reply.error["code"]) == (404, "not_found")
    assert len(await sessions(watcher)) == 1


async def test_session_that_an_operator_ends_must_be_opened_anew(alice, operator, connect):
    agent = await connect("alice")
    (session,) = await sessions(agent)
    await door.call("session_end", operator, {"session": session["session"]})
    await until(lambda: asyncio.sleep(0, agent.headers["mcp-session-id"] not in sittings))
    assert (await agent.post(rpc("ping"))).status == 404
    await agent.initialize()
    assert (await agent.post(rpc("ping"))).result == {}


async def test_revoked_key_ends_its_stream_and_opens_nothing_any_more(alice, operator, connect):
    agent = await connect("alice")
    stream = agent.wire(None, "GET")
    held = asyncio.create_task(stream.run())
    await asyncio.wait_for(stream.started.wait(), 20)
    assert stream.reply.headers["content-type"] == "text/event-stream"
    await door.call("key_revoke", operator, {"agent": "alice", "key": alice.key.prefix})
    await asyncio.wait_for(held, 20)
    reply = await agent.post(rpc("ping"))
    assert (reply.status, reply.error["code"]) == (401, "unauthorized")


async def test_stream_starts_with_a_comment_and_holds_the_agent_present(alice, connect):
    agent = await connect("alice")
    stream = agent.wire(None, "GET")
    held = asyncio.create_task(stream.run())
    await asyncio.wait_for(stream.started.wait(), 20)
    assert stream.reply.body.startswith(b":")
    again = await agent.wire(None, "GET").run()
    assert (again.status, again.error["code"]) == (409, "conflict")
    stream.gone.set()
    await asyncio.wait_for(held, 20)


async def test_stop_ends_streams_and_leaves_the_session_open(alice, connect):
    agent = await connect("alice")
    stream = agent.wire(None, "GET")
    held = asyncio.create_task(stream.run())
    await asyncio.wait_for(stream.started.wait(), 20)
    await transport.stop()
    await asyncio.wait_for(held, 20)
    assert await open_sessions() == 1


async def test_waiting_call_streams_and_is_woken_by_mail(alice, bob, connect):
    agent, sender = await connect("alice"), await connect("bob")
    waiting = agent.wire(call("inbox_wait", timeout_seconds=60))
    held = asyncio.create_task(waiting.run())
    await asyncio.wait_for(waiting.started.wait(), 20)
    assert (await agent.post(rpc("ping"))).result == {}
    await sender.call("message_create", subject="wake", body="up", to="alice")
    reply = await asyncio.wait_for(held, 20)
    assert [each["subject"] for each in reply.result["structuredContent"]["messages"]] == ["wake"]


async def test_wait_in_the_modern_era_is_woken_too(alice, bob, connect):
    agent, sender = await connect("alice", in_session=False), await connect("bob")
    held = asyncio.create_task(agent.modern(call("inbox_wait", timeout_seconds=60)))
    await sender.call("message_create", subject="wake", body="up", to="alice")
    reply = await asyncio.wait_for(held, 20)
    assert [each["subject"] for each in reply.result["structuredContent"]["messages"]] == ["wake"]


async def test_wait_in_the_modern_era_ends_when_its_client_goes(alice, connect):
    agent = await connect("alice", in_session=False)
    headers, message = modern(call("inbox_wait", timeout_seconds=300))
    waiting = agent.wire(message, **{name.replace("-", "_"): value for name, value in headers.items()})
    held = asyncio.create_task(waiting.run())
    waiting.gone.set()
    reply = await asyncio.wait_for(held, 20)
    assert b"result" not in reply.body


@pytest.mark.parametrize("accept", ["text/event-stream", "*/*"])
async def test_stream_opens_for_whoever_accepts_one(alice, connect, accept):
    agent = await connect("alice")
    stream = agent.wire(None, "GET", accept=accept)
    held = asyncio.create_task(stream.run())
    await asyncio.wait_for(stream.started.wait(), 20)
    assert stream.reply.status == 200
    stream.gone.set()
    await asyncio.wait_for(held, 20)


async def test_cancelled_wait_is_answered_at_once(alice, connect):
    agent = await connect("alice")
    waiting = agent.wire(call("inbox_wait", timeout_seconds=300))
    held = asyncio.create_task(waiting.run())
    await asyncio.wait_for(waiting.started.wait(), 20)
    note = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
    assert (await agent.post(note)).status == 202
    assert "error" in (await asyncio.wait_for(held, 20)).message


async def test_notification_is_accepted(alice, connect):
    agent = await connect("alice")
    reply = await agent.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (reply.status, reply.body) == (202, b"")


async def test_url_names_the_workspace_of_a_session(surface, wanderer):
    key, _, other = wanderer
    agent = Agent(key, f"/mcp?workspace={other.public_id}")
    await agent.initialize()
    assert [each["workspace"] for each in await sessions(agent)] == [other.public_id]


async def test_foreign_workspace_in_the_url_is_unknown(alice, mallory, connect):
    agent = await connect("alice", url=f"/mcp?workspace={mallory.workspace.public_id}", in_session=False)
    reply = await agent.initialize()
    assert (reply.status, reply.error["code"]) == (404, "not_found")


@pytest.fixture
def reading_key(committed, alice, do, operator):
    return do("key_mint", operator, agent="alice", scope="read").key


async def test_reading_key_may_initialize_and_read(surface, reading_key):
    agent = Agent(reading_key)
    await agent.initialize()
    assert "agents" in await agent.call("agent_list")
    refused = await agent.call("message_create", subject="s", body="b", to="alice")
    assert refused["error"]["code"] == "forbidden"


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Bearer nxs_a_b", "Basic YTpi", "nxs_a_b", "Bearer \xe9"]
)
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE", "PUT"])
async def test_nothing_opens_without_a_key(surface, method, authorization):
    reply = await wire(method, "/mcp", {"authorization": authorization}, rpc("initialize")).run()
    assert (reply.status, reply.error["code"]) == (401, "unauthorized")
    assert reply.headers["www-authenticate"] == "Bearer"
