"""A stream waits for its reader instead of filling the memory of the server."""

import asyncio
import subprocess
import sys
from functools import partial

import httpx2
import pytest
from autobahn.exception import Disconnected

from nexus_site.pace import paced
from tests.live.servers import PATIENCE, ROOT, free_port

PIECE = {"type": "http.response.body", "body": b"x", "more_body": True}
LAST = {"type": "http.response.body"}


class Connection:
    """Daphne's side of a connection whose buffer is full from the start."""

    channel = object()

    def __init__(self) -> None:
        self.producer = None
        self.given = asyncio.Queue()

    def registerProducer(self, producer, streaming):  # noqa: N802
        assert streaming
        self.producer = producer
        producer.pauseProducing()

    def unregisterProducer(self):  # noqa: N802
        self.producer = None


async def deliver(connection, message):
    await connection.given.put(message)


async def three_pieces(scope, receive, send):
    for message in (PIECE, PIECE, PIECE, LAST):
        await send(message)


async def test_nothing_is_sent_while_the_buffer_is_full():
    connection = Connection()
    stream = asyncio.create_task(paced(three_pieces)({"type": "http"}, None, partial(deliver, connection)))
    assert await asyncio.wait_for(connection.given.get(), PATIENCE) == PIECE
    assert connection.given.empty()
    connection.producer.resumeProducing()
    await asyncio.wait_for(stream, PATIENCE)
    assert connection.given.qsize() == 3
    assert connection.producer is None


async def test_answer_in_one_piece_needs_no_pace():
    connection = Connection()

    async def answer(scope, receive, send):
        await send(LAST)

    await paced(answer)({"type": "http"}, None, partial(deliver, connection))
    assert (connection.given.qsize(), connection.producer) == (1, None)


async def test_a_socket_whose_client_has_gone_says_so_in_one_way():
    async def gone(connection, message):
        raise Disconnected

    async def speak(scope, receive, send):
        await send({"type": "websocket.send", "text": "x"})

    with pytest.raises(ConnectionError):
        await paced(speak)({"type": "websocket"}, None, partial(gone, Connection()))


@pytest.fixture
def endless():
    port = free_port()
    command = [sys.executable, "-m", "daphne", "-v", "0", "-p", str(port), "tests.surfaces.endless:application"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
        while not answers(client):
            assert process.poll() is None
        yield client
    process.kill()
    process.wait()


def answers(client):
    try:
        return client.get("/sent").text == "0"
    except httpx2.ConnectError:
        return False


@pytest.mark.slow
def test_reader_that_reads_nothing_is_sent_what_the_connection_holds(endless):
    with endless.stream("GET", "/") as response:
        assert response.status_code == 200
        before, sent, same = -1, 0, 0
        while same < 50:
            sent = int(endless.get("/sent").text)
            same = same + 1 if sent == before else 0
            before = sent
    assert sent < 64
