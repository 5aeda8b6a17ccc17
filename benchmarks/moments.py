"""What is measured once: the idle cost, how soon a waiting agent wakes, the first byte of a stream, and the end."""

import asyncio
import os
import random
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cast import Cast, Member, on, recruit
from benchmarks.client import BenchmarkError
from benchmarks.server import ROOT, Served
from benchmarks.workloads import Client

__all__ = ["Moments", "observe"]

SETTLING, IDLE = 3.0, 6.0
WAKES = 50
PATIENCE = 30.0
WAITER = "bench-waiter"


@dataclass(frozen=True)
class Moments:
    """The figures of a server that does little."""

    idle_percent: float
    wakes: list[float]
    first_byte: float
    stop_seconds: float


async def observe(served: Served, cast: Cast) -> Moments:
    """Measure a server that has just started on a used data directory, and end it."""
    idle = await _idle_percent(served)
    [waiter] = await recruit(served, cast.project, [WAITER])
    async with on("MCP", served, [waiter]) as [client]:
        wakes = await _wakes(served, cast.project, client)
        first_byte, stop_seconds = await _stop_with_streams(served, waiter, client)
    return Moments(idle, wakes, first_byte, stop_seconds)


async def _idle_percent(served: Served) -> float:
    await asyncio.sleep(SETTLING)
    before, started = served.cpu_seconds(), time.perf_counter()
    await asyncio.sleep(IDLE)
    return (served.cpu_seconds() - before) / (time.perf_counter() - started) * 100


async def _wakes(served: Served, project: Path, client: Client) -> list[float]:
    """Return, sorted, the milliseconds from another process's commit to the answer of a waiting call."""
    async with _sender(served, project) as sender:
        return sorted([await _wake(client, sender) for _ in range(WAKES)])


async def _wake(client: Client, sender: Process) -> float:
    waiting = asyncio.create_task(_answered_at(client))
    await asyncio.sleep(random.uniform(0.04, 0.08))
    assert sender.stdin is not None
    sender.stdin.write(f"{client.agent}\n".encode())
    committed = int(await _line(sender))
    answered = await asyncio.wait_for(waiting, PATIENCE)
    pulled = await client.surface.call("inbox_pull", b"{}")
    names = b",".join(b'"%b"' % message["message"].encode() for message in pulled["messages"])
    await client.surface.call("inbox_ack", b'{"messages":[%b]}' % names)
    return (answered - committed) / 1e6


async def _answered_at(client: Client) -> int:
    answer = await client.surface.call("inbox_wait", b'{"timeout_seconds":25}')
    answered = time.monotonic_ns()
    if not answer["messages"]:
        raise BenchmarkError("inbox_wait ran into its time-out although a message was sent.")
    return answered


@asynccontextmanager
async def _sender(served: Served, project: Path) -> AsyncIterator[Process]:
    command = [sys.executable, "-m", "benchmarks.sender", str(project)]
    environment = os.environ | {"NEXUS_HOME": str(served.home)}
    sender = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdin=PIPE, stdout=PIPE)
    try:
        await _line(sender)
        yield sender
    finally:
        if sender.stdin is not None:
            sender.stdin.close()
        await asyncio.wait_for(sender.wait(), PATIENCE)


async def _line(sender: Process) -> bytes:
    assert sender.stdout is not None
    line = await asyncio.wait_for(sender.stdout.readline(), PATIENCE)
    if not line:
        raise BenchmarkError("The sending process ended; its error stands above.")
    return line


async def _stop_with_streams(served: Served, member: Member, client: Client) -> tuple[float, float]:
    """Return the milliseconds to a stream's first byte, and the seconds to the end with it and a wait open."""
    started = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    head = f"GET /api/v1/events/stream HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nAuthorization: Bearer {member.key}"
    writer.write(f"{head}\r\nAccept: text/event-stream\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
    if b" 200 " not in answer.splitlines()[0]:
        raise BenchmarkError(f"The event stream was refused: {answer!r} {await reader.read(500)!r}")
    await asyncio.wait_for(reader.readexactly(1), PATIENCE)
    first_byte = (time.perf_counter() - started) * 1e3
    waiting = asyncio.create_task(client.surface.call("inbox_wait", b'{"timeout_seconds":25}'))
    await asyncio.sleep(0.2)
    stop_seconds = await asyncio.to_thread(served.stop)
    with suppress(BenchmarkError):
        await asyncio.wait_for(waiting, PATIENCE)
    writer.close()
    return first_byte, stop_seconds
