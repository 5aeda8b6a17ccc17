"""The family over `nexus stdio`: a client of its own process, that waits while it asks something else."""

import asyncio

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.protocol.wires import HANDSHAKE, MODERN, call
from tests.serving.processes import environment
from tests.stdio.pipes import PROGRAM, Pipe, enrol

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("agent-bus")
    (folder / "shop").mkdir()
    enrol(folder / "home", folder / "shop", "alice", "bob")
    return folder / "home"


@pytest.mark.parametrize(("mode", "version"), [(MODERN, MODERN), ("legacy", HANDSHAKE)])
def test_reviewer_and_implementer_in_two_processes(home, mode, version):
    def client(name):
        words = [*PROGRAM[1:], "--agent", name, "--toolsets", "agent-bus"]
        given = StdioServerParameters(command=PROGRAM[0], args=words, env=environment(home), cwd=home.parent / "shop")
        return Client(stdio_client(given), mode=mode)

    async def say(mcp, name, /, **arguments):
        result = await mcp.call_tool(name, arguments)
        assert not result.is_error, result.content
        return result.structured_content

    async def talk():
        async with client("alice") as alice, client("bob") as bob:
            assert bob.session.protocol_version == version
            assert [tool.name for tool in (await bob.list_tools()).tools][:2] == ["ping", "topic_create"]
            topic = (await say(alice, "topic_create", name=version))["topic_id"]
            await say(alice, "topic_join", topic_id=topic, agent_name="implementer")
            await say(bob, "topic_join", name=version, agent_name="reviewer")
            waiting = asyncio.create_task(say(bob, "sync", topic_id=topic))
            assert (await say(bob, "ping"))["spec_version"] == "v6.3"
            assert not waiting.done()
            asked = await say(alice, "sync", topic_id=topic, outbox={"content_markdown": "Ready?"}, wait_seconds=0)
            (heard,) = (await waiting)["received"]
            assert heard == asked["sent"][0]["message"]
            reply = {"content_markdown": "Yes.", "reply_to": heard["message_id"]}
            await say(bob, "sync", topic_id=topic, outbox=[reply], wait_seconds=0)
            got = await say(alice, "sync", topic_id=topic)
            assert [each["reply_to"] for each in got["received"]] == [heard["message_id"]]
            assert (await say(alice, "topic_close", topic_id=topic))["status"] == "closed"

    asyncio.run(asyncio.wait_for(talk(), 120))


def test_two_processes_of_one_agent_are_two_peers_in_the_era_without_a_session(home):
    def say(pipe, name, /, **arguments):
        return pipe.modern(call(name, **arguments))["result"]["structuredContent"]

    words = ("--agent", "alice", "--toolsets", "agent-bus")
    one, two = Pipe(home, *words), Pipe(home, *words)
    topic = say(one, "topic_create", name="two of one", mode="new")["topic_id"]
    implementer = {"topic_id": topic, "agent_name": "implementer"}
    token = say(one, "topic_join", **implementer)["reclaim_token"]
    assert say(two, "sync", topic_id=topic, wait_seconds=0)["error"]["code"] == "AGENT_NOT_JOINED"
    assert say(two, "topic_join", **implementer)["error"]["code"] == "AGENT_NAME_IN_USE"
    say(two, "topic_join", topic_id=topic, agent_name="reviewer")
    assert say(one, "topic_join", **implementer)["reclaim_token"] == token
    say(one, "sync", topic_id=topic, outbox={"content_markdown": "Ready?"}, wait_seconds=0)
    (heard,) = say(two, "sync", topic_id=topic, wait_seconds=60)["received"]
    assert (heard["sender"], one.close()) == ("implementer", 0)

    again = Pipe(home, *words)
    assert say(again, "sync", topic_id=topic, wait_seconds=0)["error"]["code"] == "AGENT_NOT_JOINED"
    assert say(again, "topic_join", **implementer)["error"]["code"] == "AGENT_NAME_IN_USE"
    assert say(again, "topic_join", **implementer, reclaim_token=token)["reclaim_token"] == token
    for pipe in (one, two, again):
        pipe.clear_away()


def test_two_families_at_once_are_refused_at_the_start(home):
    pipe = Pipe(home, "--agent", "alice", "--toolsets", "agent-bus,topics")
    said, told = pipe.process.communicate(timeout=60)
    assert (said, pipe.process.returncode) == (b"", 2)
    assert b"same names" in told
    pipe.clear_away()
