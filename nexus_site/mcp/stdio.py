"""MCP over standard input and output: each line is a message, and goes the way that an HTTP request goes.

Invariant: a line is answered with the bytes that `/mcp` would answer. There is no second server: lines are requests to a
`Transport` of this process, which knows nothing of pipes, and in the era of handshakes one session is the whole pipe. In
the era without sessions the pipe is a seat of its own, so that processes with one key are told apart.
"""

import asyncio
import json
import logging
import secrets
from collections.abc import AsyncIterator
from typing import Any

from mcp_types import INVALID_REQUEST

from bus.tail import tail
from nexus_site.mcp import oversized, short
from nexus_site.mcp.faults import Fault
from nexus_site.mcp.lines import Line, Write, scope_of
from nexus_site.mcp.messages import parsed
from nexus_site.mcp.transport import INITIALIZE, Transport
from nexus_site.serving.pipes import Cut

__all__ = ["Conversation"]

log = logging.getLogger(__name__)
FIRST = "Send `initialize` first, or name the protocol version in `params._meta`."
MOST, LAST_ANSWERS, LAST_WAITS = 256, 10.0, 0.5
INITIALIZED, CANCELLED = "notifications/initialized", "notifications/cancelled"
SUBSCRIBE, UNSUBSCRIBE = "resources/subscribe", "resources/unsubscribe"
HEADERS = {b"content-type": b"application/json", b"accept": b"application/json, text/event-stream"}


class Conversation:
    """One client at the other end of a pipe."""

    def __init__(self, key: str, query: str, write: Write) -> None:
        """Keep whose key it is, what the query of the URL would say, and how to write a line."""
        self._transport = Transport()
        self._headers = {**HEADERS, b"authorization": b"Bearer " + key.encode()}
        self._query, self._write = query.encode(), write
        self._seat = f"pipe:{secrets.token_hex(16)}"
        self._session: dict[bytes, bytes] = {}
        self._hello: Line | None = None
        self._watched: set[str] = set()
        self._open: dict[Line, asyncio.Task[None]] = {}
        self._room, self._agreeing = asyncio.Semaphore(MOST), asyncio.Lock()

    async def serve(self, lines: AsyncIterator[bytes | Cut]) -> None:
        """Answer lines until there are no more; then what is short is still answered, and what waits is ended."""
        tail.start()
        await self._transport.start()
        try:
            async for raw in lines:
                if isinstance(raw, Cut):
                    await self._write(oversized.answer(raw))
                else:
                    await self._take(raw)
            await self._settle(LAST_ANSWERS, with_waits=False)
        finally:
            await self._end()

    async def _take(self, raw: bytes) -> None:
        try:
            line = Line(parsed(raw), raw, self._write)
        except Fault as fault:
            await self._write(fault.body())
            return
        if line.method == CANCELLED and self._drop(line.params.get("requestId")):
            return
        if line.method == INITIALIZE and not line.version:
            self._hello = line
            await self._answer(line)
        elif line.version or self._session:
            await self._begin(line)
        elif line.id is not None:
            await self._write(Fault(INVALID_REQUEST, "No session is agreed on.", hint=FIRST).body(line.id))

    def _drop(self, answers: Any) -> bool:
        """End a request of the modern era that the client wants no more; the older era leaves that to the SDK."""
        found = [line for line in self._open if line.version and line.id == answers]
        for line in found:
            line.gone.set()
        return bool(found)

    async def _begin(self, line: Line) -> None:
        """Answer a line beside the others; where very many are open, read no more until one is answered."""
        await self._room.acquire()
        task = self._open[line] = asyncio.get_running_loop().create_task(self._answer(line))
        task.add_done_callback(lambda _: self._done(line))

    def _done(self, line: Line) -> None:
        self._open.pop(line, None)
        self._room.release()

    async def _answer(self, line: Line) -> None:
        try:
            await self._post(line)
        except Exception:
            log.exception("a message was not answered")
        await line.finish()

    async def _post(self, line: Line) -> None:
        """Send a message the way that a POST goes; where its session is over, agree on another and send it again."""
        before, line.keeps_back = self._session, not line.version and line is not self._hello
        await self._send("POST", line)
        if line.is_kept_back:
            async with self._agreeing:
                if self._session is before:
                    await self._agree_again()
            line = Line(line.message, line.raw, self._write)
            await self._send("POST", line)
        self._note(line)

    def _note(self, line: Line) -> None:
        """Keep what was agreed on and what is watched."""
        if line.method == INITIALIZE and line.session:
            version = str(line.said.get("result", {}).get("protocolVersion", ""))
            self._session = {b"mcp-session-id": line.session, b"mcp-protocol-version": version.encode()}
        elif line.method == INITIALIZED and self._session:
            self._listen()
        elif line.method == SUBSCRIBE:
            self._watched.add(str(line.params.get("uri")))
        elif line.method == UNSUBSCRIBE:
            self._watched.discard(str(line.params.get("uri")))

    def _listen(self) -> None:
        """Hold the session's stream, on which the client is told what changed."""
        stream = Line({}, b"", self._write)
        task = self._open[stream] = asyncio.get_running_loop().create_task(self._send("GET", stream))
        task.add_done_callback(lambda _: self._open.pop(stream, None))

    async def _agree_again(self) -> None:
        """Open another session as the client did, and watch what it watched; the client notices nothing."""
        if self._hello is None:
            return
        hello = Line(self._hello.message, self._hello.raw, _nowhere)
        await self._send("POST", hello, is_first=True)
        if not hello.session:
            return
        self._note(hello)
        again = [(SUBSCRIBE, {"uri": uri}, "again") for uri in sorted(self._watched)]
        for method, params, answers in [(INITIALIZED, {}, None), *again]:
            message = {"jsonrpc": "2.0", "method": method, "params": params} | ({"id": answers} if answers else {})
            await self._send("POST", Line(message, json.dumps(message).encode(), _nowhere))
        self._listen()

    async def _send(self, method: str, line: Line, *, is_first: bool = False) -> None:
        more = line.routing if line.version else {} if is_first or line is self._hello else self._session
        scope = scope_of(method, self._query, {**self._headers, **more}, line.raw)
        scope["nexus.seat"] = self._seat
        await self._transport(scope, line.receive, line.send)

    async def _settle(self, patience: float, *, with_waits: bool) -> None:
        """Let what was asked be answered."""
        asked = {task for line, task in self._open.items() if line.id is not None}
        waits = {task for line, task in self._open.items() if line.id is not None and short.is_long(line.message)}
        if left := asked if with_waits else asked - waits:
            await asyncio.wait(left, timeout=patience)

    async def _end(self) -> None:
        """End what waits, close the session, and stop."""
        await tail.stop()
        await self._settle(LAST_WAITS, with_waits=True)
        for line in self._open:
            line.gone.set()
        if self._session:
            await self._send("DELETE", Line({}, b"", _nowhere))
        await self._transport.stop()


async def _nowhere(_: bytes) -> None:
    """Drop an answer that no client asked for."""
