"""How soon a subscribed client learns of a new message, in both eras of MCP."""

import asyncio
import json
import random
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.cast import Member, on, recruit
from benchmarks.client import BenchmarkError
from benchmarks.server import Served
from benchmarks.surfaces import McpSurface
from benchmarks.workloads import Client

__all__ = ["MOST_MS", "Pushes", "are_prompt", "pushes", "show"]

Pushes = dict[str, list[float]]

MOST_MS = 50.0
MESSAGES = 50
PATIENCE = 30.0
INBOX = "nexus://inbox"
MODERN = "2026-07-28"
UPDATED = b"notifications/resources/updated"


async def pushes(served: Served, project: Path, attempt: int = 1) -> Pushes:
    """Return, sorted by era, the milliseconds from the answer to the sender to the notification."""
    [sender] = await recruit(served, project, [f"bench-push-sender-{attempt}"])
    found: Pushes = {}
    async with on("MCP", served, [sender]) as [client]:
        for era, opened in {"handshake": _session, "modern": _listening}.items():
            [member] = await recruit(served, project, [f"bench-push-{era}-{attempt}"])
            async with opened(served, member) as told:
                found[era] = sorted([await _push(client, member.agent, told) for _ in range(MESSAGES)])
    return found


def show(found: Pushes) -> None:
    """Print what was measured."""
    for era, some in found.items():
        middle = statistics.median(some)
        print(f"A subscriber ({era} era) is told {middle:.1f} ms after the sender's answer", end=" ")
        print(f"(median of {len(some)}; most {some[-1]:.1f} ms).", flush=True)


def are_prompt(found: Pushes, slowness: float) -> bool:
    """Say whether both medians are short enough on a machine that is this slow."""
    return all(statistics.median(some) <= MOST_MS * slowness for some in found.values())


async def _push(sender: Client, agent: str, told: Callable[[], Awaitable[int]]) -> float:
    waiting = asyncio.create_task(_notified(told))
    await asyncio.sleep(random.uniform(0.08, 0.14))
    order = json.dumps({"subject": "news", "body": "There is news.", "to": agent})
    await sender.surface.call("message_create", order.encode())
    answered = time.monotonic_ns()
    return (await asyncio.wait_for(waiting, PATIENCE) - answered) / 1e6


async def _notified(told: Callable[[], Awaitable[int]]) -> int:
    return await told()


@asynccontextmanager
async def _session(served: Served, member: Member) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    surface = McpSurface(member.key)
    await surface.open(served.port)
    try:
        async with _stream(served, await surface.subscribe(INBOX), b": nexus") as told:
            yield told
    finally:
        surface.close()


@asynccontextmanager
async def _listening(served: Served, member: Member) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    meta = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientInfo": {"name": "nexus-benchmark", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"notifications": {"resourceSubscriptions": [INBOX]}, "_meta": meta}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": params}).encode()
    lines = [
        "POST /mcp HTTP/1.1",
        f"Host: 127.0.0.1:{served.port}",
        f"Authorization: Bearer {member.key}",
        "Accept: application/json, text/event-stream",
        "Content-Type: application/json",
        f"MCP-Protocol-Version: {MODERN}",
        "Mcp-Method: subscriptions/listen",
        f"Content-Length: {len(body)}",
    ]
    request = "\r\n".join([*lines, "", ""]).encode() + body
    async with _stream(served, request, b"acknowledged") as told:
        yield told


@asynccontextmanager
async def _stream(served: Served, request: bytes, begins: bytes) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """Open a stream; give what waits for the next notification and returns when it came."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    try:
        writer.write(request)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
        if b" 200 " not in head.splitlines()[0]:
            raise BenchmarkError(f"The stream was refused: {head!r} {await reader.read(500)!r}")
        await asyncio.wait_for(reader.readuntil(begins), PATIENCE)

        async def told() -> int:
            await reader.readuntil(UPDATED)
            return time.monotonic_ns()

        yield told
    finally:
        writer.close()
