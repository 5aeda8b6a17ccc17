"""Agents over REST, through the ASGI root in this process."""

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

from nexus_site import asgi
from tests.protocol.wires import Reply, Wire, wire

BASE = "/api/v1"
PATIENCE = 30


class Rest:
    """A REST client; without a key it is the person at the machine."""

    def __init__(self, key: str = "") -> None:
        self.headers: dict[str, str | None] = {"authorization": f"Bearer {key}"} if key else {}

    async def send(self, method: str, path: str, body: Any = None, /, **headers: str | None) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await wire(method, BASE + path, {**self.headers, **named}, body).run()

    async def get(self, path: str, /, **query: Any) -> Any:
        """Return what a GET answers, refusals too."""
        return (await self.send("GET", path + (f"?{urlencode(query)}" if query else ""))).json

    async def post(self, path: str, /, **body: Any) -> Any:
        """Return what a POST answers, refusals too."""
        return (await self.send("POST", path, body)).json

    def stream(self, query: str = "", /, **headers: str) -> "Stream":
        """Return a stream of events that is being read."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Stream(wire("GET", f"{BASE}/events/stream{query}", {**self.headers, **named}))


class Stream:
    """Server-sent events as they come out of the application."""

    def __init__(self, request: Wire) -> None:
        self.request = request
        self.text = ""
        self.chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        await asgi.application(self.request.scope, self.request.receive, self._send)
        await self.chunks.put(None)

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            await self.request.send(message)
        elif message.get("body"):
            await self.chunks.put(message["body"])

    async def chunk(self) -> bytes | None:
        """Return the next piece, None at the end."""
        return await asyncio.wait_for(self.chunks.get(), PATIENCE)

    async def frame(self) -> dict[str, str] | None:
        """Return the fields of the next frame, None at the end."""
        async with asyncio.timeout(PATIENCE):
            while "\n\n" not in self.text:
                piece = await self.chunks.get()
                if piece is None:
                    return None
                self.text += piece.decode()
        frame, _, self.text = self.text.partition("\n\n")
        return dict(line.split(": ", 1) for line in frame.splitlines() if not line.startswith(":"))

    async def event(self) -> dict[str, Any] | None:
        """Return the data of the next event, None at the end."""
        while (frame := await self.frame()) is not None:
            if "data" in frame:
                return {"event": frame["event"], "id": frame["id"], "data": json.loads(frame["data"])}
        return None

    async def opened(self) -> str:
        """Return the cursor at which a stream from now on starts."""
        frame = await self.frame()
        assert frame is not None
        return frame["id"]

    async def leave(self) -> None:
        """Go away, as a client does that closes its connection."""
        self.request.gone.set()
        await asyncio.wait_for(self.task, PATIENCE)
