"""How long posting in a topic takes, and how soon after it a peer that waits has the post: over HTTP on a server, and
between two pipes.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import pipes
from benchmarks.cast import on, recruit
from benchmarks.client import BenchmarkError
from benchmarks.server import Served

__all__ = ["MOST_MS", "Found", "are_prompt", "over_http", "over_pipes", "show"]

MOST_MS = 20.0
POSTS, WAIT = 50, 60
BODY = "There is news."


class Found(NamedTuple):
    """Milliseconds, sorted: of a call that sends, and from its answer to that of the peer that waits."""

    where: str
    sent: list[float]
    woken: list[float]


def are_prompt(found: Found, slowness: float) -> bool:
    """Say whether a peer is woken soon enough, in the median, on a machine that is this slow."""
    return statistics.median(found.woken) <= MOST_MS * slowness


def show(found: Found) -> None:
    """Print what was measured."""
    sent, woken = statistics.median(found.sent), statistics.median(found.woken)
    print(
        f"A post in a topic {found.where} is sent in {sent:.1f} ms and wakes a waiting peer {woken:.1f} ms later",
        end=" ",
    )
    print(f"(medians of {len(found.sent)}; most {found.sent[-1]:.1f} and {found.woken[-1]:.1f} ms).", flush=True)


async def over_http(served: Served, project: Path, attempt: int = 1) -> Found:
    """Measure two MCP sessions on one server."""
    members = await recruit(served, project, [f"bench-topic-{word}-{attempt}" for word in ("writer", "reader")])
    async with on("MCP", served, members) as (writer, reader):
        topic = (await writer.surface.call("topic_create", b'{"mode":"new"}'))["topic"]
        for client in (writer, reader):
            await client.surface.call("topic_join", json.dumps({"topic": topic}).encode())
        times = [await _exchange(writer.surface.call, reader.surface.call, topic, each) for each in range(POSTS)]
    return _found("over HTTP", times)


def _found(where: str, times: list[tuple[float, float]]) -> Found:
    sent, woken = zip(*times, strict=True)
    return Found(where, sorted(sent), sorted(woken))


async def _exchange(
    write: Callable[..., Any], read: Callable[..., Any], topic: str, number: int
) -> tuple[float, float]:
    """Return the milliseconds of sending and of waking; one who is there before the sender's answer took none."""

    async def waited() -> tuple[Any, float]:
        answer = await read("topic_sync", json.dumps({"topic": topic, "timeout_seconds": WAIT}).encode())
        return answer, time.perf_counter()

    waiting = asyncio.create_task(waited())
    await asyncio.sleep(0.05 + 0.001 * (number % 20))
    order = json.dumps({"topic": topic, "outbox": [{"body": BODY}], "timeout_seconds": 0}).encode()
    begun = time.perf_counter()
    await write("topic_sync", order)
    sent = time.perf_counter()
    answer, heard = await waiting
    _check(answer, number)
    return (sent - begun) * 1000, max(heard - sent, 0.0) * 1000


def _check(answer: Any, number: int) -> None:
    seqs = [each["seq"] for each in answer["received"]]
    if seqs != [number + 1]:
        raise BenchmarkError(f"Waited for post {number + 1}, and got {seqs}.")


async def over_pipes(folder: Path, attempt: int = 1) -> Found:
    """Measure two `nexus stdio` on one data directory, with no server."""
    with pipes.pair(folder / f"nexus-{attempt}") as (writer, reader):
        topic = writer.call("topic_create")["topic"]
        for pipe in (writer, reader):
            pipe.call("topic_join", topic=topic)
        return _found("between two stdio processes", [_over_pipe(writer, reader, topic, each) for each in range(POSTS)])


def _over_pipe(writer: pipes.Pipe, reader: pipes.Pipe, topic: str, number: int) -> tuple[float, float]:
    waiting = reader.begin("topic_sync", topic=topic, timeout_seconds=WAIT)
    time.sleep(0.05 + 0.001 * (number % 20))
    begun = time.perf_counter()
    writer.call("topic_sync", topic=topic, outbox=[{"body": BODY}], timeout_seconds=0)
    sent = time.perf_counter()
    answer = reader.answer(waiting)["structuredContent"]
    heard = time.perf_counter()
    _check(answer, number)
    return (sent - begun) * 1000, (heard - sent) * 1000
