"""The same application behind either web server: sockets, MCP in both eras, REST, streams, and what a power cut leaves."""

import json
import signal

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.live.servers import MODERN, PATIENCE, Server, mcp_tools, play
from tests.live.test_story import by_name, over_rest, story

pytestmark = pytest.mark.slow

SERVERS = ["daphne", "uvicorn"]


@pytest.fixture(scope="module", params=SERVERS)
def host(request, tmp_path_factory):
    """A running server of each kind."""
    running = Server(tmp_path_factory.mktemp("nexus") / "home", NEXUS_SERVER=request.param).start()
    yield running
    running.close()


@pytest.fixture
def on_uvicorn(tmp_path):
    """A uvicorn of one test, which may kill it."""
    running = Server(tmp_path / "home", NEXUS_SERVER="uvicorn").start()
    yield running
    running.close()


def test_a_socket_to_an_unknown_path_is_closed_by_the_application(host):
    for path in ("/ws/elsewhere", "/", "/mcp"):
        with (
            connect(f"ws://127.0.0.1:{host.port}{path}", open_timeout=PATIENCE) as socket,
            pytest.raises(ConnectionClosed) as ended,
        ):
            socket.recv(timeout=30)
        assert ended.value.rcvd.code == 4404


def test_a_socket_of_an_agent_answers(host):
    agent = host.agent("socketeer")
    with connect(
        f"ws://127.0.0.1:{host.port}/ws/agent", additional_headers=agent.headers, open_timeout=PATIENCE
    ) as socket:
        hello = json.loads(socket.recv(timeout=30))
    assert hello["data"]["agent"] == "socketeer"


def events(server, agent, count, **headers):
    """Return the first `count` events of a stream: cursor and message."""
    found, cursor = [], ""
    url = f"{server.url}/api/v1/events/stream?types=message.created"
    with httpx2.Client(timeout=30) as http, http.stream("GET", url, headers=agent.headers | headers) as stream:
        for line in stream.iter_lines():
            name, _, value = line.partition(": ")
            if name == "id":
                cursor = value
            elif name == "data":
                found.append((cursor, json.loads(value)["message"]))
                if len(found) == count:
                    return found
    raise AssertionError(f"the stream ended after {found}")


def test_a_stream_goes_on_where_it_was_left(host):
    sender, reader = host.agent("sender"), host.agent("reader")
    start = reader.get("events/cursor")["cursor"]
    sent = [sender.post("messages", to="reader", subject=f"Note {number}", body="x")["message"] for number in range(4)]
    first = events(host, reader, 2, **{"Last-Event-ID": start})
    rest = events(host, reader, 2, **{"Last-Event-ID": first[-1][0]})
    assert [message for _, message in first + rest] == sent


def test_the_story_on_uvicorn_over_mcp_in_both_eras_and_rest(on_uvicorn):
    alice = on_uvicorn.agent("alice")
    bob, carol = (on_uvicorn.agent(name, capabilities=["python"]) for name in ("bob", "carol"))

    async def scenario():
        async with mcp_tools(on_uvicorn, alice.key, "legacy") as one, mcp_tools(on_uvicorn, bob.key, MODERN) as two:
            await story(by_name(one), by_name(two), over_rest(carol))

    play(scenario())
    assert on_uvicorn.command("verify").returncode == 0


def test_nothing_answered_by_uvicorn_is_lost_by_kill_9(on_uvicorn):
    writer, reader = on_uvicorn.agent("writer"), on_uvicorn.agent("reader")
    for number in range(3):
        sent = writer.post("messages", to="reader", subject=f"Note {number}", body="x")["message"]
        on_uvicorn.kill()
        assert on_uvicorn.process.returncode == -signal.SIGKILL
        on_uvicorn.start()
        assert reader.get(f"messages/{sent}")["message"] == sent
    assert on_uvicorn.command("verify").returncode == 0
