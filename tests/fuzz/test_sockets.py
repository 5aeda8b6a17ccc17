"""Frames on the sockets of agents and of pages: operations, garbage, binary, fragments and broken framing. Each frame has
an answer or the connection a code that says why it ended, and the server stays well.
"""

import base64
import json
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from bus import door
from nexus_site.reference.refusals import every
from tests.figures import figure
from tests.fuzz.arena import Arena, shaped
from tests.fuzz.budget import part
from tests.fuzz.oddities import JSON, TEXTS, URL_TEXTS
from tests.fuzz.test_mcp import TOOLS, arguments, sown
from tests.live.servers import PATIENCE

pytestmark = pytest.mark.slow

CODES = {refusal.code for refusal in every()}
ENDS = {1007, 1009, 4401, 4404, 4409, 4422}  # bad UTF-8, too long, and refusals: 4000 and the HTTP status
WORDS = ["hello", "ping", "subscribe", "unsubscribe", "inbox", "event", "error"]
LISTENING = st.dictionaries(
    st.sampled_from(["after", "types", "subjects", "workspace", "key", "inbox", "session"]), JSON, max_size=3
)
FRAMES = st.fixed_dictionaries({"type": st.sampled_from(WORDS) | TEXTS | JSON}, optional={"ref": JSON, "x": JSON})
VALID_TEXT = URL_TEXTS | JSON.map(json.dumps) | FRAMES.map(json.dumps)


class Talker:
    """A socket of alice's that is opened again when it was ended."""

    def __init__(self, arena: Arena) -> None:
        self.arena = arena
        self.sent = 0
        self.socket: ClientConnection | None = None
        self.held = ExitStack()

    def opened(self) -> ClientConnection:
        if self.socket is None:
            url = f"ws://127.0.0.1:{self.arena.server.port}/ws/agent"
            dialled = connect(
                url, additional_headers=self.arena.alice.headers, proxy=None, max_size=None, open_timeout=PATIENCE
            )
            self.socket = self.held.enter_context(dialled)
            assert self.read()["type"] == "hello.result"
        return self.socket

    def read(self) -> Any:
        assert self.socket is not None
        return json.loads(self.socket.recv(timeout=PATIENCE))

    def say(self, *frames: Any, may_break: bool = False) -> list[Any]:
        """Send frames, then a ping; return what came before its answer. An end must say why with a known code."""
        answers: list[Any] = []
        ended: ConnectionClosed | None = None
        try:
            connection = self.opened()
            for frame in frames:
                connection.send(frame)
                self.sent += 1
            connection.send('{"type": "ping", "ref": "the end"}')
            while (answer := self.read()).get("ref") != "the end":
                answers.append(answer)
        except ConnectionClosed as closed:
            ended = closed
        if ended is not None:
            assert may_break or (ended.rcvd is not None and ended.rcvd.code in ENDS), ended
            self.close()
        return answers

    def close(self) -> None:
        self.socket = None
        self.held.close()


@pytest.fixture(scope="module")
def talker(arena: Arena) -> Iterator[Talker]:
    talker = Talker(arena)
    yield talker
    talker.close()
    figure("T", "WebSocket frames fuzzed", f"{talker.sent:,}, each answered or its connection ended with a code")


def judged(answers: list[Any]) -> None:
    for answer in answers:
        assert set(answer) <= {"type", "ref", "data", "error"}, answer
        if "error" in answer:
            assert shaped(answer)["code"] in CODES


@pytest.mark.parametrize("name", TOOLS)
def test_an_operation_as_a_frame_answers_what_it_says_or_refuses(arena: Arena, talker: Talker, name: str):
    schema = Draft202012Validator(door.find(name).answer.model_json_schema(mode="serialization"))

    @part(0.1)
    @given(chosen=arguments(TOOLS[name]))
    def fuzzed(chosen: dict[str, Any]) -> None:
        order = {field: value for field, value in sown(name, chosen, arena).items() if field not in ("type", "ref")}
        answers = talker.say(json.dumps({**order, "type": name, "ref": "asked"}))
        judged(answers)
        for answer in answers:
            if answer["type"] == f"{name}.result" and "data" in answer:
                schema.validate(answer["data"])
                arena.learn(answer["data"])

    fuzzed()


@part(4)
@given(
    order=LISTENING,
    word=st.sampled_from(WORDS),
    ref=st.text(st.characters(exclude_categories=["Cs"]), max_size=200) | st.integers(-(2**60), 2**60),
)
def test_a_control_word_is_obeyed_or_refused(talker: Talker, order: dict[str, Any], word: str, ref: Any):
    judged(talker.say(json.dumps({**order, "type": word, "ref": ref})))


@part(4)
@given(
    frames=st.lists(
        VALID_TEXT | st.binary(max_size=60) | FRAMES.map(lambda frame: json.dumps(frame).encode()),
        min_size=1,
        max_size=4,
    )
)
def test_garbage_is_answered_frame_by_frame(talker: Talker, frames: list[Any]):
    answers = talker.say(*frames)
    judged(answers)
    asked = [answer for answer in answers if answer["type"] == "error" or answer["type"].endswith(".result")]
    assert len(asked) >= len(frames) or talker.socket is None


@part(2)
@given(frame=FRAMES, cuts=st.lists(st.integers(0, 60), max_size=4), is_binary=st.booleans())
def test_fragments_are_one_frame(talker: Talker, frame: Any, cuts: list[int], is_binary: bool):
    text = json.dumps({**frame, "ref": "cut"}) if isinstance(frame, dict) else json.dumps(frame)
    places = [0, *sorted(cuts), len(text)]
    pieces = [text[start:end] for start, end in pairwise(places)]
    judged(talker.say([piece.encode() for piece in pieces] if is_binary else pieces))


def test_a_frame_of_a_megabyte_is_too_long_or_taken(talker: Talker):
    for size in (1_000_000, 1_048_577, 3_000_000):
        judged(talker.say(json.dumps({"type": "ping", "ref": "x", "x": "y" * size}), may_break=True))
    assert "after" in [answer.get("ref") for answer in talker.say(json.dumps({"type": "ping", "ref": "after"}))]


def masked(first: int, payload: bytes, *, length: int | None = None, is_masked: bool = True) -> bytes:
    """Return a frame with this first byte, as a client sends it."""
    size = len(payload) if length is None else length
    bit = 0x80 if is_masked else 0
    head = struct.pack("!BB", first, bit | size) if size < 126 else struct.pack("!BBQ", first, bit | 127, size)
    return head + (b"\0\0\0\0" if is_masked else b"") + payload


BROKEN = {
    "text that is no UTF-8": masked(0x81, b'{"type":"\xff\xfe"}'),
    "a text cut inside a character": masked(0x01, b'"\xe2\x82') + masked(0x80, b'"'),
    "no mask": masked(0x81, b"{}", is_masked=False),
    "a reserved bit": masked(0xC1, b"{}"),
    "a reserved opcode": masked(0x83, b"{}"),
    "a continuation of nothing": masked(0x80, b"{}"),
    "a text inside a text": masked(0x01, b"{") + masked(0x81, b"{}"),
    "a ping in fragments": masked(0x09, b""),
    "a long ping": masked(0x89, b"x" * 200),
    "a close of one byte": masked(0x88, b"\x03"),
    "a close with a code of nobody": masked(0x88, b"\x00\x00"),
    "a close with a reason that is no UTF-8": masked(0x88, b"\x03\xe8\xff"),
    "more than there is": masked(0x81, b"{}", length=2**62),
    "HTTP": b"GET / HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("path", ["/ws/agent", "/ws/dashboard", "/nowhere"])
@pytest.mark.parametrize("kind", BROKEN)
def test_broken_framing_ends_the_connection_and_nothing_else(arena: Arena, talker: Talker, kind: str, path: str):
    key = base64.b64encode(bytes(16)).decode()
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{arena.server.port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
    ]
    lines += [
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        f"Authorization: Bearer {arena.alice.key}",
        "",
        "",
    ]
    with socket.create_connection(("127.0.0.1", arena.server.port), PATIENCE) as raw:
        raw.sendall("\r\n".join(lines).encode())
        assert raw.recv(4096).startswith(b"HTTP/1.1 101")
        with suppress(ConnectionError, OSError):  # it may hang up at once
            raw.sendall(BROKEN[kind])
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(4096):
                continue
    assert talker.say('{"type": "whoami", "ref": "after"}')[-1]["data"]["agent"] == "alice"


PAGES = st.lists(
    st.tuples(
        st.sampled_from(["view", "view", "after", "workspace"]),
        st.sampled_from(["live", "events", "all"]) | URL_TEXTS | st.integers(0, 63),
    ),
    max_size=4,
)


@part(2)
@given(query=PAGES, is_right=st.booleans(), sent=st.lists(URL_TEXTS | st.binary(max_size=2000), max_size=3))
def test_a_page_socket_tells_the_time_or_ends_with_a_code(
    arena: Arena, query: list[tuple[str, Any]], is_right: bool, sent: list[Any]
):
    named = [
        (name, arena.name(name, value) if isinstance(value, int) and name != "view" else value) for name, value in query
    ]
    start = [("view", "live"), ("after", arena.operator.get("events/cursor")["cursor"])] if is_right else []
    url = f"ws://127.0.0.1:{arena.server.port}/ws/dashboard?{urlencode(named + start)}"[:8000]
    code = 0
    with connect(url, proxy=None, open_timeout=PATIENCE) as page:
        try:
            assert json.loads(page.recv(timeout=PATIENCE))["now"]
            for frame in sent:
                page.send(frame)
            page.ping().wait(PATIENCE)
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
    assert code in (0, 4400, 4401, 4429)
