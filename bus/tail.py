"""The tail: one coroutine a process that reads committed events in order and announces them.

A commit of this process nudges it at once; commits of other processes are noticed by `PRAGMA data_version` on a raw
connection of its own, every 200 ms at rest and every 20 ms while anything waits. A hint can be lost, the log cannot:
whoever falls behind reads the log again from its own cursor.
"""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from channels.layers import get_channel_layer
from django.db import connection

from bus import presence
from bus.directory import directory
from bus.errors import Refusal
from bus.events import newest_id
from bus.gauges import gauges
from bus.models import Event
from bus.prepared import prepared
from bus.readers import readers
from bus.writer import lane

__all__ = ["Notice", "Tail", "group", "tail"]

log = logging.getLogger(__name__)
AT_REST, WHILE_WAITING, FLUSH_EVERY = 0.2, 0.02, 10.0
PAGE = 500

AFTER = prepared(
    lambda last: (
        Event.objects.filter(pk__gt=last)
        .order_by("pk")
        .values_list("pk", "workspace_id", "type", "agent", "message", "handoff", "payload", "topic")
    ),
    int,
)


class Notice(NamedTuple):
    """What the tail tells of one committed event."""

    id: int
    workspace: int
    type: str
    agent: str
    message: str | None
    handoff: str | None
    payload: dict[str, Any]
    topic: str | None = None

    def names(self) -> Iterator[str]:
        """Yield what waiting calls may be listening for: the agents concerned and the subject."""
        if self.agent:
            yield f"agent:{self.agent}"
        for name in self.payload.get("to", ()):
            yield f"agent:{name}"
        if self.handoff:
            yield f"handoff:{self.handoff}"
        if self.topic:
            yield f"topic:{self.topic}"
        yield f"workspace:{self.workspace}"


def group(workspace: int) -> str:
    """Return the name of a workspace's channel group."""
    return f"workspace.{workspace}"


class Tail:
    """Follows the log and wakes whoever waits."""

    def __init__(self) -> None:
        """Start at rest; `start` begins on the running loop."""
        self.last = 0
        self.listeners: list[Callable[[list[Notice]], None]] = []
        self.ticks: list[Callable[[], None]] = []
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._nudged = asyncio.Event()
        self._untold: float | None = None
        self._raw: sqlite3.Connection | None = None

    @property
    def is_running(self) -> bool:
        """Say whether the coroutine lives."""
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        """Follow the log on the running loop from its present end; a second call does nothing."""
        if self.is_running:
            return
        self._loop = asyncio.get_running_loop()
        self._nudged = asyncio.Event()
        if self.nudge not in lane.after_commit:
            lane.after_commit.append(self.nudge)
        self._task = self._loop.create_task(self._follow(), name="tail")

    async def stop(self) -> None:
        """End the coroutine and wake everybody, so that streams and waits end."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._wake_all()

    def nudge(self) -> None:
        """Say from any thread that something was committed."""
        if self._loop is not None:
            self._untold = self._untold or time.perf_counter()
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._nudged.set)

    @contextlib.contextmanager
    def listening(self, *names: str) -> Iterator[asyncio.Event]:
        """Give an event that is set whenever one of `names` (agent:…, handoff:…, topic:…, workspace:…) is concerned."""
        self.start()
        woken = asyncio.Event()
        if not self._waiting:
            self._nudged.set()
        for name in names:
            self._waiting[name].add(woken)
        try:
            yield woken
        finally:
            for name in names:
                self._waiting[name].discard(woken)
                if not self._waiting[name]:
                    del self._waiting[name]

    async def _follow(self) -> None:
        self.last = await readers.run(newest_id)
        self._wake_all()  # what was committed between somebody's look and this start is never announced
        flushed = self._loop.time() if self._loop else 0.0
        version = -1
        while True:
            try:
                nudged = await self._pause()
                seen = version if nudged else self._data_version()
                if nudged or seen != version:
                    since, self._untold = self._untold, None
                    await self._announce()
                    version = seen
                    _note(since)
                flushed = self._tick(flushed)
            except asyncio.CancelledError:
                self._close()
                raise
            except Refusal:
                await asyncio.sleep(AT_REST)  # the database is unwell, which is logged where it is seen
            except Exception:
                log.exception("the tail failed and goes on")
                await asyncio.sleep(AT_REST)

    async def _pause(self) -> bool:
        try:
            async with asyncio.timeout(WHILE_WAITING if self._waiting else AT_REST):
                await self._nudged.wait()
        except TimeoutError:
            return False
        self._nudged.clear()
        return True

    def _tick(self, flushed: float) -> float:
        for tick in self.ticks:
            tick()
        now = asyncio.get_running_loop().time()
        if now - flushed < FLUSH_EVERY:
            return flushed
        presence.flush()
        return now

    def _data_version(self) -> int:
        if self._raw is None:
            name = connection.settings_dict["NAME"]
            self._raw = sqlite3.connect(str(name), uri=str(name).startswith("file:"), check_same_thread=False)
        (version,) = self._raw.execute("PRAGMA data_version").fetchone()
        return int(version)

    def _close(self) -> None:
        if self._raw is not None:
            self._raw.close()
            self._raw = None

    async def _announce(self) -> None:
        while notices := await readers.run(self._read):
            self.last = notices[-1].id
            directory.forget({notice.type.partition(".")[0] for notice in notices})
            for notice in notices:
                self._wake(notice)
            for listen in self.listeners:
                listen(notices)
            await self._hint(notices)
            if len(notices) < PAGE:
                return

    def _read(self) -> list[Notice]:
        return [Notice(*row) for row in AFTER.rows(self.last, most=PAGE)]

    def _wake(self, notice: Notice) -> None:
        for name in notice.names():
            for woken in self._waiting.get(name, ()):
                woken.set()

    def _wake_all(self) -> None:
        for woken in [each for waiting in self._waiting.values() for each in waiting]:
            woken.set()

    async def _hint(self, notices: list[Notice]) -> None:
        layer = get_channel_layer()
        if layer is None or not getattr(layer, "groups", True):
            return
        spans: dict[int, int] = {notice.workspace: notice.id for notice in notices}
        for workspace, last in spans.items():
            await layer.group_send(group(workspace), {"type": "log.moved", "last": last})


def _note(since: float | None) -> None:
    """Note how long after a commit of this process everybody had been told."""
    if since is not None:
        gauges.announced(time.perf_counter() - since)


tail = Tail()
