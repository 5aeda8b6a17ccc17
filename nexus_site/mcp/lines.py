"""One line of a pipe as a request to the transport, and what comes back as lines."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mcp_types import INTERNAL_ERROR
from pydantic_core import from_json, to_json

from nexus_site.mcp import kernel
from nexus_site.mcp.faults import Fault
from nexus_site.replies import Message, Scope

__all__ = ["Line", "Write", "scope_of"]

Write = Callable[[bytes], Awaitable[None]]
DATA, STREAM, NOT_FOUND = b"data:", b"text/event-stream", 404
OVER = "The call ended without an answer."
VERSION = "io.modelcontextprotocol/protocolVersion"
NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}


class Line:
    """A message on its way through the transport, told to `write` as its answer comes."""

    def __init__(self, message: Mapping[str, Any], raw: bytes, write: Write) -> None:
        """Keep the message as an object and as it came."""
        self.message, self.raw, self._write = message, raw, write
        self.method: str = message.get("method", "")
        self.version = _version(message)
        self.gone = asyncio.Event()
        self.session, self.said = b"", dict[str, Any]()
        self.keeps_back, self.is_kept_back = False, False
        self._status, self._is_taken, self._is_stream, self._is_answered = 0, False, False, False
        self._held = b""

    @property
    def id(self) -> Any:
        """Return what an answer must name, None where nobody expects one."""
        return self.message.get("id") if self.method else None

    @property
    def params(self) -> Mapping[str, Any]:
        """Return the params, empty where there are none."""
        return self.message.get("params") or {}

    @property
    def routing(self) -> dict[bytes, bytes]:
        """Return the headers that a request of the modern era repeats from its body."""
        name = self.params.get(NAMED.get(self.method, ""))
        said = {b"mcp-protocol-version": self.version, b"mcp-method": self.method}
        more = {b"mcp-name": name} if isinstance(name, str) else {}
        return {header: _plain(value) for header, value in {**said, **more}.items()}

    async def receive(self) -> Message:
        """Give the body, then wait until the client wants no answer any more."""
        if not self._is_taken:
            self._is_taken = True
            return {"type": "http.request", "body": self.raw, "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, part: Message) -> None:
        """Turn a part of the answer into lines: a document is one, and each event of a stream."""
        if part["type"] == "http.response.start":
            headers = dict(part["headers"])
            self._status, self.session = part["status"], headers.get(b"mcp-session-id", b"")
            self._is_stream = headers.get(b"content-type", b"").startswith(STREAM)
            self.is_kept_back = self.keeps_back and self._status == NOT_FOUND
        elif not self.is_kept_back:
            await self._pass_on(part.get("body", b""))

    async def _pass_on(self, body: bytes) -> None:
        if not self._is_stream:
            await self._tell(body)
            return
        *whole, self._held = (self._held + body).split(b"\n")
        for each in whole:
            if each.startswith(DATA):
                await self._tell(each[len(DATA) :].strip())

    async def _tell(self, document: bytes) -> None:
        """Write one message; a refusal that names no request is the answer to this one."""
        if not document or self.gone.is_set() or not (self.id is not None or self._is_stream):
            return
        self._is_answered = self._is_answered or not self._is_stream
        if self._is_stream or self._status >= 400:
            self.said = from_json(document)
            self._is_answered = self._is_answered or "method" not in self.said
            if "method" not in self.said and self.said.get("id") is None:
                document = to_json({**self.said, "id": self.id})
        await self._write(document)

    async def finish(self) -> None:
        """Answer what nobody else has answered, so that no client waits for ever."""
        if self.id is not None and not self._is_answered:
            await self._tell(Fault(INTERNAL_ERROR, OVER).body(self.id))


def _version(message: Mapping[str, Any]) -> str:
    """Return the modern version that a message names itself, empty in the era of handshakes."""
    meta = (message.get("params") or {}).get("_meta")
    found = meta.get(VERSION) if isinstance(meta, dict) else None
    return found if isinstance(found, str) and found.encode() not in kernel.HANDSHAKE else ""


def _plain(value: str) -> bytes:
    """Return a header's value, written as the protocol writes what a header cannot hold."""
    if value.isascii() and value.isprintable() and value == value.strip() and not value.startswith("=?"):
        return value.encode()
    return b"=?base64?%s?=" % base64.b64encode(value.encode())


def scope_of(method: str, query: bytes, headers: dict[bytes, bytes], body: bytes) -> Scope:
    """Return what the transport and the SDK need of an HTTP request."""
    return {
        "type": "http",
        "method": method,
        "path": "/mcp",
        "raw_path": b"/mcp",
        "root_path": "",
        "query_string": query,
        "headers": list(headers.items()),
        "client": None,
        "scheme": "http",
        "http_version": "1.1",
        "asgi": {"version": "3.0"},
        "nexus.headers": headers,
        "nexus.doubled": set(),
        "nexus.body": body,
    }
