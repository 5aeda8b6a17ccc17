"""Readers of the log against writers in several processes: each sees every event once, in the order of the log."""

import asyncio
import os
import random
from contextlib import AsyncExitStack

import pytest

from tests.figures import figure
from tests.live.servers import Server, play
from tests.races import followers
from tests.races.followers import Follower
from tests.races.ledger import Ledger, ledger
from tests.races.ways import Call, Ways, beside, operator_key

pytestmark = pytest.mark.slow

EVENTS = int(os.environ.get("EVENTS", "5000"))
WRITERS = 3
PER_MESSAGE = 3  # created, leased, read
LIMIT = 200


async def consume(calls: list[Call], written: asyncio.Event) -> int:
    """Pull and acknowledge over all ways until nothing is left; return how many messages."""
    count = 0
    while True:
        was_over, call = written.is_set(), random.choice(calls)
        messages = [each["message"] for each in (await call("inbox_pull", limit=LIMIT, headers_only=True))["messages"]]
        if messages:
            count += len((await call("inbox_ack", messages=messages))["acked"])
        elif was_over:
            return count


class Show:
    """Writers in processes of their own, a consumer on all surfaces, and everybody who follows."""

    def __init__(self, server: Server, found: Ledger, ways: Ways, cast: dict[str, str]) -> None:
        """Keep who is there."""
        self.server, self.found, self.ways, self.cast = server, found, ways, cast
        self.key = cast["operator"]
        self.followers: list[Follower] = []
        self.tasks, self.opened = asyncio.TaskGroup(), asyncio.Event()
        self.last = ""

    async def follow(self) -> None:
        """Begin to follow by every way from one place, before anything is written."""
        (self.newest,) = (await self.ways.by("rest", self.key)("event_list", limit=1))["events"]
        ways = {
            "pages over REST": lambda each: followers.by_pages(each, self.ways.by("rest", self.key)),
            "pages in another process": lambda each: followers.by_pages(each, self.ways.by("process", self.key)),
            "waits over MCP": lambda each: followers.by_waits(each, self.ways.by("mcp without", self.key)),
            "a stream that is cut": lambda each: followers.by_stream(each, self.server, self.key),
            "a subscribed socket": lambda each: followers.by_socket(each, self.server, self.key),
        }
        for name, way in ways.items():
            follower = Follower(self.found, name, self.newest)
            self.followers.append(follower)
            self.tasks.create_task(way(follower))

    async def join_late(self) -> None:
        """Begin to follow in the middle: by a stream from there, and by a socket from the beginning, which is far back."""
        while self.followers[0].count < EVENTS // 3:
            await asyncio.sleep(0.05)
        self.behind = Follower(self.found, "a socket that was far behind", self.newest)
        self.tasks.create_task(followers.by_socket(self.behind, self.server, self.key))
        self.followers.append(self.behind)
        self.tasks.create_task(self.follow_from_now())

    async def follow_from_now(self) -> None:
        """Follow from the next event on, which may be the last."""
        late = await followers.late(self.found, self.server, self.key, self.ways.by("rest", self.key), self.opened)
        self.followers.append(late)
        if self.last:
            late.end(self.last)
        await followers.by_stream(late, self.server, self.key)

    async def write(self) -> None:
        """Write from several processes, and consume beside it."""
        each = EVENTS // PER_MESSAGE // WRITERS + 1
        written = asyncio.Event()
        async with AsyncExitStack() as stack:
            processes = await asyncio.gather(*[stack.enter_async_context(beside(self.server)) for _ in range(WRITERS)])
            consuming = self.tasks.create_task(consume(self.ways.of(self.cast["reader"]), written))
            orders = {"key": self.cast["writer"], "to": ["reader"], "count": each}
            writing = asyncio.gather(*[process("write_mail", **orders) for process in processes])
            await self.join_late()
            assert await writing == [each] * WRITERS
            written.set()
            assert await consuming == each * WRITERS

    async def end(self) -> None:
        """Send one more message once everybody is there, and wait until everybody has seen it."""
        await self.opened.wait()
        order = {"to": "reader", "subject": "The end", "body": ""}
        self.last = (await self.ways.by("rest", self.cast["writer"])("message_create", **order))["message"]
        for follower in self.followers:
            follower.end(self.last)


def test_whoever_follows_the_log_misses_nothing_and_sees_nothing_twice(own_server: Server) -> None:
    cast = {name: own_server.agent(name).key for name in ("writer", "reader")}
    cast["operator"] = operator_key(own_server)

    async def scenario(found: Ledger) -> Show:
        async with Ways(own_server) as ways:
            await ways.connect(cast.values())
            show = Show(own_server, found, ways, cast)
            async with show.tasks:
                await show.follow()
                await show.write()
                await show.end()
            return show

    with ledger(own_server.home) as found:
        show = play(scenario(found), 300 + EVENTS // 20)
    counts = [follower.count for follower in show.followers]
    assert len(set(counts[:-1])) == 1
    assert counts[0] >= max(EVENTS, counts[-1])
    assert show.behind.resumed or EVENTS < 5000, "nobody was far behind"
    assert own_server.command("verify").returncode == 0
    text = f"{counts[0]:,} events, written by {WRITERS} processes and the server: 0 missed, 0 twice, for each"
    figure("G9", f"{len(counts)} readers: {', '.join(each.name for each in show.followers)}", text)
