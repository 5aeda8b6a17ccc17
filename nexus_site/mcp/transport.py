"""The MCP surface as an ASGI application: authenticates, answers short calls, hands the rest to the SDK.

Invariant: whichever way a call takes, its answer is the same bytes; the short ways only leave machinery out. Sessions,
streams and waits belong to the SDK's session manager, which runs in one task of its own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from django.core.exceptions import SynchronousOnlyOperation
from mcp.server import Server
from mcp_types import INVALID_REQUEST

from bus import presence
from bus.directory import KeyEntry, SessionEntry, directory
from bus.errors import Busy, NotFound, Refusal, Unauthorized, UnsupportedMedia
from bus.gauges import gauges
from bus.identity import Caller, from_key
from bus.readers import readers
from bus.tail import Notice, tail
from nexus_site.mcp import kernel, short, tools
from nexus_site.mcp.faults import BadMethod, Fault, NotAcceptable
from nexus_site.mcp.messages import ONE_MESSAGE, accepts_json, parsed
from nexus_site.mcp.server import server
from nexus_site.mcp.sittings import UnknownSession, agreed, at_home, left_open, sittings
from nexus_site.mcp.streams import Outgoing, ending_with_key
from nexus_site.replies import Receive, Scope, Send, refuse, send_json

__all__ = ["NEXUS", "Served", "Transport", "transport"]

IDLE_SECONDS = 12 * 3600.0
MOST_SESSIONS = 2048
MOST_OF_KEY = 64
INITIALIZE = "initialize"
NO_SESSION = "Send `initialize` first, then its Mcp-Session-Id with every request."


class Served(NamedTuple):
    """What a transport serves: a server, which requests need its stream, and how the others are answered."""

    server: Callable[[], Server[Any]]
    is_long: Callable[[Mapping[str, Any]], bool]
    answer: Callable[[str, Mapping[str, Any], Scope], Awaitable[tuple[int, bytes]]]


NEXUS = Served(server, short.is_long, short.answer)


class Transport:
    """Serves `/mcp`; `start` begins on the running loop, lazily where the web server has no lifespan."""

    def __init__(
        self, most_sessions: int = MOST_SESSIONS, most_of_key: int = MOST_OF_KEY, served: Served = NEXUS
    ) -> None:
        """Start at rest; a session takes about 40 KB, and no key takes those of the others."""
        self._most_sessions, self._most_of_key, self._served = most_sessions, most_of_key, served
        self._manager: kernel.Manager | None = None
        self._task: asyncio.Task[None] | None = None
        self._ready, self._halt = asyncio.Event(), asyncio.Event()
        self._resuming = asyncio.Lock()
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def is_running(self) -> bool:
        """Say whether the session manager lives."""
        return self._manager is not None

    async def start(self) -> None:
        """Run the session manager in a task of its own; a second call waits for the first."""
        if self._task is None or self._task.done():
            self._ready, self._halt, self._resuming = asyncio.Event(), asyncio.Event(), asyncio.Lock()
            sittings.is_stopping = False
            if self._notice not in tail.listeners:
                tail.listeners.append(self._notice)
            self._task = asyncio.get_running_loop().create_task(self._run(), name="mcp")
        await self._ready.wait()

    async def stop(self) -> None:
        """End every session and stream of this process; the Nexus sessions stay open for the next start."""
        sittings.is_stopping = True
        if self._notice in tail.listeners:
            tail.listeners.remove(self._notice)
        self._halt.set()
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            served = self._served.server()
            manager = kernel.Manager(served, session_idle_timeout=IDLE_SECONDS, max_sessions=self._most_sessions)
            async with manager.run():
                self._manager = manager
                self._ready.set()
                await self._halt.wait()
        finally:
            self._manager = None
            self._ready.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        scope["nexus.answers"], scope["nexus.tell"] = None, self._tell
        try:
            await self.admit(scope)
            await self._route(scope, receive, send)
        except Refusal as refusal:
            await refuse(scope, send, refusal, [(b"allow", b"POST, GET, DELETE")] if refusal.status == 405 else [])
        except Fault as fault:
            await send_json(send, fault.status, fault.body(scope["nexus.answers"]))

    async def admit(self, scope: Scope) -> None:
        """Find out who calls; what is not cached is read on a reader thread, as Django refuses to read on the loop."""
        try:
            try:
                _identify(scope)
            except (SynchronousOnlyOperation, UnknownSession):
                await self._look(scope)
        except NotFound as refusal:
            if scope.get("nexus.sitting") is not None and "session" in refusal.details:
                await self._end(_session_id(scope))
            raise

    async def _look(self, scope: Scope) -> None:
        """Find out who calls where memory does not know, and go on with a session from before a restart."""
        try:
            await readers.look(partial(_identify, scope))
        except UnknownSession:
            left = await readers.look(partial(_left_open, scope))
            if left is None or self._manager is None:
                raise
            async with self._resuming:
                await self._resume(_session_id(scope), *left)
            await readers.look(partial(_identify, scope))

    async def _resume(self, public_id: str, caller: Caller, left: SessionEntry) -> None:
        """Go on with an MCP session, once; its place is one of its key's."""
        if public_id in sittings or sittings.is_ending(public_id) or self._manager is None or caller.key is None:
            return
        user = kernel.user(caller.key.id)
        await self._manager.make_room(user, self._most_of_key)
        if not await self._manager.go_on(public_id, agreed(left), user, partial(sittings.end, public_id)):
            raise Busy("Too many MCP sessions are open.")
        sittings.resume(public_id, caller, left)

    def _notice(self, notices: list[Notice]) -> None:
        """End MCP sessions, and their streams, whose Nexus session was closed or whose key was revoked."""
        for public_id in sittings.ended_by(notices):
            self._begin_end(public_id)

    def _begin_end(self, public_id: str) -> None:
        task = asyncio.get_running_loop().create_task(self._end(public_id))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _tell(self, public_id: str, uri: str) -> bool:
        """Tell a session that a resource has changed; False where nobody reads its stream."""
        return self._manager is not None and await self._manager.tell(public_id, uri)

    async def _end(self, public_id: str) -> None:
        """End an MCP session whose Nexus session is over, so that the client opens another."""
        sittings.forget(public_id)
        if self._manager is not None:
            await self._manager.end(public_id)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            await self._post(scope, receive, send)
        elif scope["nexus.modern"] or scope["method"] not in ("GET", "DELETE"):
            raise BadMethod()
        elif scope["nexus.sitting"] is None:
            raise Fault(INVALID_REQUEST, "Missing session id.", hint=NO_SESSION)
        else:
            if scope["method"] == "DELETE":
                await sittings.end(_session_id(scope))
            await self._forward(scope, receive, send)

    async def _post(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = scope["nexus.headers"]
        if not headers.get(b"content-type", b"").lower().startswith(b"application/json"):
            raise UnsupportedMedia()
        if not accepts_json(headers.get(b"accept", b"*/*")):
            raise NotAcceptable()
        message = parsed(scope["nexus.body"])
        scope["nexus.answers"] = message.get("id") if "method" in message else None
        version = self._admitted(scope, message)
        if self._is_short(message):
            status, body = await self._served.answer(version, message, scope)
            await send_json(send, status, body)
        elif scope["nexus.modern"] and "id" not in message:
            await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self._forward(scope, receive, send)

    def _is_short(self, message: Mapping[str, Any]) -> bool:
        """Say whether a message is a request that one JSON document answers."""
        if "id" not in message or "method" not in message or message["method"] == INITIALIZE:
            return False
        return not self._served.is_long(message)

    def _admitted(self, scope: Scope, message: Mapping[str, Any]) -> str:
        """Return the protocol version to answer in, or raise what the protocol has against this message here."""
        if scope["nexus.modern"]:
            return _enveloped(scope, message)
        sitting = scope["nexus.sitting"]
        if sitting is None:
            if message.get("method") != INITIALIZE or "id" not in message:
                raise Fault(INVALID_REQUEST, "Missing session id.", hint=NO_SESSION)
            return ""
        if self._manager is None or not self._manager.renew(_session_id(scope)):
            raise NotFound("The MCP session has ended.", hint="Send `initialize` for a new session.")
        version: str = sitting.version
        return version

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the SDK answer; a held stream counts as a connection."""
        if self._manager is None:
            raise NotFound("The MCP session has ended.", hint="Send `initialize` for a new session.")
        caller = scope["nexus.caller"]
        user = scope["user"] = kernel.user(caller.key.id)
        if scope["nexus.sitting"] is None and not scope["nexus.modern"]:
            await self._manager.make_room(user, self._most_of_key)
        await presence.touch(caller)
        is_stream = scope["method"] == "GET"
        if is_stream:
            scope["headers"] = _fresh(scope["headers"])
        if not is_stream:
            await self._manager.handle_request(scope, receive, Outgoing(send))
            return
        end = partial(self._begin_end, _session_id(scope))
        with presence.connected(caller), gauges.holding("mcp"), ending_with_key(caller, end):
            await self._manager.handle_request(scope, receive, Outgoing(send, scope["nexus.sitting"].recall))


def _identify(scope: Scope) -> None:
    """Put the caller, what the URL chooses, the era and the MCP session into the scope."""
    headers = scope["nexus.headers"]
    key = _key(headers.get(b"authorization", b""), scope["nexus.doubled"])
    choice = scope["nexus.choice"] = tools.choice(scope["query_string"])
    scope["nexus.modern"] = headers.get(b"mcp-protocol-version", b"2025-03-26") not in kernel.HANDSHAKE
    sitting = scope["nexus.sitting"] = None
    session = headers.get(b"nexus-session", b"").decode("latin-1")
    if b"mcp-session-id" in headers and not scope["nexus.modern"]:
        sitting = scope["nexus.sitting"] = sittings.find(_session_id(scope), key.id)
        session = sitting.session
    client = scope.get("client") or ("",)
    caller = from_key(key, "mcp", client[0], workspace=choice.workspace, session=session)
    if "nexus.seat" in scope and not caller.seat:
        caller = replace(caller, seat=scope["nexus.seat"])
    scope["nexus.caller"] = caller


def _left_open(scope: Scope) -> tuple[Caller, SessionEntry] | None:
    """Return the session that an earlier process left open to this key, and who goes on with it; else None."""
    key = _key(scope["nexus.headers"].get(b"authorization", b""), scope["nexus.doubled"])
    left = left_open(key.id, _session_id(scope))
    if left is None:
        return None
    workspace, client = scope["nexus.choice"].workspace, scope.get("client") or ("",)
    caller = from_key(key, "mcp", client[0], workspace=workspace, session=left.public_id)
    return at_home(caller, workspace), left


def _key(authorization: bytes, doubled: set[bytes]) -> KeyEntry:
    """Return the live key of a bearer token; there is no call without one."""
    scheme, _, token = authorization.partition(b" ")
    if scheme.lower() != b"bearer" or b"authorization" in doubled:
        raise Unauthorized()
    key = directory.key(token.strip().decode("latin-1"))
    if key is None:
        raise Unauthorized()
    return key


def _fresh(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers of a stream without Last-Event-ID: nothing is replayed, and the SDK would answer nothing."""
    return [pair for pair in headers if pair[0] != b"last-event-id"]


def _session_id(scope: Scope) -> str:
    session: bytes = scope["nexus.headers"][b"mcp-session-id"]
    return session.decode("latin-1")


def _enveloped(scope: Scope, message: Mapping[str, Any]) -> str:
    """Return the version of a modern message whose envelope and headers agree."""
    headers = scope["nexus.headers"]
    version: str = headers[b"mcp-protocol-version"].decode("latin-1")
    if "method" not in message:
        raise Fault(INVALID_REQUEST, ONE_MESSAGE)
    fault = kernel.rejection(message, headers, scope["nexus.doubled"]) if "id" in message else kernel.unserved(version)
    if fault is not None:
        raise fault
    return version


transport = Transport()
