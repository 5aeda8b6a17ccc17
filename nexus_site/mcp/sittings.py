"""In the era of handshakes the MCP session is the Nexus session: opened at initialize, closed when it ends."""

import asyncio
import hashlib
import logging
import re
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from bus import clock, door, identity
from bus.directory import SessionEntry, directory
from bus.errors import NotFound, Refusal
from bus.identity import Caller
from bus.readers import readers
from bus.tail import Notice
from nexus_site.mcp import kernel

__all__ = ["Sitting", "Sittings", "UnknownSession", "agreed", "at_home", "left_open", "sittings"]

log = logging.getLogger(__name__)
LONGEST_HARNESS = 40
ISSUED = re.compile("[0-9a-f]{32}")
VERSIONS = sorted(version.decode() for version in kernel.HANDSHAKE)


class UnknownSession(NotFound):
    """The MCP session is unknown, over, or another key's."""


@dataclass(slots=True)
class Sitting:
    """An MCP session: who opened it, its Nexus session if it has one, its protocol version, and the reference it keeps."""

    caller: Caller
    session: str
    version: str
    ref: str
    watch: Any = None
    telling: asyncio.Task[None] | None = None

    @property
    def prefix(self) -> str:
        """Return the prefix of the key that the session is bound to."""
        return self.caller.key.prefix if self.caller.key else ""

    def begin_watch(self, watch: Any, telling: Coroutine[Any, Any, None]) -> None:
        """Keep what the client watches, and tell it in a task of its own."""
        self.watch, self.telling = watch, asyncio.get_running_loop().create_task(telling, name="watch")

    def recall(self) -> None:
        """Tell what could not be told before, as the client has just opened a stream."""
        if self.watch is not None:
            self.watch.recall()

    def end_watch(self) -> None:
        """End the subscriptions."""
        if self.telling is not None:
            self.telling.cancel()

    def named(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what opens a session, with the reference that finds it after a restart unless the client gives one."""
        return {"session_ref": self.ref, **arguments} if self.ref and "idempotency_key" not in arguments else arguments


class Sittings:
    """The open MCP sessions by their ids; the SDK's manager bounds how many there are."""

    def __init__(self) -> None:
        """Start empty."""
        self._open: dict[str, Sitting] = {}
        self._ending: set[str] = set()
        self.is_stopping = False

    def __contains__(self, session: str) -> bool:
        """Say whether an MCP session is open."""
        return session in self._open

    def is_ending(self, session: str) -> bool:
        """Say whether an MCP session is over whose Nexus session is not closed yet."""
        return session in self._ending

    def find(self, session: str, key: int) -> Sitting:
        """Return the session, or raise `NotFound`: unknown and another key's alike."""
        sitting = self._open.get(session)
        if sitting is None or sitting.caller.key is None or sitting.caller.key.id != key:
            raise UnknownSession(
                "There is no such MCP session of this key.", hint="Send `initialize` for a new session."
            )
        return sitting

    def forget(self, session: str) -> None:
        """Drop a session whose Nexus session is over."""
        sitting = self._open.pop(session, None)
        if sitting is not None:
            sitting.end_watch()

    def ended_by(self, notices: Iterable[Notice]) -> list[str]:
        """Return the MCP sessions whose Nexus session was closed or whose key was revoked."""
        over = {notice.payload.get("session") for notice in notices if _closes(notice)}
        dead = {notice.payload.get("prefix") for notice in notices if notice.type == "key.revoked"}
        if not over and not dead:
            return []
        return [
            public_id for public_id, sitting in self._open.items() if sitting.session in over or sitting.prefix in dead
        ]

    async def begin(self, context: Any, initialized: Mapping[str, Any]) -> None:
        """Open the Nexus session of an MCP session that has just been agreed on, and close it when that ends."""
        public_id = kernel.session_id(context)
        if public_id is None or public_id in self._open:
            return
        scope = context.request.scope
        caller = await readers.run(partial(at_home, scope["nexus.caller"], scope["nexus.choice"].workspace))
        ref = _ref(initialized["protocolVersion"], public_id)
        session = await _opened(caller, ref, _harness(context.params))
        self._open[public_id] = Sitting(caller, session, initialized["protocolVersion"], ref)
        kernel.at_close(context, partial(self.end, public_id))

    def resume(self, public_id: str, caller: Caller, left: SessionEntry) -> None:
        """Go on with an MCP session that an earlier process left open."""
        self._open[public_id] = Sitting(caller, left.public_id, agreed(left), left.ref)

    async def follow(self, sitting: Sitting, answer: Any, *, is_named: bool) -> None:
        """Go on with the Nexus session that an answer names, and close the one before; only ours outlive a restart.

        A repeated answer may name a session that is over by now: then the sitting stays where it is.
        """
        if answer.duplicate and await readers.look(partial(directory.session, answer.session)) is None:
            return
        before = sitting.session
        if answer.session and answer.session != before:
            sitting.session, sitting.ref = answer.session, "" if is_named else sitting.ref
            await _close(sitting.caller, before)

    async def end(self, public_id: str) -> None:
        """Close the Nexus session of an MCP session that has ended; a second call does nothing."""
        sitting = self._open.pop(public_id, None)
        if sitting is not None:
            sitting.end_watch()
        if sitting is None or self.is_stopping:
            return
        self._ending.add(public_id)
        try:
            await _close(sitting.caller, sitting.session)
        finally:
            self._ending.discard(public_id)


def left_open(key: int, public_id: str) -> SessionEntry | None:
    """Return the Nexus session of an MCP session of this key that an earlier process left open, or None."""
    if not ISSUED.fullmatch(public_id):
        return None
    return directory.session_with_ref(key, "mcp", tuple(_ref(version, public_id) for version in VERSIONS))


def agreed(left: SessionEntry) -> str:
    """Return the protocol version that was agreed on for a session that was left open."""
    return left.ref.split(":")[1]


def _ref(version: str, public_id: str) -> str:
    return f"mcp:{version}:{hashlib.sha256(public_id.encode()).hexdigest()[:16]}"


async def _close(caller: Caller, session: str) -> None:
    if not session:
        return
    try:
        await door.call("session_close", replace(caller, now=clock.now()), {"session": session})
    except Refusal as refusal:
        log.debug("the session %s was not closed: %s", session, refusal)


def _closes(notice: Notice) -> bool:
    return notice.type == "session.closed" and notice.payload.get("reason") != "moved"


def at_home(caller: Caller, workspace: str) -> Caller:
    """Return the caller as it is without a session: in the URL's workspace, else at home."""
    if workspace:
        return replace(caller, session=None, seat="")
    return replace(caller, session=None, seat="", workspace=identity.home(caller.agent, caller.key))


async def _opened(caller: Caller, ref: str, harness: str) -> str:
    """Return the id of a Nexus session of its own, or nothing where there is no workspace or the key may only read."""
    order = {"session_ref": ref}
    if harness:
        order["harness"] = harness
    try:
        opened: str = (await door.call("session_open", caller, order)).session
    except Refusal as refusal:
        log.debug("no session for %s: %s", caller.agent.name, refusal)
        return ""
    return opened


def _harness(params: Mapping[str, Any] | None) -> str:
    """Return the name that the client gives itself, cut to what a session keeps."""
    info = (params or {}).get("clientInfo")
    name = info.get("name") if isinstance(info, Mapping) else None
    return name.strip()[:LONGEST_HARNESS] if isinstance(name, str) else ""


sittings = Sittings()
