"""The life of a key on real servers: made, scoped, expired, and revoked while everything that it opened is open."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.figures import figure
from tests.live.servers import PATIENCE, ROOT, Rest, Server
from tests.live.test_sessions import McpSession, rpc

pytestmark = pytest.mark.slow

PROMISED = 1.0  # seconds from the answer to a revocation until nothing is open
TRIES = 10
REVOKED = 4401
ELSEWHERE = """
import sys
from pathlib import Path
from nexus_site.cli.ways import Local
Local(Path(sys.argv[1]), "").call("key_revoke", {"agent": sys.argv[2], "key": sys.argv[3]})
print("revoked", flush=True)
sys.stdin.readline()
"""


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server of each kind."""
    running = Server(tmp_path_factory.mktemp("keys") / "home", NEXUS_SERVER=request.param).start()
    yield running
    running.close()


class Opened:
    """Everything that one key holds open: an event stream, an MCP session with its stream, a socket, REST calls."""

    def __init__(self, server: Server, agent: Rest, stack: ExitStack) -> None:
        """Open it all, and note of each when it ends."""
        self.agent, self.session = agent, McpSession(server, agent.key)
        pool = stack.enter_context(ThreadPoolExecutor(3))
        http = stack.enter_context(httpx2.Client(base_url=server.url, timeout=PATIENCE))
        events = stack.enter_context(http.stream("GET", "/api/v1/events/stream", headers=agent.headers))
        told = stack.enter_context(http.stream("GET", "/mcp", headers=self.session.headers))
        assert (events.status_code, told.status_code) == (200, 200)
        url = f"{server.url.replace('http', 'ws')}/ws/agent"
        socket = stack.enter_context(connect(url, additional_headers=agent.headers, proxy=None, open_timeout=PATIENCE))
        assert json.loads(socket.recv(timeout=PATIENCE))["data"]["agent"] == agent.get("whoami")["agent"]
        self.ends = {
            "event stream": pool.submit(_read_out, events),
            "MCP stream": pool.submit(_read_out, told),
            "agent socket": pool.submit(_hear_out, socket),
        }

    def is_open(self) -> bool:
        """Say whether calls are answered and nothing has ended yet."""
        answered = self.agent.http.get("whoami").status_code, self.session.ping()
        return answered == (200, 200) and not any(end.done() for end in self.ends.values())

    def closed_after(self, since: float) -> dict[str, float]:
        """Wait until nothing is open any more, and return how long each took."""
        took = {
            "REST": _refused(lambda: self.agent.http.get("whoami")) - since,
            "MCP": _refused(lambda: self.session.post(rpc("ping"))) - since,
        }
        return took | {name: _ended(end) - since for name, end in self.ends.items()}


def _read_out(stream: httpx2.Response) -> float:
    for _ in stream.iter_raw():
        continue
    return time.monotonic()


def _hear(socket: Any) -> None:
    while True:
        socket.recv(timeout=PATIENCE)


def _hear_out(socket: Any) -> float:
    with pytest.raises(ConnectionClosed) as ended:
        _hear(socket)
    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == REVOKED
    return time.monotonic()


def _ended(end: "Future[float]") -> float:
    return end.result(PATIENCE)


def _refused(call: Callable[[], httpx2.Response]) -> float:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if call().status_code == 401:
            return time.monotonic()
    raise AssertionError("the key is still good")


def prefix(key: str) -> str:
    """Return what names a key."""
    return key.split("_")[1]


def revoke_here(server: Server, name: str, key: str, stack: ExitStack) -> float:
    """Revoke a key over REST; return when that was answered."""
    assert server.operator().http.delete(f"agents/{name}/keys/{prefix(key)}").status_code == 200
    return time.monotonic()


def revoke_elsewhere(server: Server, name: str, key: str, stack: ExitStack) -> float:
    """Revoke a key in another process, which writes into the database itself; return when that was committed."""
    command = [sys.executable, "-c", ELSEWHERE, str(server.home), name, prefix(key)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    other = stack.enter_context(subprocess.Popen(command, cwd=ROOT, env=server.environment, text=True, **pipes))
    assert other.stdout is not None
    assert other.stdout.readline() == "revoked\n"
    return time.monotonic()


WAYS = {"over REST": revoke_here, "by another process": revoke_elsewhere}


@pytest.mark.parametrize("way", WAYS)
def test_a_revoked_key_has_nothing_open_within_a_second(server: Server, way: str) -> None:
    best: dict[str, float] = {}
    for number in range(TRIES):
        name = f"leaver-{way.split()[-1].lower()}-{number}"
        agent = server.agent(name)
        with ExitStack() as stack:
            opened = Opened(server, agent, stack)
            assert opened.is_open()
            best = min(best, opened.closed_after(WAYS[way](server, name, agent.key, stack)), key=_longest)
        assert opened.session.ping() == 401
        if _longest(best) <= PROMISED:
            break
    assert _longest(best) <= PROMISED, best
    kind = server.environment["NEXUS_SERVER"]
    shown = ", ".join(f"{name} {max(seconds, 0) * 1000:.0f} ms" for name, seconds in best.items())
    figure("T", f"revoked {way}, on {kind}: nothing open after", shown)


def _longest(took: dict[str, float]) -> float:
    return max(took.values(), default=float("inf"))


def test_a_key_that_ends_takes_along_what_it_opened(server: Server) -> None:
    server.agent("guest")
    ends = datetime.now(UTC) + timedelta(seconds=25)
    minted = server.operator().post("agents/guest/keys", expires_at=ends.isoformat())
    guest = Rest(server, minted["key"])
    with ExitStack() as stack:
        opened = Opened(server, guest, stack)
        assert opened.is_open()
        opened.closed_after(time.monotonic())
    assert datetime.now(UTC) >= ends


def test_a_reading_key_changes_nothing_on_any_surface(server: Server) -> None:
    server.agent("reader")
    reader = Rest(server, server.operator().post("agents/reader/keys", scope="read")["key"])
    letter = {"to": "reader", "subject": "Note", "body": "x"}
    assert reader.get("whoami")["agent"] == "reader"
    assert reader.post("messages", **letter)["error"]["code"] == "forbidden"
    called = McpSession(server, reader.key).post(rpc("tools/call", name="message_create", arguments=letter)).json()
    assert called["result"]["isError"] is True
    assert called["result"]["structuredContent"]["error"]["code"] == "forbidden"
    url = f"{server.url.replace('http', 'ws')}/ws/agent"
    with connect(url, additional_headers=reader.headers, proxy=None, open_timeout=PATIENCE) as socket:
        socket.send(json.dumps({"type": "message_create", "ref": "1", **letter}))
        while (frame := json.loads(socket.recv(timeout=PATIENCE))).get("ref") != "1":
            continue
    assert frame["error"]["code"] == "forbidden"
    assert reader.get("inbox")["messages"] == []


def test_an_mcp_session_is_of_one_key_not_of_one_agent(server: Server) -> None:
    first = server.agent("twofold")
    second = server.operator().post("agents/twofold/keys", label="laptop")["key"]
    session = McpSession(server, first.key)
    other = {"Authorization": f"Bearer {second}"}
    assert session.post(rpc("ping"), **other).status_code == 404
    assert session.ping() == 200


def test_a_rotated_key_leaves_no_gap(server: Server) -> None:
    old = server.agent("rotator")
    new = Rest(server, server.operator().post("agents/rotator/keys", label="new")["key"])
    assert (old.get("whoami")["agent"], new.get("whoami")["agent"]) == ("rotator", "rotator")
    assert server.operator().http.delete(f"agents/rotator/keys/{prefix(old.key)}").status_code == 200
    assert old.get("whoami")["error"]["code"] == "unauthorized"
    assert new.get("whoami")["agent"] == "rotator"
