"""Readers of the log over every way there is to follow it; each checks what it sees against the database at once."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2

from tests.live.servers import PATIENCE, Server
from tests.live.sockets import Frames, frames
from tests.races.ledger import Ledger
from tests.races.ways import Call

__all__ = ["Follower", "by_pages", "by_socket", "by_stream", "by_waits", "late"]

PAGE = 200
CUT_AFTER = 400
HEADER = {"Accept": "text/event-stream"}
NEXT = "SELECT id, hash FROM bus_event WHERE workspace_id = ? AND id > ? ORDER BY id LIMIT ?"
FIND = "SELECT id, workspace_id FROM bus_event WHERE hex(hash) LIKE upper(?) || '%' AND id > ?"


class Follower:
    """A place in the log: everything taken must be exactly what comes next."""

    def __init__(self, found: Ledger, name: str, event: dict[str, Any]) -> None:
        """Stand behind an event."""
        self.name, self.cursor = name, event["cursor"]
        self._found = found
        ((self.at, self._workspace),) = found.rows(FIND, event["event"].removeprefix("evt_"), -1)
        self.count = self.resumed = 0
        self.goal: int | None = None

    def take(self, events: list[dict[str, Any]]) -> None:
        """Go on over what was seen; nothing may be missing, twice or in another order."""
        if not events:
            return
        seen = [each["event"] for each in events]
        rows = self._found.rows(NEXT, self._workspace, self.at, len(seen))
        committed = [f"evt_{digest.hex()[:20]}" for _, digest in rows]
        assert seen == committed, (self.name, self.count)
        self.at, self.cursor = rows[-1][0], events[-1]["cursor"]
        self.count += len(seen)

    def end(self, message: str) -> None:
        """Say after which message's event it is over."""
        ((self.goal,),) = self._found.rows(
            "SELECT id FROM bus_event WHERE type = 'message.created' AND message = ?", message
        )

    @property
    def is_over(self) -> bool:
        """Say whether it has seen all."""
        return self.goal is not None and self.at >= self.goal


async def by_pages(follower: Follower, call: Call) -> None:
    """Read page after page, and wait where there is none."""
    while not follower.is_over:
        page = await call("event_list", after=follower.cursor, limit=PAGE)
        follower.take(page["events"])
        if not page["events"]:
            await by_wait(follower, call)


async def by_wait(follower: Follower, call: Call) -> None:
    """Wait for the next page."""
    page = await call("event_wait", after=follower.cursor, limit=PAGE, timeout_seconds=1)
    follower.take(page["events"])
    follower.cursor = page["cursor"]


async def by_waits(follower: Follower, call: Call) -> None:
    """Wait for page after page."""
    while not follower.is_over:
        await by_wait(follower, call)


async def streamed(server: Server, key: str, **headers: str) -> AsyncIterator[dict[str, Any]]:
    """Yield the events of a stream, empty where nothing happened for long; first its cursor, if it chose one."""
    sent = {"Authorization": f"Bearer {key}", **HEADER, **headers}
    http = httpx2.AsyncClient(base_url=server.url, headers=sent, timeout=PATIENCE)
    async with http, http.stream("GET", "/api/v1/events/stream") as response:
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))
            elif line == ": alive":
                yield {}
            elif line.startswith("id: ") and not headers:
                headers = {"Last-Event-ID": line.removeprefix("id: ")}
                yield {"cursor": headers["Last-Event-ID"]}


async def by_stream(follower: Follower, server: Server, key: str) -> None:
    """Follow the stream, and break it off every now and then to go on where it stopped."""
    while not follower.is_over:
        seen = 0
        follower.resumed += 1
        async for event in streamed(server, key, **{"Last-Event-ID": follower.cursor}):
            follower.take([event] if event else [])  # the last may have come before it was known to be that
            seen += 1
            if seen == CUT_AFTER or follower.is_over:
                break


async def late(found: Ledger, server: Server, key: str, call: Call, opened: asyncio.Event) -> Follower:
    """Begin a stream in the middle of everything; return a follower that has checked its first event."""
    stream = streamed(server, key)
    place = (await anext(stream))["cursor"]
    opened.set()
    first: dict[str, Any] = {}
    while not first:
        first = await anext(stream)
    await stream.aclose()
    (wanted,) = (await call("event_list", after=place, limit=1))["events"]
    assert first["event"] == wanted["event"]
    return Follower(found, "a stream that began later", first)


async def by_socket(follower: Follower, server: Server, key: str) -> None:
    """Subscribe on a socket; where it is told that it fell behind, read the log and subscribe again."""
    async with frames(server, key, "?inbox=false") as call:
        await call("subscribe", after=follower.cursor)
        while not follower.is_over:
            try:
                frame = await asyncio.wait_for(call.pushed.get(), 5)
            except TimeoutError:
                continue  # the last may have come before it was known to be that
            if frame["type"] == "event":
                follower.take([frame["data"]])
            elif frame["type"] == "resync":
                await again(follower, call)


async def again(follower: Follower, call: Frames) -> None:
    """Catch up by pages, then take what is pushed from there."""
    follower.resumed += 1
    await call("unsubscribe")
    while not call.pushed.empty():
        call.pushed.get_nowait()
    page = {"events": [True]}
    while len(page["events"]) == PAGE or page["events"] == [True]:
        page = await call("event_list", after=follower.cursor, limit=PAGE)
        follower.take(page["events"])
    await call("subscribe", after=follower.cursor)
