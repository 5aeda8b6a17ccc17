"""The live socket of a page: it says where it stands in the log and is told what happened since, at its own pace."""

import asyncio
import contextlib
from collections import Counter
from functools import partial
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from django.http import QueryDict

from bus import cursors
from bus.errors import InvalidInput, NotFound, Refusal
from bus.identity import Caller
from bus.queries.events import KIND
from bus.readers import readers
from dashboard.live import rendering
from dashboard.live.feeds import Subject, feeds
from dashboard.live.rendering import Frame
from dashboard.look import ALL

__all__ = ["LiveSocket"]

STRANGER, REFUSED, TOO_MANY = 4401, 4400, 4429
MOST, MOST_OF_ADDRESS = 1000, 500
BEAT = 15.0
LARGEST = 1024

_open: Counter[str] = Counter()


class LiveSocket(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Serves `/ws/dashboard?view=…&workspace=…&after=CURSOR`; it takes nothing from the page."""

    subject: Subject | None = None
    address: str = ""
    _writer: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Find out who looks at what, and begin where the page stands."""
        await self.accept()
        query = QueryDict(self.scope["query_string"])
        try:
            caller: Caller = await self.scope["nexus.caller"]()
            subject = _subject(query, caller)
            after = await readers.run(partial(_position, query))
        except Refusal as refusal:
            await self.close(STRANGER if refusal.status == 401 else REFUSED)
            return
        self.address = caller.address
        if _open.total() >= MOST or _open[self.address] >= MOST_OF_ADDRESS:
            await self.close(TOO_MANY)
            return
        _open[self.address] += 1
        self._waiting: Frame | None = None
        self._woken = asyncio.Event()
        self._looked_at = asyncio.get_running_loop().time()
        self.subject = subject
        told = feeds.subscribe(subject, self)
        self._writer = asyncio.get_running_loop().create_task(self._write(after, told))

    async def disconnect(self, code: int) -> None:
        """Leave the feed."""
        if self.subject is None:
            return
        feeds.leave(self.subject, self)
        self.subject = None
        _open[self.address] -= 1
        if not _open[self.address]:
            del _open[self.address]
        if self._writer is not None:
            self._writer.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """End with a page that talks too much; there is nothing to say."""
        if len(text_data or bytes_data or "") > LARGEST:
            await self.close(REFUSED)

    def offer(self, frame: Frame) -> None:
        """Take a frame; a page that has not taken the one before reads itself again."""
        self._waiting = frame if self._waiting is None else rendering.resync(frame.last)
        self._woken.set()

    async def _write(self, after: int, told: int) -> None:
        """Send what the page missed, then what comes, and a beat in between."""
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            missed = await self._between(after, told) if after < told else None
            await self.send(missed.text if missed else rendering.still())
            place = max(after, told)
            while await self._is_welcome():
                await self._pause()
                frame, self._waiting = self._waiting, None
                if frame is not None and 0 < frame.first <= place:  # the page was read after that
                    frame = await self._between(place, frame.last)
                await self.send(frame.text if frame else rendering.still())
                place = max(place, frame.last if frame else 0)
            await self.close(STRANGER)

    async def _is_welcome(self) -> bool:
        """Say, once in a beat, whether whoever looks may still do so: a login may have ended."""
        now = asyncio.get_running_loop().time()
        if now - self._looked_at < BEAT:
            return True
        self._looked_at = now
        try:
            await self.scope["nexus.caller"]()
        except Refusal as refusal:
            return refusal.status != 401
        return True

    async def _between(self, after: int, until: int) -> Frame | None:
        subject: Any = self.subject
        render = partial(rendering.rendered, subject.view, subject.workspace)
        found: Frame | None = await readers.run(partial(render, after, until))
        return found

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BEAT):
                await self._woken.wait()
        self._woken.clear()


def _subject(query: QueryDict, caller: Caller) -> Subject:
    view = query.get("view", "")
    if view not in rendering.VIEWS:
        raise NotFound("There is no such view.")
    return Subject(view, None if query.get("workspace") == ALL else caller.workspace.id)


def _position(query: QueryDict) -> int:
    cursor = query.get("after", "")
    if not cursor:
        raise InvalidInput("`after` is missing: the page's cursor.")
    return cursors.decode(KIND, cursor)[0]
