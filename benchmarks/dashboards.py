"""Two hundred open dashboards while agents send two hundred messages a second.

What is asked: fragments are sent at most four times a second a socket, the web process stays under 250 MB, and a message is
on the sockets a median of 500 ms after its sender was answered. A slower machine, by the yardstick, is sent fewer messages
and given more time.
"""

import asyncio
import json
import re
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket

from benchmarks.cast import on, recruit
from benchmarks.server import Served, resident
from benchmarks.workloads import Client
from benchmarks.yardstick import slowness

__all__ = ["Crowd", "crowd", "is_calm", "show"]

SOCKETS, RATE, SECONDS = 200, 200, 8.0
SENDERS = 8
VIEWS = ("messages", "live")
MESSAGE = re.compile(r"msg_[0-9a-z]+")
MOST_MS, MOST_FRAMES, MOST_MB = 500.0, 4.4, 250.0


@dataclass
class Crowd:
    """What the dashboards saw."""

    rate: float = RATE
    sent: int = 0
    resyncs: int = 0
    megabytes: float = 0.0
    cpu: float = 0.0
    seconds: float = SECONDS
    frames: list[int] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Return the median milliseconds from the sender's answer to the socket."""
        return statistics.median(self.delays) if self.delays else float("inf")

    @property
    def most_frames(self) -> float:
        """Return the most frames a second that a socket was sent."""
        return max(self.frames) / self.seconds


async def crowd(served: Served, project: Path, attempt: int = 1) -> Crowd:
    """Open the dashboards, send, and return what they saw."""
    found, answered = Crowd(rate=RATE / slowness()), dict[str, float]()
    project.mkdir(exist_ok=True)
    members = await recruit(served, project, [f"bench-crowd-{attempt}-{number}" for number in range(SENDERS)])
    async with on("MCP", served, members) as clients, _dashboards(served) as sockets:
        watchers = [asyncio.create_task(_watch(socket, found, answered)) for socket in sockets]
        began, used = time.perf_counter(), served.cpu_seconds()
        await asyncio.gather(*(_send(client, clients, found, answered) for client in clients))
        found.seconds = time.perf_counter() - began
        found.cpu = (served.cpu_seconds() - used) / found.seconds
        await asyncio.sleep(1)
        found.megabytes = resident(served.pid)
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)
    return found


@asynccontextmanager
async def _dashboards(served: Served) -> AsyncIterator[list[ClientConnection]]:
    async with AsyncExitStack() as stack:
        page = await asyncio.to_thread(_page, served.port)
        sockets = []
        for number in range(SOCKETS):
            url = f"ws://127.0.0.1:{served.port}/ws/dashboard?view={VIEWS[number % len(VIEWS)]}&after={page}&workspace=all"
            origin = f"http://127.0.0.1:{served.port}"
            sockets.append(await stack.enter_async_context(open_socket(url, origin=origin, max_size=None)))  # type: ignore[arg-type]
        yield sockets


def _page(port: int) -> str:
    """Return the cursor of a page that was just read."""
    from urllib.request import urlopen

    with urlopen(f"http://127.0.0.1:{port}/settings", timeout=30) as answer:
        found = re.search(r'data-cursor="([^"]+)"', answer.read().decode())
    assert found is not None
    return found[1]


async def _watch(socket: ClientConnection, found: Crowd, answered: dict[str, float]) -> None:
    place = len(found.frames)
    found.frames.append(0)
    async for text in socket:
        arrived = time.perf_counter()
        said = json.loads(text)
        if "html" not in said and "events" not in said:
            found.resyncs += "resync" in said
            continue
        found.frames[place] += 1
        for message in set(MESSAGE.findall(str(text))):
            if message in answered:
                found.delays.append((arrived - answered[message]) * 1000)


async def _send(client: Client, everybody: list[Client], found: Crowd, answered: dict[str, float]) -> None:
    """Send an even share of the rate."""
    pause = SENDERS / found.rate
    begin = time.perf_counter()
    other = everybody[(everybody.index(client) + 1) % len(everybody)].agent
    for number in range(int(SECONDS / pause)):
        await asyncio.sleep(max(0.0, begin + number * pause - time.perf_counter()))
        order = {"subject": f"Number {number}", "body": "The build is green again.", "to": other}
        answer = await client.surface.call("message_create", json.dumps(order).encode())
        message = MESSAGE.search(str(answer))
        if message:
            answered[message[0]] = time.perf_counter()
        found.sent += 1


def show(found: Crowd) -> None:
    """Print what was measured."""
    print(
        f"\n{SOCKETS} dashboards, {found.sent / found.seconds:.0f} messages a second for {found.seconds:.1f} s:",
        end=" ",
    )
    print(f"on the sockets {found.median:.0f} ms after the sender's answer (median of {len(found.delays)});", end=" ")
    print(f"{found.most_frames:.1f} frames a second a socket at most, {found.resyncs} resyncs;", end=" ")
    print(f"web process {found.megabytes:.0f} MB, {found.cpu:.0%} of a core.", flush=True)


def is_calm(found: Crowd, slowness: float) -> bool:
    """Say whether every bound holds on a machine that is this slow."""
    return found.median <= MOST_MS * slowness and found.most_frames <= MOST_FRAMES and found.megabytes <= MOST_MB
