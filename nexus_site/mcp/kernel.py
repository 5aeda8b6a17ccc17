"""The one file that uses undocumented names of the MCP SDK: its kernel, its ladder and its manager's insides.

Short calls skip the SDK's HTTP transport (streams, task groups, request objects) and run in its kernel, which validates
params, finds the handler and shapes the result for the protocol version. What leaves here is what the transport sends.
"""

import contextlib
import json
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

import anyio
import mcp_types as types
from anyio.abc import TaskGroup, TaskStatus
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser, authorization_context
from mcp.server.auth.provider import AccessToken
from mcp.server.connection import Connection
from mcp.server.lowlevel import Server
from mcp.server.runner import ServerRunner, modern_error_data, serve_connection, serve_one
from mcp.server.streamable_http import GET_STREAM_KEY, EventMessage, StreamableHTTPServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import NoBackChannelError
from mcp.shared.inbound import (
    ERROR_CODE_HTTP_STATUS,
    InboundLadderRejection,
    classify_inbound_request,
    unsupported_protocol_version_rejection,
)
from mcp.shared.jsonrpc_dispatcher import JSONRPCDispatcher
from mcp.shared.message import ServerMessageMetadata
from mcp.shared.subscriptions import SUBSCRIPTION_ID_META_KEY
from mcp.shared.transport_context import TransportContext
from mcp_types import methods
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError
from pydantic_core import from_json, to_json

from nexus_site.mcp.faults import Fault
from nexus_site.mcp.reply import Reply

__all__ = [
    "HANDSHAKE",
    "SUBSCRIPTION_ID_META_KEY",
    "Manager",
    "at_close",
    "dumped",
    "is_modern",
    "rejection",
    "result_bytes",
    "serve",
    "session_id",
    "tool_reply",
    "unserved",
    "user",
    "well_formed",
]

HANDSHAKE = {version.encode() for version in HANDSHAKE_PROTOCOL_VERSIONS}
ROUTING = (b"mcp-protocol-version", b"mcp-method", b"mcp-name")
AtEnd = Callable[[], Awaitable[None]]
TEXT, STRUCTURED = "\x00text\x00", "\x00structured\x00"
SELDOM = 30.0
INLINE = frozenset({"initialize"})
TRANSPORT = TransportContext(kind="streamable-http", can_send_request=False)


def is_modern(version: str) -> bool:
    """Say whether a protocol version is of the era without a handshake."""
    return version in MODERN_PROTOCOL_VERSIONS


# What came in


def rejection(message: Mapping[str, Any], headers: Mapping[bytes, bytes], doubled: set[bytes]) -> Fault | None:
    """Run the SDK's ladder over a request of the modern era; no tool declares Mcp-Param-* headers."""
    for name in ROUTING:
        if name in doubled:
            return Fault(types.HEADER_MISMATCH, f"{name.decode()} header appears more than once")
    routing = {name.decode(): headers[name].decode("latin-1") for name in ROUTING if name in headers}
    verdict = classify_inbound_request(message, headers=routing)
    return _fault(verdict) if isinstance(verdict, InboundLadderRejection) else None


def unserved(version: str) -> Fault | None:
    """Return the fault for a version of the modern era that is not served, else None."""
    verdict = unsupported_protocol_version_rejection(version)
    return _fault(verdict) if verdict is not None else None


def _fault(verdict: InboundLadderRejection) -> Fault:
    status = ERROR_CODE_HTTP_STATUS.get(verdict.code, 400)
    return Fault(verdict.code, verdict.message, given=verdict.data, status=status)


def well_formed(method: str, version: str, params: Mapping[str, Any] | None) -> bool:
    """Say whether the params are what this version's schema of the method allows."""
    try:
        methods.validate_client_request(method, version, params)
    except (KeyError, ValidationError):
        return False
    return True


# One short call


@dataclass(slots=True)
class Carrier:
    """What handlers see as the request: the ASGI scope, with the caller in it."""

    scope: Any


@dataclass(slots=True)
class Exchange:
    """The SDK's dispatch context of one short call: one answer, and no way to ask the client anything."""

    request_id: Any
    message_metadata: Any
    transport: TransportContext = TRANSPORT
    can_send_request: bool = False
    cancel_requested: anyio.Event = field(default_factory=anyio.Event)

    async def send_raw_request(self, method: str, params: Mapping[str, Any] | None, opts: Any = None) -> dict[str, Any]:
        """Refuse to ask the client."""
        raise NoBackChannelError(method)

    async def notify(self, method: str, params: Mapping[str, Any] | None, opts: Any = None) -> None:
        """Drop a notification: the answer is one JSON document."""

    async def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Drop a progress report: the answer is one JSON document."""


async def serve(server: Server[Any], version: str, message: Mapping[str, Any], scope: Any) -> tuple[int, bytes]:
    """Run one request in the kernel; return the HTTP status and the body."""
    exchange = Exchange(message["id"], ServerMessageMetadata(request_context=Carrier(scope)))
    connection = Connection.from_envelope(version, *_introduced(message))
    try:
        result = await serve_one(
            server, exchange, message["method"], message.get("params"), connection=connection, lifespan_state={}
        )
    except Exception as error:
        wrong = modern_error_data(error)
        status = ERROR_CODE_HTTP_STATUS.get(wrong.code, 200) if is_modern(version) else 200
        return status, Fault(wrong.code, wrong.message, given=wrong.data).body(message["id"])
    return 200, dumped(version, {"jsonrpc": "2.0", "id": message["id"], "result": result})


def _introduced(message: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return the client's info and capabilities, which a modern request carries itself."""
    meta = (message.get("params") or {}).get("_meta")
    if not isinstance(meta, dict):
        return None, None
    return meta.get(types.CLIENT_INFO_META_KEY), meta.get(types.CLIENT_CAPABILITIES_META_KEY)


def dumped(version: str, document: Any) -> bytes:
    """Return JSON as the SDK writes it: ASCII in the modern era, UTF-8 in the era of handshakes."""
    if is_modern(version):
        return json.dumps(document, separators=(",", ":")).encode()
    return to_json(document)


# Prepared answers


def result_bytes(server: Server[Any], version: str, method: str, result: Any) -> bytes:
    """Return a handler's result as its JSON on the wire."""
    runner = ServerRunner(server, Connection.from_envelope(version, None, None), {})
    return dumped(version, runner._serialize(method, version, result))


def tool_reply(server: Server[Any], version: str, answers: Any, reply: Reply) -> bytes:
    """Return the body of a tool's answer without building it from models."""
    before, between, after = _frame(server, version, reply.is_error)
    if is_modern(version):
        structured = json.dumps(from_json(reply.structured), separators=(",", ":"))
        result = before + json.dumps(reply.text) + between + structured + after
        return b'{"jsonrpc":"2.0","id":%s,"result":%s}' % (json.dumps(answers).encode(), result.encode())
    result = before + to_json(reply.text).decode() + between + reply.structured + after
    return b'{"jsonrpc":"2.0","id":%s,"result":%s}' % (to_json(answers), result.encode())


@cache
def _frame(server: Server[Any], version: str, is_error: bool) -> tuple[str, str, str]:
    """Return what stands around the text and the structured content of a tool's answer."""
    block = types.TextContent(type="text", text=TEXT)
    result = types.CallToolResult(content=[block], structured_content={STRUCTURED: 0}, is_error=is_error)
    whole = result_bytes(server, version, "tools/call", result).decode()
    before, rest = whole.split(json.dumps(TEXT))
    between, after = rest.split("{" + json.dumps(STRUCTURED) + ":0}")
    return before, between, after


# Sessions


def user(key: int) -> AuthenticatedUser:
    """Return the user the SDK binds a session to: a key, so that no other key can use the session."""
    return AuthenticatedUser(AccessToken(token="", client_id=str(key), scopes=[]))


def session_id(context: Any) -> str | None:
    """Return the id of the MCP session that a handler's context belongs to, None in the modern era."""
    found: str | None = context.session._connection.session_id
    return found


def at_close(context: Any, work: AtEnd) -> None:
    """Run `work` when the session of this context ends, however it ends."""
    context.session._connection.exit_stack.push_async_callback(work)


class Manager(StreamableHTTPSessionManager):
    """The SDK's session manager, whose sessions also live by the calls that do not pass through it."""

    def renew(self, session: str) -> bool:
        """Start a session's idle time anew; say whether the session lives."""
        transport = self._server_instances.get(session)
        if transport is None or transport.is_terminated:
            return False
        idle, patience = transport.idle_scope, self.session_idle_timeout
        if idle is None or patience is None:
            return True
        if idle.cancel_called:
            return False
        later = anyio.current_time() + patience
        if later - idle.deadline > SELDOM:
            idle.deadline = later
        return True

    async def make_room(self, owner: AuthenticatedUser, most: int) -> None:
        """End the sessions of a user that were idle longest until one more makes at most `most`."""
        requestor = authorization_context(owner)
        while len(own := [each for each, of in self._session_owners.items() if of == requestor]) >= most:
            await self.end(min(own, key=self._idle_until))

    def _idle_until(self, session: str) -> float:
        """Return when a session's idle time is over; never while it serves a request or holds a stream."""
        idle = self._server_instances[session].idle_scope
        return math.inf if idle is None else idle.deadline

    async def go_on(self, session: str, version: str, owner: AuthenticatedUser, at_end: AtEnd) -> bool:
        """Serve a session that an earlier process agreed on, without a handshake; say whether there is room for it."""
        transport, group = self._admit_session(authorization_context(owner)), cast("TaskGroup", self._task_group)
        if transport is None:
            return False
        fresh, transport.mcp_session_id = transport.mcp_session_id or "", session
        self._server_instances[session] = self._server_instances.pop(fresh)
        self._session_owners[session] = self._session_owners.pop(fresh)
        try:
            await group.start(self._go_on, transport, version, at_end)
        except BaseException:
            await self._discard_session(session, transport)
            raise
        return True

    async def _go_on(
        self, transport: StreamableHTTPServerTransport, version: str, at_end: AtEnd, *, task_status: TaskStatus[None]
    ) -> None:
        """Run a session as the SDK does, but for the handshake, until it ends."""
        session = transport.mcp_session_id or ""
        async with transport.connect() as (incoming, outgoing):
            dispatcher = JSONRPCDispatcher[TransportContext](incoming, outgoing, inline_methods=INLINE)
            connection = Connection.for_loop(dispatcher, session_id=session, protocol_version_hint=version)
            connection.initialized.set()
            connection.exit_stack.push_async_callback(at_end)
            idle = transport.idle_scope or anyio.CancelScope()
            idle.deadline = anyio.current_time() + (self.session_idle_timeout or math.inf)
            task_status.started()
            try:
                with idle:
                    served = {"connection": connection, "lifespan_state": self._lifespan_state}
                    await serve_connection(self.app, dispatcher, **served)
            finally:
                await self._discard_session(session, transport)

    async def end(self, session: str) -> None:
        """End a session and its streams."""
        transport = self._server_instances.get(session)
        if transport is not None:
            await self._discard_session(session, transport)

    async def tell(self, session: str, uri: str) -> bool:
        """Put `notifications/resources/updated` on a session's stream when it is read; False where it has none."""
        transport = self._server_instances.get(session)
        stream = transport._request_streams.get(GET_STREAM_KEY) if transport is not None else None
        told = types.JSONRPCNotification(jsonrpc="2.0", method="notifications/resources/updated", params={"uri": uri})
        with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            if stream is not None:
                await stream[0].send(EventMessage(told))
                return True
        return False
