"""The ways to call any operation: the surfaces of a server, and a process beside it that opens the same database."""

import asyncio
import itertools
import json
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import httpx2

from nexus_site.cli.routes import route_of
from tests.live.servers import MODERN, PATIENCE, ROOT, Server, mcp_tools
from tests.live.sockets import frames

__all__ = ["WAYS", "Beside", "Call", "Clock", "Ways", "beside", "clocked", "operator_key", "rest"]

Call = Callable[..., Awaitable[Any]]
WAYS = ("rest", "websocket", "mcp by handshake", "mcp without", "process")
LINE = 1 << 22
_described: dict[str, Any] = {}


class Clock:
    """A clock that the server and the processes beside it read."""

    def __init__(self, file: Path) -> None:
        """Show the true time."""
        self.file, self.ahead = file, 0
        self.step(0)

    def now(self) -> datetime:
        """Return what it shows."""
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    def step(self, seconds: int) -> None:
        """Go forward, at once and for everybody."""
        self.ahead += seconds
        part = self.file.with_suffix(".part")
        part.write_text(str(self.ahead))
        part.rename(self.file)


def clocked(folder: Path) -> tuple[Server, Clock]:
    """Return a running server and the clock that it reads."""
    clock = Clock(folder / "clock")
    path = f"{ROOT / 'tests' / 'faults' / 'stepped'}:{ROOT}"
    return Server(folder / "home", PYTHONPATH=path, STEPPED_CLOCK=str(clock.file)).start(), clock


def operator_key(server: Server) -> str:
    """Return the key of whoever may read the data directory."""
    return (server.home / "operator.key").read_text().strip()


class Beside:
    """A process that opens the database of a server by itself; calls by reference, as over a socket."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Wrap a process that is ready."""
        self.process = process
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._numbers = itertools.count(1)

    async def read(self) -> None:
        """Hand every answer to whoever waits for it, until the process ends."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            said = json.loads(line)
            self._answers.pop(said["ref"]).set_result(said["data"])

    def ask(self, operation: str, key: str, /, **order: Any) -> "asyncio.Future[Any]":
        """Send one line; the future has what comes of it."""
        ref = next(self._numbers)
        self._answers[ref] = asyncio.get_running_loop().create_future()
        line = json.dumps({"ref": ref, "operation": operation, "key": key, "order": order})
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        return self._answers[ref]

    async def __call__(self, operation: str, /, **order: Any) -> Any:
        """Let it do some work of its own, such as a sweep."""
        return await self.ask(operation, "", **order)

    def acting_for(self, key: str) -> Call:
        """Return a call as the agent of a key."""

        async def call(operation: str, /, **order: Any) -> Any:
            async with asyncio.timeout(PATIENCE):
                return await self.ask(operation, key, **order)

        return call

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send it a signal."""
        os.kill(self.process.pid, number)


@asynccontextmanager
async def beside(server: Server) -> AsyncIterator[Beside]:
    """Run a process beside a server; it ends with the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.races.second",
        cwd=ROOT,
        env=server.environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    reading = None
    try:
        assert await process.stdout.readline() == b"{}\n"
        other = Beside(process)
        reading = asyncio.create_task(other.read())
        yield other
        process.stdin.close()
        await asyncio.wait_for(process.wait(), PATIENCE)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        if reading is not None:
            await asyncio.gather(reading, return_exceptions=True)


@asynccontextmanager
async def rest(server: Server, key: str) -> AsyncIterator[Call]:
    """Call by the server's own OpenAPI document."""
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(base_url=server.url, headers=headers, timeout=PATIENCE) as http:
        described = _described.get(server.url) or (await http.get("/api/v1/openapi.json")).json()
        _described[server.url] = described

        async def call(name: str, /, **fields: Any) -> Any:
            route = route_of(described, name, fields)
            path, query, body = route.filled(fields)
            return (await http.request(route.method, f"{path}?{query}", json=body)).json()

        yield call


class Ways:
    """Connections of several agents over every way at once."""

    def __init__(self, server: Server) -> None:
        """Say whose."""
        self.server = server
        self._stack = AsyncExitStack()
        self._calls: dict[tuple[str, str], Call] = {}

    async def __aenter__(self) -> Self:
        """Start the process beside the server."""
        self.process = await self._stack.enter_async_context(beside(self.server))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close everything."""
        await self._stack.aclose()

    async def connect(self, keys: Iterable[str], ways: Iterable[str] = WAYS) -> None:
        """Connect the agents of these keys over these ways, and make one call over each."""
        for key in keys:
            for way in ways:
                call = await self._connected(way, key)
                assert "error" not in await call("event_cursor")
                self._calls[way, key] = call

    async def _connected(self, way: str, key: str) -> Call:
        enter = self._stack.enter_async_context
        match way:
            case "rest":
                return await enter(rest(self.server, key))
            case "websocket":
                return await enter(frames(self.server, key, "?inbox=false"))
            case "process":
                return self.process.acting_for(key)
        era = MODERN if way == "mcp without" else "legacy"
        return await enter(mcp_tools(self.server, key, era, "?toolsets=all"))

    def by(self, way: str, key: str) -> Call:
        """Return the call of an agent over one way."""
        return self._calls[way, key]

    def of(self, key: str) -> list[Call]:
        """Return the calls of an agent over every way."""
        return [self._calls[way, key] for way in WAYS]

    def any(self, key: str) -> Call:
        """Return the call of an agent over some way."""
        return self._calls[random.choice(WAYS), key]
