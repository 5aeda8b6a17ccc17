"""Clients that trickle, say nothing, read nothing, vanish or whose key is over: each is cut off, and nothing is lost.

Everything is opened at once and then waited for, as most of it takes the half minute that the server is patient.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.faults import wires
from tests.faults.wires import SMALL, Mcp
from tests.figures import figure
from tests.live.servers import Rest, Server

pytestmark = pytest.mark.slow

SENT, CROWD = 300, 50
INBOX = "nexus://inbox"
KEY_LIVES = timedelta(seconds=25)
FLAT = 40_000_000
KEPT = 100_000  # bytes: 16 KB and one write, of the 130 KB that there are
NOTICED = 60  # seconds: 30 and a slow machine; after 120 the kernel itself gives up
ENDED_AND_RESTED = 180  # seconds: streams end after half a minute or more, and uvicorn keeps a connection 75 s longer
TRICKLES = {
    "a head": (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ", b"a"),
    "many headers": (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"X-A: b\r\n"),
    "a body": (
        b"POST /api/v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Content-Length: 100000\r\n\r\n",
        b" ",
    ),
    "chunks": (
        b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"1\r\n \r\n",
    ),
}
KINDS = ("agent socket", "event stream", "MCP GET stream", "subscriptions/listen")


class Patient:
    """One server and what was opened on it."""

    def __init__(self, server: Server) -> None:
        """Open everything, let an agent write, and keep trickling."""
        self.server = server
        self.names = [f"{'reader-of-everything-' * 2}with-a-long-name-{number}" for number in range(CROWD)]
        self.readers = [server.agent(name) for name in self.names]
        self.worker = server.agent("worker")
        self.start = self.worker.get("events")["cursor"]
        self.rested = wires.resident(server)
        self.trickling = {name: (wires.opened(server.port, begun), more) for name, (begun, more) in TRICKLES.items()}
        self.silent = wires.opened(server.port)
        self.vanished = wires.upgraded(server, "/ws/agent", Authorization=f"Bearer {self.readers[1].key}")
        self.ending = {kind: self._opened(kind, self._mortal_key(kind)) for kind in KINDS}
        self.stuck = {kind: self._opened(kind, self.readers[0].key, SMALL) for kind in KINDS}
        self.looking = self._dashboard()
        self.is_over = threading.Event()
        self._trickler = threading.Thread(target=self._trickle)
        self._trickler.start()
        self.sent = [self._send(number) for number in range(SENT)]
        self.grown = wires.resident(server) - self.rested

    def _mortal_key(self, kind: str) -> str:
        until = (datetime.now(UTC) + KEY_LIVES).isoformat()
        name = f"mortal-{KINDS.index(kind)}"
        self.server.agent(name)
        key: str = self.server.operator().post(f"agents/{name}/keys", expires_at=until)["key"]
        return key

    def _opened(self, kind: str, key: str, buffer: int = 0) -> Any:
        """Open one kind of stream, so that it would be told of everything from the start."""
        if kind == "agent socket":
            raw = wires.upgraded(self.server, "/ws/agent", buffer, Authorization=f"Bearer {key}")
            raw.sendall(wires.frame(type="subscribe", after=self.start))
            return raw
        if kind == "event stream":
            return wires.events(self.server, key, buffer, after=self.start)
        if kind == "MCP GET stream":
            return Mcp(self.server, key).legacy(INBOX, buffer)
        return Mcp(self.server, key).modern(INBOX, buffer)

    def _dashboard(self) -> Any:
        """Open the live socket of a page that reads nothing."""
        page = self.server.client(base_url=self.server.url).get("/settings").text
        cursor = page.partition('data-cursor="')[2].partition('"')[0]
        path = f"/ws/dashboard?view=messages&workspace=all&after={cursor}"
        return wires.upgraded(self.server, path, SMALL, Origin=self.server.url)

    def _send(self, number: int) -> str:
        sent = self.worker.post("messages", to=self.names, subject=f"{number}", body="Read this.")
        message: str = sent["message"]
        return message

    def _trickle(self) -> None:
        while not self.is_over.wait(1):
            for raw, more in self.trickling.values():
                with suppress(OSError):
                    raw.sendall(more)

    def close(self) -> None:
        """Close everything."""
        self.is_over.set()
        self._trickler.join()
        trickling = [raw for raw, _ in self.trickling.values()]
        for raw in [*trickling, self.silent, self.vanished, *self.ending.values(), *self.stuck.values(), self.looking]:
            raw.close()


@pytest.fixture(scope="module")
def patients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Patient]]:
    """A server of each kind on which everything is open."""
    home = tmp_path_factory.mktemp("patience")
    servers = {name: Server(home / name, NEXUS_SERVER=name).start() for name in ("daphne", "uvicorn")}
    found: dict[str, Patient] = {}
    try:
        for name, server in servers.items():
            found[name] = Patient(server)
        yield found
    finally:
        for patient in found.values():
            patient.close()
        for server in servers.values():
            server.close()


@pytest.fixture(params=["daphne", "uvicorn"])
def patient(request: pytest.FixtureRequest, patients: dict[str, Patient]) -> Patient:
    """One of the servers."""
    return patients[request.param]


def test_slow_readers_of_every_kind_cost_no_memory(patient: Patient) -> None:
    assert patient.grown < FLAT
    figure("F", "memory for readers that take nothing, five kinds of streams", f"under {FLAT // 1_000_000} MB")


@pytest.mark.parametrize("kind", KINDS)
def test_an_expired_key_ends_an_idle_stream(patient: Patient, kind: str) -> None:
    if kind != "agent socket":  # which was upgraded
        assert wires.status(patient.ending[kind]) == 200
    with suppress(OSError):  # it may have ended long ago
        wires.body_of(patient.ending[kind])
    assert wires.is_cut(patient.ending[kind])


@pytest.mark.parametrize("what", TRICKLES)
def test_a_request_that_trickles_in_is_given_up(patient: Patient, what: str) -> None:
    assert wires.is_cut(patient.trickling[what][0])


@pytest.mark.parametrize("kind", ["agent socket", "event stream"])
def test_a_stream_that_is_never_read_is_cut_off(patient: Patient, kind: str) -> None:
    assert wires.is_cut(patient.stuck[kind])


def test_the_kernel_keeps_little_of_a_stream_that_is_not_read(patient: Patient) -> None:
    """Else it would take all that there is, and the server could not know that nobody reads it."""
    held = wires.events(patient.server, patient.readers[2].key, SMALL, after=patient.start)
    most = 0
    end = time.monotonic() + NOTICED
    while not wires.is_cut(held, 0.2):
        most = max(most, wires.queued(held))
        assert time.monotonic() < end
    held.close()
    assert 0 < most < KEPT


def test_a_client_that_has_vanished_is_noticed(patient: Patient) -> None:
    """It answers no ping, as a machine that lost its power would not."""
    assert wires.is_cut(patient.vanished)


def test_a_page_that_reads_nothing_is_cut_off(patient: Patient) -> None:
    assert wires.is_cut(patient.looking)


def test_a_connection_that_says_nothing_is_given_up(patient: Patient) -> None:
    assert wires.is_cut(patient.silent)


def test_the_kernel_watches_every_connection_that_rests(patient: Patient) -> None:
    """A peer that is gone without a word is found by keepalive; that of this connection must be running."""
    held = wires.events(patient.server, patient.worker.key)
    wires.body_of(held, b"retry")
    wires.until(lambda: 2 in wires.timers(patient.server))
    held.close()


def test_what_a_slow_reader_missed_is_pulled_and_read_afterwards(patient: Patient) -> None:
    reader = patient.readers[0]
    assert framed(patient.server, reader.key, patient.start, len(patient.sent)) == patient.sent
    assert streamed(patient.server, reader.key, patient.start, len(patient.sent)) == patient.sent
    assert pulled(Rest(patient.server, reader.key)) == patient.sent
    figure("F", "messages read after being cut off as a slow reader", f"all {SENT}, on three ways")


def test_nothing_is_left_of_them(patient: Patient) -> None:
    for client in patient.server.clients:
        client.close()
    for kind in ("MCP GET stream", "subscriptions/listen"):
        patient.stuck[kind].close()
    wires.until(lambda: wires.sockets_open(patient.server) == 0, ENDED_AND_RESTED)


def pulled(reader: Rest) -> list[str]:
    """Pull and acknowledge everything; return it in the order in which it came."""
    found: list[str] = []
    while got := [each["message"] for each in reader.post("inbox/pull", limit=100)["messages"]]:
        reader.post("inbox/ack", messages=got)
        found += got
    return found


def streamed(server: Server, key: str, after: str, count: int) -> list[str]:
    """Read that many messages of the log as a stream."""
    raw = wires.events(server, key, after=after, types="message.created")
    raw.settimeout(60)
    read, end = b"", time.monotonic() + wires.PATIENCE
    while read.count(b"event: message.created") < count or not read.endswith(b"\n\n\r\n"):
        assert time.monotonic() < end
        read += raw.recv(65_536)
    raw.close()
    lines = [line[6:] for line in read.splitlines() if line.startswith(b"data: ")]
    return [json.loads(line)["message"] for line in lines]


def framed(server: Server, key: str, after: str, count: int) -> list[str]:
    """Read that many messages of the log over a socket."""
    from websockets.sync.client import connect

    url = f"ws://127.0.0.1:{server.port}/ws/agent?inbox=false"
    with connect(
        url, additional_headers={"Authorization": f"Bearer {key}"}, proxy=None, open_timeout=wires.PATIENCE
    ) as socket:
        socket.send(json.dumps({"type": "subscribe", "after": after, "types": ["message.created"]}))
        found: list[str] = []
        while len(found) < count:
            said = json.loads(socket.recv(60))
            assert said["type"] != "resync"
            if said["type"] == "event":
                found.append(said["data"]["message"])
    return found
