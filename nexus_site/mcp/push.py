"""Push: who subscribed to a resource is told when it changes, by the tail and without asking again and again.

Invariant: a client is told only of what it may read itself. A notification says "read again" and nothing else, so none
is kept for later: what changed while a client does not read is one name in a set.
"""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from functools import partial
from typing import Any

import mcp_types as types
from mcp.server import ServerRequestContext

from bus import presence
from bus.errors import Conflict, NotFound, Refusal
from bus.identity import Caller, from_key
from bus.readers import readers
from bus.tail import Notice, tail
from nexus_site.mcp import kernel, resources
from nexus_site.mcp.resources import HANDOFF, HANDOFFS, INBOX

__all__ = ["MOST", "TooMany", "Watch", "handlers"]

Context = ServerRequestContext[Any, Any]
GAP = 0.05
MOST = 64
MOST_STREAMS = 64
MAIL = ("message", "delivery")
WHO = ("session.", "agent.", "workspace.")


class TooMany(Conflict):
    """There are too many subscriptions."""

    hint = "Unsubscribe from what you do not need, or close streams."


class Watch:
    """What one client watches, and what of it has changed since it was told."""

    def __init__(self, find: Callable[[], Caller], caller: Caller) -> None:
        """Keep how to find out who the client is now, and who it is at first."""
        self._find, self._caller = find, caller
        self._seen: dict[str, bytes] = {}
        self._changed: set[str] = set()
        self._woken = asyncio.Event()
        self._is_over, self._told = False, 0.0

    @property
    def uris(self) -> frozenset[str]:
        """Return what is watched."""
        return frozenset(self._seen)

    async def add(self, uri: str) -> None:
        """Watch a resource that the client can read."""
        if uri not in self._seen and len(self._seen) >= MOST:
            raise TooMany(most=MOST)
        self._seen[uri] = await self._digest(uri)

    def drop(self, uri: str) -> None:
        """Watch a resource no longer."""
        self._seen.pop(uri, None)
        self._changed.discard(uri)

    def hear(self, notices: list[Notice]) -> None:
        """Take note of what was committed."""
        key = self._caller.key
        for notice in notices:
            if notice.type == "key.revoked" and key is not None and notice.payload.get("prefix") == key.prefix:
                self._is_over = True
            if notice.type.startswith(WHO) and notice.agent == self._caller.agent.name:
                self._changed |= self.uris - {INBOX}  # the client may claim other work now, or have moved
                self._woken.set()
            self._changed |= self._touched(notice)
        if self._changed or self._is_over:
            self._woken.set()

    def _touched(self, notice: Notice) -> Set[str]:
        """Return which of the watched resources may have changed; a look decides for all but the inbox."""
        noun, me = notice.type.partition(".")[0], self._caller.agent.name
        is_named = notice.agent == me or me in notice.payload.get("to", ())
        if notice.workspace != self._caller.workspace.id:
            return set()
        touched = {INBOX} if noun in MAIL and is_named else set()
        if noun == "handoff":
            touched |= {HANDOFFS, f"{HANDOFF}{notice.handoff}"}
        return touched & self.uris

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear of what is committed from now on; the client counts as connected."""
        with tail.listening(f"watch:{id(self)}") as self._woken, presence.connected(self._caller):
            tail.listeners.append(self.hear)
            self._changed |= self.uris - {INBOX}  # since they were read first
            try:
                yield
            finally:
                tail.listeners.remove(self.hear)

    async def news(self) -> list[str]:
        """Wait for what changed, the first at once, then each resource once in 50 ms; nothing when it is over."""
        await asyncio.sleep(max(0.0, self._told + GAP - asyncio.get_running_loop().time()))
        while await self._is_awake():
            if changed := await self._looked():
                self._told = asyncio.get_running_loop().time()
                return changed
        return []

    async def _is_awake(self) -> bool:
        """Wait for something; say whether the client is still who it was, and the server goes on."""
        if not self._changed:
            await self._woken.wait()
        self._woken.clear()
        if self._is_over or not tail.is_running:
            return False
        try:
            caller = await self._found()
        except Refusal:
            return False
        if caller.workspace.id != self._caller.workspace.id:
            self._changed |= self.uris
        self._caller = caller
        return True

    async def _found(self) -> Caller:
        """Return who the client is now; its session may just be moving to another workspace."""
        try:
            caller: Caller = await readers.look(self._find)
        except NotFound:
            await asyncio.sleep(GAP)
            caller = await readers.look(self._find)
        return caller

    async def _looked(self) -> list[str]:
        """Return which resources are other than they were when the client was told last."""
        changed, self._changed = sorted(self._changed & self.uris), set()
        return [uri for uri in changed if uri == INBOX or await self._is_other(uri)]

    async def _is_other(self, uri: str) -> bool:
        now = await self._digest(uri)
        before = self._seen.get(uri, now)
        if uri in self._seen:
            self._seen[uri] = now
        return now != before

    async def _digest(self, uri: str) -> bytes:
        """Return a hash of what the client would read; of the inbox none, as every event of it is news."""
        if uri == INBOX:
            return b""
        try:
            _, text = await resources.read(self._caller, uri)
        except NotFound:
            if uri in self._seen:
                return b"gone"
            raise
        return hashlib.sha256(text.encode()).digest()


# One Watch an MCP session, and one a stream of the modern era


def _finder(scope: Any) -> Callable[[], Caller]:
    """Return how to find out who a request's client is by now."""
    key, address, choice, sitting = (
        scope["nexus.caller"].key,
        scope["nexus.caller"].address,
        scope["nexus.choice"],
        scope["nexus.sitting"],
    )
    named = scope["nexus.headers"].get(b"nexus-session", b"").decode("latin-1")

    def find() -> Caller:
        session = sitting.session if sitting is not None else named
        return from_key(key, "mcp", address, workspace=choice.workspace, session=session)

    return find


async def _subscribe(context: Context, params: types.SubscribeRequestParams) -> types.EmptyResult:
    scope = _scope(context)
    sitting = scope["nexus.sitting"]
    if sitting.watch is None:
        watch = Watch(_finder(scope), scope["nexus.caller"])
        session = scope["nexus.headers"][b"mcp-session-id"].decode("latin-1")
        sitting.begin_watch(watch, _tell(watch, partial(scope["nexus.tell"], session)))
    try:
        await sitting.watch.add(params.uri)
    except Refusal as refusal:
        resources.refused(refusal, context.protocol_version)
    return types.EmptyResult()


async def _tell(watch: Watch, tell: Callable[[str], Any]) -> None:
    """Tell an MCP session what changed until it ends."""
    with watch.listening():
        while news := await watch.news():
            for uri in news:
                await tell(uri)


async def _unsubscribe(context: Context, params: types.UnsubscribeRequestParams) -> types.EmptyResult:
    sitting = _scope(context)["nexus.sitting"]
    if sitting.watch is not None:
        sitting.watch.drop(params.uri)
    return types.EmptyResult()


_streams: dict[int, int] = defaultdict(int)


async def _listen(context: Context, params: types.SubscriptionsListenRequestParams) -> types.SubscriptionsListenResult:
    scope, asked = _scope(context), params.notifications.resource_subscriptions or []
    caller = scope["nexus.caller"]
    watch = Watch(_finder(scope), caller)
    meta = {kernel.SUBSCRIPTION_ID_META_KEY: context.request_id}
    with _counted(caller.key.id, context.protocol_version), watch.listening():
        uris = await _granted(watch, asked, context.protocol_version)
        acknowledged = types.SubscriptionsAcknowledgedNotificationParams(
            notifications=types.SubscriptionFilter(resource_subscriptions=uris or None), meta=meta
        )
        await context.session.send_notification(
            types.SubscriptionsAcknowledgedNotification(params=acknowledged), related_request_id=context.request_id
        )
        while news := await watch.news():
            for uri in news:
                changed = types.ResourceUpdatedNotificationParams(uri=uri, meta=meta)
                told = types.ResourceUpdatedNotification(params=changed)
                await context.session.send_notification(told, related_request_id=context.request_id)
    return types.SubscriptionsListenResult(meta=meta)


async def _granted(watch: Watch, asked: list[str], version: str) -> list[str]:
    """Watch what is asked for and can be read; return it."""
    for uri in dict.fromkeys(asked):
        try:
            await watch.add(uri)
        except NotFound:
            continue
        except Refusal as refusal:
            resources.refused(refusal, version)
    return [uri for uri in dict.fromkeys(asked) if uri in watch.uris]


@contextmanager
def _counted(key: int, version: str) -> Iterator[None]:
    """Count a key's streams, and refuse more than there may be."""
    if _streams[key] >= MOST_STREAMS:
        resources.refused(TooMany(most=MOST_STREAMS), version)
    _streams[key] += 1
    try:
        yield
    finally:
        _streams[key] -= 1
        if not _streams[key]:
            del _streams[key]


def _scope(context: Context) -> Any:
    request: Any = context.request
    return request.scope


def handlers() -> dict[str, Any]:
    """Return what the server answers about subscriptions."""
    return {
        "on_subscribe_resource": _subscribe,
        "on_unsubscribe_resource": _unsubscribe,
        "on_subscriptions_listen": _listen,
    }
