"""Raw requests to the ASGI root in this process, and an agent with an MCP session."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bus.models import Session
from bus.readers import readers
from nexus_site import asgi

HOST = "127.0.0.1:8642"
BOTH = "application/json, text/event-stream"
HANDSHAKE, MODERN = "2025-11-25", "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "codex", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


@dataclass
class Reply:
    """An HTTP response as it came out of the application."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> Any:
        """The JSON-RPC message of a JSON document or of the last event of a stream."""
        if self.headers["content-type"] == "application/json":
            return self.json
        events = [line[6:] for line in self.body.decode().splitlines() if line.startswith("data: ")]
        return json.loads(events[-1])

    @property
    def result(self) -> Any:
        return self.message["result"]

    @property
    def error(self) -> dict[str, Any]:
        """The error shape, wherever this surface puts it."""
        shape = self.message["error"]
        data: dict[str, Any] = shape.get("data", shape)
        return data


class Wire:
    """One request on its way through an application, as a web server would carry it."""

    def __init__(self, scope: dict[str, Any], chunks: list[bytes]) -> None:
        self.scope, self.chunks = scope, chunks
        self.taken = 0
        self.reply = Reply()
        self.started = asyncio.Event()
        self.gone = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        if self.taken < len(self.chunks):
            self.taken += 1
            more = self.taken < len(self.chunks)
            return {"type": "http.request", "body": self.chunks[self.taken - 1], "more_body": more}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.reply.status = int(message["status"])
            self.reply.headers = {k.decode().lower(): v.decode() for k, v in message["headers"]}
        else:
            self.reply.body += message.get("body", b"")
            self.started.set()

    async def run(self, application: Any = asgi.application) -> Reply:
        await application(self.scope, self.receive, self.send)
        return self.reply


def headers_of(given: dict[str, str | None], body: bytes | None) -> list[tuple[bytes, bytes]]:
    """Return the headers a client would send, with those of `given` in their places; None leaves one out."""
    usual = {"host": HOST, "content-type": "application/json", "accept": BOTH}
    length = {} if body is None else {"content-length": str(len(body))}
    merged = {**usual, **length, **given}
    return [(name.encode(), value.encode("latin-1")) for name, value in merged.items() if value is not None]


def wire(method: str, path: str, headers: dict[str, str | None] | None = None, body: Any = None) -> Wire:
    """Return a request; a body that is not bytes is sent as JSON."""
    raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": headers_of(headers or {}, raw),
        "client": ["127.0.0.1", 50000],
        "server": ["127.0.0.1", 8642],
        "scheme": "http",
        "http_version": "1.1",
        "asgi": {"version": "3.0"},
    }
    return Wire(scope, [raw or b""])


def rpc(method: str, params: Any = None, answers: Any = 1) -> dict[str, Any]:
    """Return a JSON-RPC request."""
    return {"jsonrpc": "2.0", "id": answers, "method": method} | ({} if params is None else {"params": params})


def call(name: str, /, **arguments: Any) -> dict[str, Any]:
    """Return a tools/call request."""
    return rpc("tools/call", {"name": name, "arguments": arguments})


def modern(message: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """Return a request of the modern era, and the headers that go with it."""
    params = {**message.get("params", {}), "_meta": META}
    headers = {"mcp-protocol-version": MODERN, "mcp-method": message["method"]}
    name = params.get("uri" if message["method"] == "resources/read" else "name")
    if isinstance(name, str):
        headers["mcp-name"] = name
    return headers, {**message, "params": params}


class Agent:
    """A client with a key and, after `initialize`, an MCP session."""

    def __init__(self, key: str, url: str = "/mcp") -> None:
        self.url = url
        self.headers: dict[str, str | None] = {"authorization": f"Bearer {key}"}

    def wire(self, body: Any = None, method: str = "POST", /, **headers: str | None) -> Wire:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return wire(method, self.url, {**self.headers, **named}, body)

    async def post(self, body: Any, /, **headers: str | None) -> Reply:
        return await self.wire(body, **headers).run()

    async def initialize(self, name: str = "codex") -> Reply:
        self.headers.pop("mcp-session-id", None)
        info = {"name": name, "version": "1"}
        params = {"protocolVersion": HANDSHAKE, "capabilities": {}, "clientInfo": info}
        reply = await self.post(rpc("initialize", params))
        self.headers["mcp-session-id"] = reply.headers.get("mcp-session-id")
        self.headers["mcp-protocol-version"] = HANDSHAKE
        return reply

    async def call(self, name: str, /, **arguments: Any) -> Any:
        """Return what a tool answers, refusals too."""
        return (await self.post(call(name, **arguments))).result["structuredContent"]

    async def modern(self, message: dict[str, Any], /, **changed: str | None) -> Reply:
        headers, body = modern(message)
        return await self.post(body, **{**{k.replace("-", "_"): v for k, v in headers.items()}, **changed})


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a fact, with a generous limit."""
    async with asyncio.timeout(20):
        while not await condition():
            await asyncio.sleep(0.01)


async def open_sessions() -> int:
    """Return how many Nexus sessions are open."""
    count: int = await readers.run(lambda: Session.objects.filter(closed_at=None).count())
    return count
