"""Bodies that are too large, endless, compressed or other than they say are refused by both web servers, with flat memory."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from nexus_site.guard import LIMIT
from tests.faults import wires
from tests.figures import figure
from tests.live.servers import Server

pytestmark = pytest.mark.slow

ROUTES = ("/api/v1/messages", "/mcp", "/api/v1/mcp", "/admin/login/", "/healthz")
PIECE = b"x" * 65_536
FLOOD = 64 * 1024 * 1024
FLAT = 30_000_000
AT_ONCE = 8


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def flooded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of each kind."""
    server = Server(tmp_path_factory.mktemp("floods") / "home", NEXUS_SERVER=request.param).start()
    yield server
    server.close()


def posting(server: Server, route: str, **headers: str) -> bytes:
    return wires.head(server.port, f"POST {route} HTTP/1.1", Content_Type="application/json", **headers)


def answer(raw) -> tuple[int, str]:
    """Return the status of an answer and the code of its refusal."""
    read = wires.body_of(raw, b"}}")
    error = json.loads(read.partition(b"\r\n\r\n")[2])["error"]
    return int(read[9:12]), error.get("data", error)["code"]


@pytest.mark.parametrize("route", ROUTES)
def test_a_body_that_says_it_is_too_large_is_refused(flooded: Server, route: str) -> None:
    raw = wires.opened(flooded.port, posting(flooded, route, Content_Length=str(LIMIT + 1)))
    raw.sendall(b"x" * (LIMIT + 1))
    assert answer(raw) == (413, "too_large")
    raw.close()


@pytest.mark.parametrize("route", ROUTES)
def test_a_compressed_body_is_refused_unopened(flooded: Server, route: str) -> None:
    bomb = gzip.compress(bytes(FLOOD))
    headers = {"Content_Encoding": "gzip", "Content_Length": str(len(bomb))}
    before = wires.resident(flooded)
    raw = wires.opened(flooded.port, posting(flooded, route, **headers) + bomb)
    assert answer(raw) == (415, "unsupported_media")
    assert wires.resident(flooded) - before < FLAT
    raw.close()


def messages_logged(server: Server) -> list[str]:
    """Return the ids of the events of messages: cursors differ from answer to answer."""
    return [event["event"] for event in server.operator().get("events", types="message.created")["events"]]


def pour(raw, piece: bytes, most: int) -> int:
    """Send pieces until the server takes no more; return how many bytes it took."""
    sent = 0
    while sent < most:
        try:
            raw.sendall(piece)
        except OSError:
            break
        sent += len(piece)
    return sent


def test_endless_chunks_of_many_clients_leave_memory_flat(flooded: Server) -> None:
    chunk = b"%x\r\n%b\r\n" % (len(PIECE), PIECE)
    before = wires.resident(flooded)
    opened = [
        wires.opened(flooded.port, posting(flooded, "/api/v1/messages", Transfer_Encoding="chunked"))
        for _ in range(AT_ONCE)
    ]
    poured = [pour(raw, chunk, FLOOD // 4) for raw in opened]
    assert wires.resident(flooded) - before < FLAT
    for raw, sent in zip(opened, poured, strict=True):
        if sent == FLOOD // 4 // len(chunk) * len(chunk) + len(chunk):
            raw.sendall(b"0\r\n\r\n")
            assert answer(raw) == (413, "too_large")
        raw.close()
    figure("G15", "memory that 128 MB of endless bodies take", f"under {FLAT // 1_000_000} MB")


def test_headers_without_end_are_refused(flooded: Server) -> None:
    before = wires.resident(flooded)
    raw = wires.opened(flooded.port, f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{flooded.port}\r\nX-Long: ".encode())
    assert pour(raw, PIECE, FLOOD) < FLOOD
    assert wires.resident(flooded) - before < FLAT
    raw.close()


def test_a_body_shorter_than_it_says_writes_nothing(flooded: Server) -> None:
    """The client that lied goes away; what came is not taken for the whole."""
    order = json.dumps({"to": "operator", "subject": "Half", "body": ""}).encode()
    before = messages_logged(flooded)
    raw = wires.opened(flooded.port, posting(flooded, "/api/v1/messages", Content_Length=str(len(order) + 10)) + order)
    raw.close()
    wires.until(lambda: wires.sockets_open(flooded) <= len(flooded.clients))
    assert messages_logged(flooded) == before


def test_a_body_longer_than_it_says_is_no_part_of_the_call(flooded: Server) -> None:
    """What follows is read as another request, and is none."""
    flooded.agent("lied-to")
    order = json.dumps({"to": "lied-to", "subject": "Whole", "body": ""}).encode()
    raw = wires.opened(flooded.port, posting(flooded, "/api/v1/messages", Content_Length=str(len(order))))
    raw.sendall(order + b'{"to": "lied-to"}\r\n\r\n')
    read = wires.body_of(raw)
    assert read.count(b"HTTP/1.1 201") + read.count(b"HTTP/1.1 400") == read.count(b"HTTP/1.1") > 0
    unread = flooded.operator().get("agents", query="lied-to")["agents"][0]["unread"]
    assert read.count(b"HTTP/1.1 201") <= unread <= 1
    raw.close()


@pytest.mark.parametrize("lie", ["-1", "1e3", "0x10", "ten", "1, 2", "99999999999999999999999"])
def test_a_length_that_is_none_is_refused(flooded: Server, lie: str) -> None:
    raw = wires.opened(flooded.port, posting(flooded, "/api/v1/messages", Content_Length=lie) + b"{}")
    read = wires.body_of(raw, b"\r\n")
    raw.close()
    assert read[9:12] in (b"400", b"413", b""), "refused, or closed without a word"


def test_it_serves_as_before(flooded: Server, tmp_path: Path) -> None:
    assert flooded.operator().get("whoami")["agent"] == "operator"
