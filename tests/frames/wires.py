"""A WebSocket to the ASGI root in this process, as a web server would carry it."""

import asyncio
import json
from typing import Any

from nexus_site import asgi

HOST = "127.0.0.1:8642"
PATIENCE = 20


class Socket:
    """One connection; frames come out in the order in which they were sent."""

    def __init__(self, path: str = "/ws/agent", application: Any = asgi.application, **headers: str) -> None:
        path, _, query = path.partition("?")
        named = {"host": HOST} | {name.replace("_", "-"): value for name, value in headers.items()}
        self.scope = {
            "type": "websocket",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in named.items()],
            "client": ["127.0.0.1", 50000],
            "server": ["127.0.0.1", 8642],
            "subprotocols": [],
            "asgi": {"version": "3.0"},
        }
        self._in: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._out: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._in.put_nowait({"type": "websocket.connect"})
        self.is_gone = False
        self._flow = asyncio.Event()
        self._flow.set()
        self.task = asyncio.create_task(application(self.scope, self._in.get, self._send))

    async def _send(self, message: dict[str, Any]) -> None:
        await self._flow.wait()
        if self.is_gone:
            raise ConnectionError("The client has gone.")
        await self._out.put(message)

    def block(self) -> None:
        """Take nothing more, as a client that does not read: the server's sends wait."""
        self._flow.clear()

    async def raw(self) -> dict[str, Any]:
        """Return the next ASGI message of the server."""
        async with asyncio.timeout(PATIENCE):
            return await self._out.get()

    async def frame(self, kind: str = "") -> Any:
        """Return the next frame, or the next of a kind."""
        while True:
            message = await self.raw()
            assert message["type"] == "websocket.send", message
            frame = json.loads(message["text"])
            if frame["type"].startswith(kind):
                return frame

    async def closed(self) -> int:
        """Return the code with which the server closes, after whatever else it sends."""
        while (message := await self.raw())["type"] != "websocket.close":
            continue
        async with asyncio.timeout(PATIENCE):
            await self.task
        return int(message["code"])

    def send(self, kind: str, **order: Any) -> None:
        self.send_text(json.dumps({"type": kind, **order}))

    def send_text(self, text: str) -> None:
        self._in.put_nowait({"type": "websocket.receive", "text": text})

    async def call(self, kind: str, **order: Any) -> Any:
        """Return what an operation answers, refusals too."""
        self.send(kind, ref="call", **order)
        while (frame := await self.frame(f"{kind}.result")).get("ref") != "call":
            continue
        return frame.get("data") or {"error": frame["error"]} if "error" in frame else frame["data"]

    async def leave(self) -> None:
        """Go away."""
        self._in.put_nowait({"type": "websocket.disconnect", "code": 1001})
        async with asyncio.timeout(PATIENCE):
            await self.task
