"""What one client watches: which resources, what of them has changed, and what it was told.

Invariant: a client is told only of what it may read itself, and of the last change always. A notification says "read
again" and nothing else, so what changed while a client reads no stream is one name in a set.
"""

import asyncio
import hashlib
import math
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager, suppress

from bus import presence
from bus.errors import Conflict, NotFound, Refusal, Unauthorized
from bus.identity import Caller, look_again
from bus.readers import readers
from bus.tail import Notice, tail
from nexus_site.mcp import resources
from nexus_site.mcp.resources import HANDOFF, HANDOFFS, INBOX

__all__ = ["MOST", "TooMany", "Watch"]

GAP, LOOK_AGAIN = 0.05, 30.0
MOST = 64
MAIL = ("message", "delivery")
WHO = ("session.", "agent.", "workspace.")


def _now() -> float:
    return asyncio.get_running_loop().time()


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
        self._owed: set[str] = set()
        self._woken = asyncio.Event()
        self._is_over = False
        self._told: dict[str, float] = {}

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
        for kept in (self._seen, self._told):
            kept.pop(uri, None)
        self._changed.discard(uri)
        self._owed.discard(uri)

    def owe(self, uri: str) -> None:
        """Keep in mind what could not be told, as no stream was open."""
        self._owed.add(uri)

    def recall(self) -> None:
        """Tell what is owed, as a stream is open now."""
        self._changed |= self._owed
        self._woken.set()

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
        while await self._is_awake():
            now = _now()
            if changed := await self._looked({uri for uri in self._changed & self.uris if self._due(uri) <= now}):
                self._told |= dict.fromkeys(changed, _now())
                return changed
        return []

    def _due(self, uri: str) -> float:
        """Return when a resource may be told of again."""
        return self._told.get(uri, -math.inf) + GAP

    async def _is_awake(self) -> bool:
        """Wait for something; say whether the client is still who it was, and the server goes on."""
        wait = min((self._due(uri) for uri in self._changed & self.uris), default=math.inf) - _now()
        if wait > 0:
            limit = look_again(self._caller)  # a key expires without a word
            with suppress(TimeoutError):
                async with asyncio.timeout(min(wait, LOOK_AGAIN if limit is None else limit)):
                    await self._woken.wait()
        self._woken.clear()
        if self._is_over or not tail.is_running:
            return False
        try:
            caller = await self._found()
        except (NotFound, Unauthorized):
            return False
        except Refusal:  # too much to do at the moment
            await asyncio.sleep(GAP)
            return True
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

    async def _looked(self, due: set[str]) -> list[str]:
        """Return which of these resources are other than they were when the client was told last."""
        self._changed -= due
        return [uri for uri in sorted(due) if await self._is_news(uri)]

    async def _is_news(self, uri: str) -> bool:
        """Say whether to tell of a resource; where it cannot be read at the moment, it is looked at again."""
        try:
            is_news = uri == INBOX or await self._is_other(uri)
        except Refusal:
            self._changed.add(uri)
            self._told[uri] = _now()  # at the pace of what is told
            return False
        is_owed = uri in self._owed
        self._owed.discard(uri)
        return is_news or is_owed

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
