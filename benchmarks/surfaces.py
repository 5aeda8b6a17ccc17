"""How a client calls an operation: over MCP (handshake era, with a session) or over REST.

Request heads are built once; only lengths, ids and the order differ between calls.
"""

import json
import time
from typing import Any, Protocol

from benchmarks.client import Answer, BenchmarkError, Connection, connect

__all__ = ["SURFACES", "McpSurface", "RestSurface", "Surface", "post_as_operator", "rest_head"]

PROTOCOL = "2025-11-25"
FLOOR_SESSION = "0123456789abcdef0123456789abcdef"
ROUTES = {
    "whoami": b"GET /api/v1/whoami",
    "message_create": b"POST /api/v1/messages",
    "inbox_pull": b"POST /api/v1/inbox/pull",
    "inbox_ack": b"POST /api/v1/inbox/ack",
    "inbox_wait": b"POST /api/v1/inbox/wait",
    "handoff_create": b"POST /api/v1/handoffs",
    "handoff_claim": b"POST /api/v1/handoffs/%b/claim",
    "handoff_complete": b"POST /api/v1/handoffs/%b/complete",
}


class Surface(Protocol):
    """One client of one server, with its key; every call's seconds are kept in `latencies`."""

    latencies: list[float]

    async def open(self, port: int) -> None:
        """Connect, and open a session where the surface has them."""

    async def open_floor(self, port: int) -> None:
        """Connect to the floor, which has no sessions."""

    async def call(self, operation: str, order: bytes) -> Any:
        """Run an operation and return its answer."""

    async def call_on(self, operation: str, handoff: str, fields: bytes) -> Any:
        """Run an operation on a handoff; `fields` are the order's other ones."""

    def close(self) -> None:
        """Close the connection."""


class _Client:
    connection: Connection
    latencies: list[float]

    def __init__(self, key: str) -> None:
        """Keep the key."""
        self.key = key
        self.latencies = []

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    async def _timed(self, request: bytes) -> Answer:
        started = time.perf_counter()
        answer = await self.connection.call(request)
        self.latencies.append(time.perf_counter() - started)
        return answer


class McpSurface(_Client):
    """MCP's handshake era over streamable HTTP, with the headers that coding clients send."""

    _calls = 0

    async def open(self, port: int) -> None:
        """Connect and shake hands."""
        self.connection = await connect(port)
        head = _mcp_head(port, self.key, "")
        answer = await self._post(head, "initialize", INITIALIZE)
        session = answer.header("mcp-session-id")
        if not session:
            raise BenchmarkError(f"initialize gave no Mcp-Session-Id: HTTP {answer.status} {answer.body!r}")
        _mcp_result("initialize", answer)
        self._head = _mcp_head(port, self.key, session)
        accepted = await self._post(self._head, "notifications/initialized", INITIALIZED)
        if accepted.status != 202:
            raise BenchmarkError(f"notifications/initialized: HTTP {accepted.status} {accepted.body!r}")

    async def open_floor(self, port: int) -> None:
        """Connect without a handshake."""
        self.connection = await connect(port)
        self._head = _mcp_head(port, self.key, FLOOR_SESSION)

    async def call(self, operation: str, order: bytes) -> Any:
        """Call a tool."""
        self._calls += 1
        body = CALL % (self._calls, operation.encode(), order)
        result = _mcp_result(operation, await self._timed(self._head % len(body) + body))
        if result.get("isError"):
            raise BenchmarkError(f"{operation} was refused over MCP: {result.get('content')}")
        return result["structuredContent"]

    async def subscribe(self, uri: str) -> bytes:
        """Subscribe to a resource; return the request that opens the session's stream."""
        body = b'{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"%b"}}' % uri.encode()
        _mcp_result("resources/subscribe", await self._post(self._head, "resources/subscribe", body))
        return self._head.replace(b"POST", b"GET").replace(b"Content-Type: application/json\r\n", b"") % 0

    async def call_on(self, operation: str, handoff: str, fields: bytes) -> Any:
        """Call a tool whose order names the handoff."""
        named = b'"handoff":"%b"' % handoff.encode()
        return await self.call(operation, b"{%b,%b}" % (named, fields) if fields else b"{%b}" % named)

    async def _post(self, head: bytes, method: str, body: bytes) -> Answer:
        answer = await self.connection.call(head % len(body) + body)
        if answer.status >= 300:
            raise BenchmarkError(f"{method}: HTTP {answer.status} {answer.body!r}")
        return answer


class RestSurface(_Client):
    """JSON over HTTP with the agent's key."""

    async def open(self, port: int) -> None:
        """Connect."""
        self.connection = await connect(port)
        self._head = rest_head(port, self.key)

    open_floor = open

    async def call(self, operation: str, order: bytes) -> Any:
        """Run an operation by its route; a read has no body."""
        route = ROUTES[operation]
        return await self._request(operation, route, b"" if route.startswith(b"GET") else order)

    async def call_on(self, operation: str, handoff: str, fields: bytes) -> Any:
        """Run an operation by a route that names the handoff."""
        return await self._request(operation, ROUTES[operation] % handoff.encode(), b"{%b}" % fields)

    async def _request(self, operation: str, route: bytes, body: bytes) -> Any:
        return _rest_answer(operation, await self._timed(self._head % (route, len(body)) + body))


SURFACES: dict[str, type[McpSurface | RestSurface]] = {"MCP": McpSurface, "REST": RestSurface}


async def post_as_operator(connection: Connection, port: int, path: str, order: dict[str, Any]) -> Any:
    """Post an order without a key: on this machine that is the operator."""
    body = json.dumps(order).encode()
    request = rest_head(port, "") % (f"POST {path}".encode(), len(body)) + body
    return _rest_answer(f"POST {path}", await connection.call(request))


def _mcp_head(port: int, key: str, session: str) -> bytes:
    lines = [
        "POST /mcp HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Accept: application/json, text/event-stream",
        "Accept-Encoding: identity",
        "User-Agent: nexus-benchmark/1",
        f"Authorization: Bearer {key}",
        "Content-Type: application/json",
        *([f"Mcp-Session-Id: {session}", f"MCP-Protocol-Version: {PROTOCOL}"] if session else []),
    ]
    return "\r\n".join([*lines, "Content-Length: %d", "", ""]).encode()


def rest_head(port: int, key: str) -> bytes:
    """Return the head of a call, without its route and length."""
    lines = [
        "%b HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Accept: application/json",
        "Accept-Encoding: identity",
        "User-Agent: nexus-benchmark/1",
        *([f"Authorization: Bearer {key}"] if key else []),
        "Content-Type: application/json",
    ]
    return "\r\n".join([*lines, "Content-Length: %d", "", ""]).encode()


def _mcp_result(operation: str, answer: Answer) -> Any:
    body = answer.body
    if not body.startswith(b"{"):
        body = b"".join(line[5:] for line in body.splitlines() if line.startswith(b"data:"))
    try:
        return json.loads(body)["result"]
    except (ValueError, KeyError, TypeError):
        raise BenchmarkError(f"{operation} failed over MCP: HTTP {answer.status} {answer.body!r}") from None


def _rest_answer(operation: str, answer: Answer) -> Any:
    try:
        parsed = json.loads(answer.body)
    except ValueError:
        parsed = None
    if parsed is None or answer.status not in (200, 201):
        raise BenchmarkError(f"{operation} failed over REST: HTTP {answer.status} {answer.body!r}")
    return parsed


CALL = b'{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"%b","arguments":%b}}'
INITIALIZED = b'{"jsonrpc":"2.0","method":"notifications/initialized"}'
INITIALIZE = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 0,
        "method": "initialize",
        "params": {
            "protocolVersion": PROTOCOL,
            "capabilities": {},
            "clientInfo": {"name": "nexus-benchmark", "version": "1"},
        },
    }
).encode()
