"""Who subscribed is told when a resource changes: over a session's stream, and over the stream of the modern era."""

import asyncio
import json

import pytest

from bus import door
from bus.events import newest_id
from bus.readers import readers
from bus.tail import tail
from nexus_site.mcp import push, watch
from nexus_site.mcp.sittings import sittings
from nexus_site.mcp.transport import transport
from tests.protocol.streams import Told, has_stream, listen
from tests.protocol.wires import rpc, until

INBOX, HANDOFFS = "nexus://inbox", "nexus://handoffs"
ERAS = ("handshake", "modern")


@pytest.fixture
async def told(connect):
    """Return a function that subscribes an agent in one of the eras, and end its streams afterwards."""
    streams = []

    async def told(era, name, *uris):
        agent = await connect(name, in_session=era == "handshake")
        if era == "handshake":
            for uri in uris:
                assert (await agent.post(rpc("resources/subscribe", {"uri": uri}))).result == {}
            stream = Told(agent, agent.wire(None, "GET"))
            await until(lambda: asyncio.sleep(0, has_stream(agent)))
        else:
            stream = Told(agent, listen(agent, *uris))
            await until(lambda: asyncio.sleep(0, b"acknowledged" in stream.wire.reply.body))
        streams.append(stream)
        return stream

    yield told
    for stream in streams:
        await stream.close()


async def run(name, caller, /, **order):
    return await door.call(name, caller, order)


@pytest.mark.parametrize("era", ERAS)
async def test_new_mail_is_told(alice, bob, told, era):
    stream = await told(era, "alice", INBOX)
    await run("message_create", bob, subject="hello", body="b", to="alice")
    await stream.of(INBOX)
    assert stream.uris == [INBOX]


async def test_what_changed_while_no_stream_was_open_is_told_when_one_opens(alice, bob, connect):
    agent = await connect("alice")
    for uri in (INBOX, HANDOFFS):
        await agent.post(rpc("resources/subscribe", {"uri": uri}))
    await run("message_create", bob, subject="hello", body="b", to="alice")
    await run("handoff_create", bob, title="for you", to="alice")
    session = sittings.find(agent.headers["mcp-session-id"], alice.key.id)
    await until(lambda: asyncio.sleep(0, session.watch._owed == {INBOX, HANDOFFS}))
    stream = Told(agent, agent.wire(None, "GET"))
    await stream.of(INBOX, HANDOFFS)
    await stream.close()


async def test_what_was_told_is_not_told_again_when_another_stream_opens(alice, bob, told):
    first = await told("handshake", "alice", INBOX, HANDOFFS)
    await run("message_create", bob, subject="hello", body="b", to="alice")
    await first.of(INBOX)
    await first.close()
    await until(lambda: asyncio.sleep(0, not has_stream(first.agent)))
    second = Told(first.agent, first.agent.wire(None, "GET"))
    await until(lambda: asyncio.sleep(0, has_stream(first.agent)))
    await run("handoff_create", bob, title="for you", to="alice")
    await second.of(HANDOFFS)
    before = second.uris[: second.uris.index(HANDOFFS)]
    await second.close()
    assert before == []


async def test_private_work_of_others_is_not_told_after_a_first_notice_either(alice, bob, carol, told):
    stream = await told("handshake", "carol", HANDOFFS, INBOX)
    kept = sittings.find(stream.agent.headers["mcp-session-id"], carol.key.id).watch
    await run("message_create", bob, subject="first", body="b", to="carol")
    await stream.of(INBOX)
    await run("handoff_create", bob, title="for carol", to="carol")
    await stream.of(HANDOFFS)
    await until(lambda: asyncio.sleep(0, not kept._changed))
    told_before, mail = stream.uris.count(HANDOFFS), stream.uris.count(INBOX)
    await run("handoff_create", bob, title="not for carol", to="alice", visibility="private")
    newest = await readers.run(newest_id)
    await until(lambda: asyncio.sleep(0, tail.last >= newest and HANDOFFS not in kept._changed))
    await run("message_create", bob, subject="mark", body="b", to="carol")
    await until(lambda: asyncio.sleep(0, stream.uris.count(INBOX) > mail))
    assert stream.uris.count(HANDOFFS) == told_before


async def test_a_subscription_whose_watch_has_ended_begins_anew(alice, bob, connect):
    agent = await connect("alice")
    await agent.post(rpc("resources/subscribe", {"uri": INBOX}))
    session = sittings.find(agent.headers["mcp-session-id"], alice.key.id)
    session.end_watch()
    await until(lambda: asyncio.sleep(0, session.telling.done()))
    await agent.post(rpc("resources/subscribe", {"uri": INBOX}))
    stream = Told(agent, agent.wire(None, "GET"))
    await until(lambda: asyncio.sleep(0, has_stream(agent)))
    await run("message_create", bob, subject="hello", body="b", to="alice")
    await stream.of(INBOX)
    await stream.close()


@pytest.mark.parametrize("era", ERAS)
async def test_lease_that_returns_is_told(alice, bob, told, era):
    sent = await run("message_create", bob, subject="hello", body="b", to="alice")
    await run("inbox_pull", alice)
    stream = await told(era, "alice", INBOX)
    await run("inbox_release", alice, messages=[sent.message])
    await stream.of(INBOX)


@pytest.mark.parametrize("era", ERAS)
async def test_handoffs_that_one_may_see_are_told(alice, bob, told, era):
    stream = await told(era, "alice", HANDOFFS)
    given = await run("handoff_create", bob, title="for you", to="alice")
    await stream.of(HANDOFFS)
    count = len(stream.uris)
    await run("handoff_claim", alice, handoff=given.handoff)
    await until(lambda: asyncio.sleep(0, len(stream.uris) > count))


@pytest.mark.parametrize("era", ERAS)
async def test_one_handoff_can_be_followed(alice, bob, told, era):
    given = await run("handoff_create", alice, title="for you", to="bob")
    stream = await told(era, "alice", f"nexus://handoff/{given.handoff}")
    await run("handoff_claim", bob, handoff=given.handoff)
    await stream.of(f"nexus://handoff/{given.handoff}")


@pytest.mark.parametrize("era", ERAS)
async def test_mail_and_private_work_of_others_are_not_told(alice, bob, carol, told, era):
    stream = await told(era, "carol", INBOX, HANDOFFS)
    await run("message_create", bob, subject="not for carol", body="b", to="alice")
    await run("handoff_create", bob, title="not for carol", to="alice", visibility="private")
    await told(era, "alice", INBOX)
    assert stream.uris == []
    await run("message_create", bob, subject="for carol", body="b", to="carol")
    await stream.of(INBOX)
    assert stream.uris == [INBOX]


@pytest.mark.parametrize("era", ERAS)
async def test_burst_is_told_in_few_notifications(alice, bob, told, era):
    stream = await told(era, "alice", INBOX)
    started = asyncio.get_running_loop().time()
    for _ in range(2):
        await asyncio.gather(*(run("message_create", bob, subject=str(n), body="b", to="alice") for n in range(50)))
    await stream.of(INBOX)
    took = asyncio.get_running_loop().time() - started
    assert len(stream.uris) <= 2 + took / watch.GAP


@pytest.mark.parametrize("era", ERAS)
async def test_revoked_key_ends_the_stream(alice, bob, operator, told, era):
    stream = await told(era, "alice", INBOX)
    await run("key_revoke", operator, agent="alice", key=alice.key.prefix)
    await asyncio.wait_for(stream.task, 20)


@pytest.mark.parametrize("era", ERAS)
async def test_stop_ends_the_stream(alice, told, era):
    stream = await told(era, "alice", INBOX)
    await tail.stop()
    await transport.stop()
    await asyncio.wait_for(stream.task, 20)


async def test_sessions_of_one_key_have_subscriptions_of_their_own(alice, bob, told):
    first, second = await told("handshake", "alice", INBOX), await told("handshake", "alice", HANDOFFS)
    await run("message_create", bob, subject="hello", body="b", to="alice")
    await first.of(INBOX)
    assert second.uris == []
    await first.agent.wire(None, "DELETE").run()
    await asyncio.wait_for(first.task, 20)
    await run("handoff_create", bob, title="for you", to="alice")
    await second.of(HANDOFFS)


async def test_what_was_unsubscribed_is_not_told(alice, bob, told):
    stream = await told("handshake", "alice", INBOX, HANDOFFS)
    assert (await stream.agent.post(rpc("resources/unsubscribe", {"uri": INBOX}))).result == {}
    await run("message_create", bob, subject="hello", body="b", to="alice")
    await run("handoff_create", bob, title="for you", to="alice")
    await stream.of(HANDOFFS)
    assert INBOX not in stream.uris


async def test_subscriptions_of_a_session_are_limited_and_unknown_ones_refused(alice, bob, connect, monkeypatch):
    monkeypatch.setattr(watch, "MOST", 2)
    agent = await connect("alice")
    for uri in (INBOX, HANDOFFS):
        await agent.post(rpc("resources/subscribe", {"uri": uri}))
    full = await agent.post(rpc("resources/subscribe", {"uri": "nexus://reference/core"}))
    assert full.error["code"] == "conflict"
    await agent.post(rpc("resources/unsubscribe", {"uri": INBOX}))
    unknown = await agent.post(rpc("resources/subscribe", {"uri": "nexus://handoff/hnd_no"}))
    assert unknown.message["error"]["code"] == -32002
    assert (await agent.post(rpc("resources/subscribe", {"uri": "nexus://reference/core"}))).result == {}


async def test_streams_of_a_key_are_limited(alice, told, monkeypatch):
    monkeypatch.setattr(push, "MOST_STREAMS", 1)
    stream = await told("modern", "alice", INBOX)
    refused = await listen(stream.agent, INBOX).run()
    assert refused.error["code"] == "conflict"
    await stream.close()
    await until(lambda: asyncio.sleep(0, not push._streams))
    await told("modern", "alice", INBOX)


async def test_listening_says_what_it_granted(alice, told):
    stream = await told("modern", "alice", INBOX, "nexus://handoff/hnd_no")
    [line] = [
        line for line in stream.wire.reply.body.decode().splitlines() if "acknowledged" in line and "data" in line
    ]
    assert json.loads(line[6:])["params"]["notifications"] == {"resourceSubscriptions": [INBOX]}


async def test_restart_forgets_subscriptions_and_who_subscribes_again_is_told(alice, bob, told):
    stream = await told("handshake", "alice", INBOX)
    agent = stream.agent
    await transport.stop()
    await asyncio.wait_for(stream.task, 20)
    assert (await agent.post(rpc("ping"))).result == {}
    assert sittings.find(agent.headers["mcp-session-id"], alice.key.id).watch is None
    assert (await agent.post(rpc("resources/subscribe", {"uri": INBOX}))).result == {}
    wire = agent.wire(None, "GET")
    held = asyncio.create_task(wire.run())
    await asyncio.wait_for(wire.started.wait(), 20)
    await run("message_create", bob, subject="hello", body="b", to="alice")
    await until(lambda: asyncio.sleep(0, INBOX.encode() in wire.reply.body))
    wire.gone.set()
    await asyncio.wait_for(held, 20)


async def test_session_that_moves_to_another_workspace_is_told_there(wanderer, told, keys):
    keys["alice"], first, second = wanderer
    stream = await told("handshake", "alice", INBOX)
    moved = await stream.agent.call("whoami", project_root=second.path)
    assert moved["workspace"] == second.public_id
    await stream.of(INBOX)
    count = len(stream.uris)
    back = await stream.agent.call("whoami", project_root=first.path)
    assert back["workspace"] == first.public_id
    await until(lambda: asyncio.sleep(0, len(stream.uris) > count))


async def test_what_changed_while_a_client_did_not_read_is_told_once(alice, bob, connect):
    agent = await connect("alice", in_session=False)
    wire, reads = listen(agent, INBOX), asyncio.Event()
    took, stuck = wire.send, asyncio.Event()

    async def send(message):
        if b"resources/updated" in message.get("body", b""):
            stuck.set()
            await reads.wait()
        await took(message)

    wire.send = send
    stream = Told(agent, wire)
    await until(lambda: asyncio.sleep(0, b"acknowledged" in wire.reply.body))
    await run("message_create", bob, subject="first", body="b", to="alice")
    await asyncio.wait_for(stuck.wait(), 20)
    for number in range(30):
        await run("message_create", bob, subject=str(number), body="b", to="alice")
    reads.set()
    await run("message_create", bob, subject="last", body="b", to="alice")
    await until(lambda: asyncio.sleep(0, len(stream.uris) >= 2))
    assert len(stream.uris) <= 4
    await stream.close()
