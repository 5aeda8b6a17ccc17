"""One JSON exchange with MCP through Django: no session and no stream, both eras, a key always.

Invariant: what is asked here in the modern era is answered with the bytes that `/mcp` answers.
"""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from mcp_types import INVALID_REQUEST, METHOD_NOT_FOUND
from mcp_types.version import LATEST_HANDSHAKE_VERSION

from nexus_site.mcp import short
from nexus_site.mcp.faults import BadMethod, Fault
from nexus_site.mcp.messages import ONE_MESSAGE
from nexus_site.mcp.server import server
from nexus_site.mcp.transport import Served, Transport
from nexus_site.replies import Message, Receive, Scope, Send

__all__ = ["DESCRIBED", "exchange"]

STREAMED = frozenset({"resources/subscribe", "resources/unsubscribe", "subscriptions/listen"})
ELSEWHERE = "There is no stream here. Use the URL /mcp for subscriptions and sessions."
MESSAGE = {"application/json": {"schema": {"type": "object"}}}
REFUSED = {
    "type": "object",
    "required": ["jsonrpc", "id", "error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "data"],
            "properties": {
                "code": {"type": "integer"},
                "message": {"type": "string"},
                "data": {"type": "object", "description": "`code`, `message`, `details` and `hint`, as everywhere."},
            },
        }
    },
}
DESCRIBED = {
    "security": [{"Access": []}],
    "requestBody": {"required": True, "description": "One JSON-RPC request or notification.", "content": MESSAGE},
    "responses": {
        200: {"description": "The JSON-RPC response.", "content": MESSAGE},
        202: {"description": "A notification was taken."},
        "default": {"description": "A protocol error.", "content": {"application/json": {"schema": REFUSED}}},
    },
}


class Exchange(Transport):
    """The transport without sessions: nothing of it runs beside the requests."""

    async def admit(self, scope: Scope) -> None:
        """Find out who calls; a session id means nothing here."""
        scope["nexus.headers"].pop(b"mcp-session-id", None)
        await super().admit(scope)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            raise BadMethod(hint=ELSEWHERE)
        await self._post(scope, receive, send)

    def _admitted(self, scope: Scope, message: Mapping[str, Any]) -> str:
        if "method" not in message:
            raise Fault(INVALID_REQUEST, ONE_MESSAGE)
        if message["method"] in STREAMED:
            status = 404 if scope["nexus.modern"] else 200
            raise Fault(METHOD_NOT_FOUND, "Method not found", given=message["method"], status=status, hint=ELSEWHERE)
        if scope["nexus.modern"]:
            return super()._admitted(scope, message)
        named = scope["nexus.headers"].get(b"mcp-protocol-version", LATEST_HANDSHAKE_VERSION.encode())
        version: str = named.decode("latin-1")
        return version

    def _is_short(self, message: Mapping[str, Any]) -> bool:
        return "id" in message

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 202, "headers": []})
        await send({"type": "http.response.body", "body": b""})


ways = Exchange(served=Served(server, short.is_long, short.answer))


async def exchange(request: HttpRequest) -> HttpResponse:
    """Send one MCP message and get its answer as one JSON document; a key is always needed.

    For sessions, streams and subscriptions use the URL `/mcp`.
    """
    scope: Any = request.scope  # type: ignore[attr-defined]
    response = HttpResponse()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            response.content = message.get("body", b"")
            return
        response.status_code = message["status"]
        del response["content-type"]
        for name, value in message["headers"]:
            if name != b"content-length":
                response[name.decode("latin-1")] = value.decode("latin-1")

    await ways(scope, _nothing_more, send)
    return response


async def _nothing_more() -> Message:
    return {"type": "http.disconnect"}
