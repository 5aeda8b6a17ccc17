"""How the ASGI root answers by itself, before Django or the MCP SDK see a request: refusals in the one error shape."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from pydantic_core import to_json

from bus.errors import Refusal

__all__ = ["CAREFUL", "MCP_PATHS", "REFUSED", "Message", "Receive", "Scope", "Send", "is_mcp", "refuse", "send_json"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

MCP_PATHS = frozenset({"/mcp", "/mcp/"})
EXCHANGE = "/api/v1/mcp"
REFUSED = -32000
# What keeps a browser careful. The policy is for what is no page, as pages bring their own: nothing may run or load.
CAREFUL = (
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


def is_mcp(scope: Scope) -> bool:
    """Say whether the request is for the MCP surface, there or through Django, where errors are JSON-RPC errors."""
    return scope.get("path") in MCP_PATHS or scope.get("path") == EXCHANGE


async def send_json(send: Send, status: int, body: bytes, extra: Headers = ()) -> None:
    """Answer with a JSON document."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), *CAREFUL, *extra]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def refuse(scope: Scope, send: Send, refusal: Refusal, extra: Headers = ()) -> None:
    """Answer with a refusal; a WebSocket that is not open yet is turned away."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 4000 + refusal.status, "reason": refusal.code})
        return
    shape: dict[str, Any] = refusal.shape()
    if is_mcp(scope):
        error = {"code": REFUSED, "message": refusal.message, "data": shape["error"]}
        shape = {"jsonrpc": "2.0", "id": scope.get("nexus.answers"), "error": error}
    headers = [*extra]
    if refusal.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if refusal.retry_after is not None:
        headers.append((b"retry-after", b"%d" % max(1, round(refusal.retry_after))))
    await send_json(send, refusal.status, to_json(shape), headers)
