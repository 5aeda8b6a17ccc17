"""The cost of work must not grow: the same workloads against an empty and a big installation, in turns, as ratios.

Both have the same agents. A ratio is what the big installation does a second over what the empty one does, so 1 says that
nothing grows; load and slowness of the machine meet both. The peak of the write-ahead log is read while streams follow.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from benchmarks import scale_data
from benchmarks.cast import Member, on
from benchmarks.server import Served, serve
from benchmarks.workloads import BODY, CYCLE, DIRECT, PULL, Cell, Client, Workload, measure, merged

__all__ = ["FULL", "MOST_WAL_MB", "SMALL", "Place", "Size", "grows", "placed"]

CLIENTS, STREAMS = 8, 4
TRIALS = 3
MOST_WAL_MB = 64.0


class Size(NamedTuple):
    """How big, how long each measurement, and the least ratio."""

    messages: int
    seconds: float
    least: float


FULL = Size(1_000_000, 4.0, 0.8)
SMALL = Size(15_000, 0.7, 0.75)


async def _broadcast(client: Client) -> bool:
    order = b'{"to":"broadcast","subject":"Trailing commas","body":"%b"}' % BODY[:400]
    await client.surface.call("message_create", order)
    return True


async def _tail(client: Client) -> bool:
    """Look at the newest of the log, and read on from there."""
    newest = await client.surface.call("event_cursor", b"{}")
    await client.surface.call("event_list", b'{"after":"%b"}' % newest["cursor"].encode())
    await client.surface.call("inbox_peek", b"{}")
    return True


WORKLOADS = (DIRECT, PULL, CYCLE, Workload("broadcast", _broadcast), Workload("tail", _tail))


@dataclass
class Place:
    """One installation that is served, its agents at their connections, and the peak of its write-ahead log."""

    served: Served
    clients: list[Client]
    wal: float = 0.0
    cells: dict[str, list[Cell]] = field(default_factory=dict)

    async def run(self, workload: Workload, seconds: float) -> None:
        """Measure a workload once more; between its start and end the log's size is watched."""
        if workload is PULL:
            await _fill(self.clients, int(seconds * 60))
        watching = asyncio.create_task(self.watch())
        cell = await measure(workload, self.clients, seconds, self.served.cpu_seconds)
        watching.cancel()
        self.cells.setdefault(workload.name, []).append(cell)

    def rate(self, workload: str) -> float:
        """Return the calls a second of a workload over all its turns."""
        return merged(self.cells[workload]).calls_per_second

    def cost(self, workload: str) -> float:
        """Return the microseconds of the server's processor a call."""
        return merged(self.cells[workload]).cpu_per_call

    async def watch(self) -> None:
        """Keep the largest size of the write-ahead log until cancelled."""
        wal = self.served.home / "nexus.sqlite3-wal"
        while True:
            self.wal = max(self.wal, wal.stat().st_size / 1e6 if wal.exists() else 0.0)
            await asyncio.sleep(0.05)


async def grows(folder: Path, server: str, size: Size, big: Path) -> bool:
    """Build both installations, measure them in turns and print the ratios; say whether every one is good enough."""
    homes = {"empty": folder / "empty", "big": big}
    for name, home in homes.items():
        if not (home / scale_data.CAST).exists():
            scale_data.make(home, folder / f"{name}-project", size.messages if name == "big" else 0)
    async with placed(homes["empty"], server) as empty, placed(homes["big"], server) as large:
        best: dict[str, tuple[float, float]] = {}
        for _ in range(TRIALS):
            _keep_best(best, await _trial(empty, large, size.seconds))
            if all(rate >= size.least for rate, _ in best.values()):
                break
    return _show(best, size, (empty.wal, large.wal))


async def _trial(empty: Place, large: Place, seconds: float) -> dict[str, tuple[float, float]]:
    """Return, by workload, the ratio of the rates and that of the processor time a call."""
    empty.cells.clear()
    large.cells.clear()
    for workload in WORKLOADS:
        for place in (empty, large, large, empty):
            await place.run(workload, seconds / 2)
    names = [workload.name for workload in WORKLOADS]
    return {name: (large.rate(name) / empty.rate(name), large.cost(name) / empty.cost(name)) for name in names}


def _keep_best(best: dict[str, tuple[float, float]], found: dict[str, tuple[float, float]]) -> None:
    for name, ratios in found.items():
        best[name] = max(best.get(name, ratios), ratios)


def _show(best: dict[str, tuple[float, float]], size: Size, wal: tuple[float, float]) -> bool:
    from tests.figures import figure

    print(f"\n{f'{size.messages:,} messages against none':<40}{'rate':>8}{'CPU':>8}")
    for name, (rate, cost) in best.items():
        verdict = "ok" if rate >= size.least else "FAILED"
        print(f"{name:<40}{rate:>8.2f}{cost:>8.2f}   rate at least {size.least:g}   {verdict}")
        figure("S", f"rate of {name} with {size.messages:,} messages against none", f"{rate:.2f}, CPU {cost:.2f}")
    is_short = max(wal) <= MOST_WAL_MB
    figure("S", f"peak of the write-ahead log with {size.messages:,} messages", f"{max(wal):.1f} MB")
    print(f"{'peak of the write-ahead log, MB':<40}{max(wal):>8.1f}   at most {MOST_WAL_MB:g}", end="   ")
    print("ok" if is_short else "FAILED", flush=True)
    return is_short and all(rate >= size.least for rate, _ in best.values())


@asynccontextmanager
async def placed(home: Path, server: str) -> AsyncIterator[Place]:
    """Serve an installation to its agents, with streams that follow its log."""
    keys: dict[str, str] = json.loads((home / scale_data.CAST).read_text())
    members = [Member(name, key) for name, key in keys.items()][: CLIENTS + STREAMS]
    with serve(home, server) as served:
        async with on("MCP", served, members[:CLIENTS]) as clients, AsyncExitStack() as stack:
            for member in members[CLIENTS:]:
                await stack.enter_async_context(_following(served, member))
            yield Place(served, clients)


@asynccontextmanager
async def _following(served: Served, member: Member) -> AsyncIterator[None]:
    """Read the event stream of an agent until the end of the block."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    head = f"GET /api/v1/events/stream HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nAuthorization: Bearer {member.key}"
    writer.write(f"{head}\r\nAccept: text/event-stream\r\n\r\n".encode())
    reading = asyncio.create_task(_drain(lambda: reader.read(65536)))
    try:
        yield
    finally:
        reading.cancel()
        writer.close()


async def _drain(read: Callable[[], Awaitable[bytes]]) -> None:
    while await read():
        pass


async def _fill(clients: list[Client], each: int) -> None:
    """Put messages into every client's inbox."""
    order = b'{"to":"broadcast","subject":"Trailing commas","body":"%b"}' % BODY[:400]
    for number in range(each):
        await clients[number % len(clients)].surface.call("message_create", order)
