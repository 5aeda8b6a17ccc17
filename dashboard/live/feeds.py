"""Feeds: what was committed in a workspace, rendered once for all pages that show the same view of it.

Invariant: however many pages look, a view of a workspace is rendered once and at most four times a second. Nothing is kept
for a page that is slow: it is told to read its page again.
"""

import asyncio
import logging
from functools import partial
from typing import NamedTuple, Protocol

from bus.readers import readers
from bus.tail import Notice, tail
from dashboard.live.rendering import Frame, rendered

__all__ = ["Feeds", "Subject", "Subscriber", "feeds"]

log = logging.getLogger(__name__)
PACE = 0.25
FAILED_PAUSE = 1.0


class Subject(NamedTuple):
    """A view of a workspace; None is all of them."""

    view: str
    workspace: int | None


class Subscriber(Protocol):
    """A page that listens."""

    def offer(self, frame: Frame) -> None:
        """Take a frame to send."""


class Feed:
    """One view of one workspace and the pages that show it."""

    def __init__(self, subject: Subject) -> None:
        """Start at the log's present end."""
        self.subject = subject
        self.last = tail.last
        self.subscribers: set[Subscriber] = set()
        self.moved = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Render and hand out what is committed, for as long as the task lives."""
        while True:
            await self.moved.wait()
            self.moved.clear()
            try:
                await self._hand_out()
            except Exception:
                log.exception("the feed %s failed and goes on", self.subject)
                await asyncio.sleep(FAILED_PAUSE)
                self.moved.set()
            await asyncio.sleep(PACE)

    async def _hand_out(self) -> None:
        frame: Frame | None = await readers.run(partial(rendered, *self.subject, self.last))
        if frame is None:
            return
        self.last = frame.last
        for subscriber in tuple(self.subscribers):
            subscriber.offer(frame)


class Feeds:
    """All feeds of the process; a feed lives while somebody subscribes to it."""

    def __init__(self) -> None:
        """Start with none."""
        self._feeds: dict[Subject, Feed] = {}

    def subscribe(self, subject: Subject, subscriber: Subscriber) -> int:
        """Add a page to a feed; return the row id of the event after which it will be told."""
        if self._heard not in tail.listeners:
            tail.listeners.append(self._heard)
        feed = self._feeds.get(subject)
        if feed is None:
            feed = self._feeds[subject] = Feed(subject)
            feed.task = asyncio.get_running_loop().create_task(feed.run(), name=f"feed {subject}")
        feed.subscribers.add(subscriber)
        return feed.last

    def leave(self, subject: Subject, subscriber: Subscriber) -> None:
        """Take a page away; the last one ends the feed."""
        feed = self._feeds.get(subject)
        if feed is None:
            return
        feed.subscribers.discard(subscriber)
        if not feed.subscribers:
            del self._feeds[subject]
            if feed.task is not None:
                feed.task.cancel()

    @property
    def pages(self) -> int:
        """Return how many pages listen."""
        return sum(len(feed.subscribers) for feed in self._feeds.values())

    def _heard(self, notices: list[Notice]) -> None:
        workspaces = {notice.workspace for notice in notices}
        for subject, feed in self._feeds.items():
            if subject.workspace is None or subject.workspace in workspaces:
                feed.moved.set()


feeds = Feeds()
