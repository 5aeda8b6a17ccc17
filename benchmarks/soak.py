"""A steady load for some minutes: the server's memory, the write-ahead log and the slowest calls over time.

`python -m benchmarks --soak MINUTES` sends, reads, hands over and follows at half of what the server could do. It fails
when memory or the write-ahead log grows without end, or calls become slower and slower.
"""

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from benchmarks import scale_data
from benchmarks.scale import MOST_WAL_MB, Place, placed
from benchmarks.server import resident
from benchmarks.workloads import CYCLE, DIRECT, PULL, Client, Workload, measure
from benchmarks.yardstick import slowness

__all__ = ["Sample", "are_steady", "soak"]

SAMPLES = 24
PAUSE = 0.02
# The first third warms caches and pools up; from then on the middle of the last third may be this much above the second's.
MOST_GROWTH, MOST_GROWTH_MB = 1.15, 12.0
MOST_SLOWER = 2.0


class Sample(NamedTuple):
    """One stretch of the load."""

    minute: float
    megabytes: float
    wal: float
    calls_per_second: float
    p99: float
    slowness: float


async def soak(folder: Path, server: str, minutes: float) -> bool:
    """Load a new installation and print a line a stretch; say whether nothing grew."""
    home = folder / "soak"
    scale_data.make(home, folder / "soak-project", 0)
    print(f"\n{'minute':>7}{'MB':>9}{'WAL MB':>9}{'calls/s':>9}{'p99 ms':>9}{'slowness':>10}", flush=True)
    samples: list[Sample] = []
    started = time.perf_counter()
    async with AsyncExitStack() as stack:
        place = await stack.enter_async_context(placed(home, server))
        for _ in range(SAMPLES):
            samples.append(await _stretch(place, minutes * 60 / SAMPLES, started))
            _print(samples[-1])
    verdict = are_steady(samples)
    print("Nothing grows." if verdict else "Something grows: FAILED", flush=True)
    return verdict


async def _stretch(place: Place, seconds: float, started: float) -> Sample:
    """Load for a while and look at the server."""
    place.wal = 0.0
    watching = asyncio.create_task(place.watch())
    cell = await measure(STEADY, place.clients, seconds, place.served.cpu_seconds)
    watching.cancel()
    minute = (time.perf_counter() - started) / 60
    figures = (cell.calls_per_second, cell.percentile(0.99), slowness())
    return Sample(minute, resident(place.served.pid), place.wal, *figures)


def _print(sample: Sample) -> None:
    shown = f"{sample.minute:>7.1f}{sample.megabytes:>9.1f}{sample.wal:>9.1f}{sample.calls_per_second:>9.0f}"
    print(f"{shown}{sample.p99:>9.1f}{sample.slowness:>10.2f}", flush=True)


def are_steady(samples: list[Sample]) -> bool:
    """Say whether memory, log and slowest calls of the last third are what they were in the second."""
    third = len(samples) // 3
    before, after = samples[third : 2 * third], samples[2 * third :]
    memory = [_middle([each.megabytes for each in part]) for part in (before, after)]
    slow = [_middle([each.p99 / each.slowness for each in part]) for part in (before, after)]
    return (
        memory[1] <= max(memory[0] * MOST_GROWTH, memory[0] + MOST_GROWTH_MB)
        and slow[1] <= slow[0] * MOST_SLOWER
        and max(each.wal for each in samples) <= MOST_WAL_MB
    )


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


async def _steady(client: Client) -> bool:
    """Send a message, take one, do a handoff, and rest."""
    await DIRECT.round(client)
    await PULL.round(client)
    goes_on = await CYCLE.round(client)
    await asyncio.sleep(PAUSE)
    return goes_on


STEADY = Workload("steady", _steady)
