"""A WebSocket client of one agent against a real server."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.live.servers import PATIENCE, Server


class Frames:
    """Calls by reference; what is pushed meanwhile waits in a queue."""

    def __init__(self, socket: ClientConnection) -> None:
        """Wrap a connected socket."""
        self.socket = socket
        self.pushed: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.greeting: dict[str, Any] = {}
        self._answers: dict[str, asyncio.Future[Any]] = {}
        self._numbers = itertools.count(1)

    async def read(self) -> None:
        """Hand every frame to whoever waits for it, until the socket closes."""
        async for text in self.socket:
            frame = json.loads(text)
            answer = self._answers.pop(frame.get("ref", ""), None)
            if answer is None:
                await self.pushed.put(frame)
            else:
                answer.set_result(frame["data"] if "data" in frame else {"error": frame["error"]})

    async def push(self, kind: str, seconds: float = PATIENCE) -> Any:
        """Return what the next push of a kind says."""
        async with asyncio.timeout(seconds):
            while (frame := await self.pushed.get())["type"] != kind:
                continue
        return frame["data"]

    async def __call__(self, operation: str, /, **order: Any) -> Any:
        """Return what an operation answers, refusals too."""
        ref = str(next(self._numbers))
        self._answers[ref] = asyncio.get_running_loop().create_future()
        await self.socket.send(json.dumps({"type": operation, "ref": ref, **order}))
        async with asyncio.timeout(PATIENCE):
            return await self._answers[ref]


def dial(server: Server, key: str, query: str = "", **settings: Any) -> connect:
    """Return a connection that is about to be made; with a key it goes into the header."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    url = f"{server.url.replace('http', 'ws')}/ws/agent{query}"
    patient: dict[str, Any] = {"open_timeout": 120, "ping_timeout": None}  # beside many others on a small machine
    return connect(url, additional_headers=headers, proxy=None, max_size=None, **patient | settings)


@asynccontextmanager
async def frames(server: Server, key: str, query: str = "") -> AsyncIterator[Frames]:
    """Connect one agent."""
    async with dial(server, key, query) as socket:
        client = Frames(socket)
        reading = asyncio.create_task(client.read())
        client.greeting = await client.push("hello.result")
        try:
            yield client
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
