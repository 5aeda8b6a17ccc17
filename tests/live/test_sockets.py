"""Sockets against a real server: idle ones cost little, one that never reads harms nobody, a restart is survived."""

import asyncio
import contextlib
import json
import re
import socket as plain
import struct
import time
from pathlib import Path

import pytest

from tests.faults import wires
from tests.live.servers import Server, play
from tests.live.sockets import dial, frames

pytestmark = pytest.mark.slow

IDLE, KEYS = 1000, 20
MOST_BYTES = 150_000_000
BODY = "x" * 30_000
END = struct.pack(">H", 4401)


def resident(pid: int) -> int:
    """Return the bytes of memory that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def web_process(server) -> int:
    """Return the process that serves, the child of the supervisor."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    return next(int(child) for child in children if b"serving.web" in Path(f"/proc/{child}/cmdline").read_bytes())


def test_1000_idle_sockets_cost_less_than_150_mb_and_all_hear_a_broadcast(own_server):
    agents = [own_server.agent(f"idle-{number}") for number in range(KEYS)]
    speaker = own_server.agent("speaker")
    own_server.stop()
    own_server.start()  # without the memory that making the tables took, which sockets would fill again

    async def scenario():
        async with contextlib.AsyncExitStack() as stack:
            first = await stack.enter_async_context(frames(own_server, agents[0].key))
            before = resident(web_process(own_server))
            keys = [agents[number % KEYS].key for number in range(1, IDLE)]
            opened = [first, *[await stack.enter_async_context(frames(own_server, key)) for key in keys]]
            cost = resident(web_process(own_server)) - before
            print(f"{IDLE} idle sockets: {cost / 1e6:.1f} MB beside {before / 1e6:.1f} MB")  # noqa: T201
            assert cost < MOST_BYTES
            sent = await asyncio.to_thread(speaker.post, "messages", to="broadcast", subject="All", body="Hear this.")
            assert len(sent["recipients"]) == KEYS
            told = await asyncio.gather(*(each.push("inbox", 600) for each in opened))
            assert {each["messages"][0]["message"] for each in told} == {sent["message"]}

    play(scenario(), 1200)


@pytest.fixture(params=["daphne", "uvicorn"])
def either_server(request, tmp_path):
    """A running server of one test, behind each of the two web servers."""
    running = Server(tmp_path / "home", NEXUS_SERVER=request.param).start()
    yield running
    running.close()


def test_a_socket_that_never_reads_is_cut_and_harms_nobody(either_server):
    """It asks for far more than any buffer holds and takes nothing, while another agent works on."""
    own_server = either_server
    sink, worker = own_server.agent("sink"), own_server.agent("worker")
    for _ in range(4):
        worker.post("messages", to="sink", subject="Long", body=BODY)
    stuck = shaken_hands(own_server, sink.key)
    before = resident(web_process(own_server))
    try:
        asked = flood(stuck, masked(json.dumps({"type": "inbox_peek", "ref": "1"})))
        assert asked > 0
        async_work(own_server, worker)
        assert resident(web_process(own_server)) - before < 50_000_000
        wait_until_cut(stuck)
    finally:
        stuck.close()
    async_work(own_server, worker)
    assert own_server.operator().get("whoami")["agent"] == "operator"


def shaken_hands(server, key: str) -> plain.socket:
    """Return a raw TCP connection that has become a WebSocket, with a small receive buffer."""
    opened = plain.socket()
    opened.setsockopt(plain.SOL_SOCKET, plain.SO_RCVBUF, 4096)
    opened.connect(("127.0.0.1", server.port))
    opened.sendall(
        f"GET /ws/agent HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Authorization: Bearer {key}\r\n\r\n".encode()
    )
    assert re.match(rb"HTTP/1.1 101 ", opened.recv(64))
    return opened


def masked(text: str) -> bytes:
    """Return a text frame of a client, masked with zeros; shorter than 126 bytes."""
    return bytes([0x81, 0x80 | len(text)]) + bytes(4) + text.encode()


def flood(stuck: plain.socket, frame: bytes) -> int:
    """Send until the server takes no more, or for 20,000 frames; return how many it took."""
    stuck.settimeout(2)
    for sent in range(20_000):
        try:
            stuck.sendall(frame)
        except TimeoutError:
            return sent
    return 20_000


def wait_until_cut(stuck: plain.socket) -> None:
    """Wait until the server has closed the connection; what it had sent before may still be read."""
    end = time.monotonic() + 90
    while time.monotonic() < end:
        try:
            stuck.settimeout(1)
            stuck.sendall(masked('{"type":"ping"}'))
            select_closed(stuck)
        except TimeoutError:
            continue
        except OSError:
            return
    raise AssertionError("the connection is still open")


def select_closed(stuck: plain.socket) -> None:
    """Raise OSError once the other side has reset the connection, without reading what it sent."""
    error = stuck.getsockopt(plain.SOL_SOCKET, plain.SO_ERROR)
    if error:
        raise OSError(error)


def async_work(server, worker) -> None:
    """Do ordinary work over another socket."""

    async def scenario():
        async with frames(server, worker.key) as call:
            for number in range(20):
                sent = await call("message_create", to="sink", subject=f"{number}", body="")
                assert "message" in sent

    play(scenario())


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_after_a_restart_a_client_connects_again_and_misses_nothing(either_server, end):
    own_server = either_server
    alice, bob = own_server.agent("alice"), own_server.agent("bob")

    async def scenario():
        async with frames(own_server, bob.key, "?inbox=false") as call:
            cursor = (await call("subscribe", types=["message.created"]))["cursor"]
            first = (await asyncio.to_thread(alice.post, "messages", to="bob", subject="1", body=""))["message"]
            assert (await call.push("event"))["message"] == first
            second = (await asyncio.to_thread(alice.post, "messages", to="bob", subject="2", body=""))["message"]
            assert (await call.push("event"))["message"] == second
            await asyncio.to_thread(getattr(own_server, end))
            await asyncio.wait_for(call.socket.wait_closed(), 60)
        await asyncio.to_thread(own_server.start)
        third = (await asyncio.to_thread(alice.post, "messages", to="bob", subject="3", body=""))["message"]
        async with frames(own_server, bob.key, "?inbox=false") as call:
            await call("subscribe", types=["message.created"], after=cursor)
            assert [(await call.push("event"))["message"] for _ in range(3)] == [first, second, third]

    play(scenario())


def test_a_key_in_the_first_frame_and_a_message_of_more_than_1_mb(either_server):
    own_server = either_server
    alice = own_server.agent("alice")

    async def scenario():
        async with dial(own_server, "") as socket:
            await socket.send(json.dumps({"type": "hello", "key": alice.key}))
            assert json.loads(await socket.recv())["data"]["agent"] == "alice"
            await socket.send("x" * 1_100_000)
            await asyncio.wait_for(socket.wait_closed(), 60)
        async with frames(own_server, alice.key) as call:
            assert (await call("whoami"))["agent"] == "alice"

    play(scenario())


def test_a_refused_client_that_is_slow_still_reads_why_and_says_goodbye(own_server):
    """Were the connection reset before the client closes it, some libraries would drop what they had not read yet."""
    with wires.upgraded(own_server, "/ws/agent") as refused:
        refused.sendall(wires.frame(type="hello", key="nxs_guess"))
        assert b"unauthorized" in wires.body_of(refused, END)
        assert not wires.is_cut(refused, patience=3)
        refused.sendall(b"\x88\x82" + bytes(4) + END)
        assert wires.is_cut(refused)
