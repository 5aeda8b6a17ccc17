"""Eight agents that write over REST, MCP and WebSocket until the server dies, and note what it acknowledged."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.live.servers import MODERN, Rest, Server, mcp_tools
from tests.live.sockets import frames

__all__ = ["Acknowledged", "Order", "Writer", "over_rest"]

Call = Callable[..., Awaitable[Any]]
PATHS = {
    "message_create": "messages",
    "handoff_create": "handoffs",
    "handoff_claim": "handoffs/{handoff}/claim",
    "handoff_complete": "handoffs/{handoff}/complete",
    "inbox_pull": "inbox/pull",
    "inbox_ack": "inbox/ack",
}
BODY = "The parser now accepts trailing commas. " * 10


@dataclass(frozen=True)
class Order:
    """One write with its own idempotency key."""

    operation: str
    fields: dict[str, Any]
    key: str = field(default_factory=lambda: uuid.uuid4().hex)

    def arguments(self) -> dict[str, Any]:
        """Return what is sent."""
        return {**self.fields, "idempotency_key": self.key}


@dataclass
class Acknowledged:
    """What the server has answered, by public id."""

    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    handoffs: dict[str, str] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    writes: int = 0

    def note(self, order: Order, answer: dict[str, Any]) -> None:
        """Keep what an answer promises."""
        assert "error" not in answer, (order, answer)
        self.writes += 1
        match order.operation:
            case "message_create":
                self.messages[answer["message"]] = answer
            case "handoff_create":
                self.handoffs[answer["handoff"]] = "open"
            case "handoff_claim":
                self.handoffs[answer["handoff"]] = "claimed"
            case "handoff_complete":
                self.handoffs[answer["handoff"]] = "completed"
            case "inbox_ack":
                self.read |= set(answer["acked"])


def over_rest(http: httpx2.AsyncClient) -> Call:
    """Return a call by operation name over REST."""

    async def call(operation: str, /, **order: Any) -> Any:
        path = PATHS[operation]
        if "{handoff}" in path:
            path = path.format(handoff=order.pop("handoff"))
        return (await http.post(path, json=order)).json()

    return call


class Writer:
    """One agent on one surface."""

    def __init__(self, rest: Rest, number: int, names: list[str]) -> None:
        """Remember who it is and to whom it may write."""
        self.rest, self.number, self.names = rest, number, names
        self.acknowledged = Acknowledged()
        self.pending: Order | None = None

    @asynccontextmanager
    async def connected(self, server: Server) -> AsyncIterator[Call]:
        """Connect over REST, WebSocket or MCP of either era, by number."""
        way = self.number % 4
        if way == 0:
            url = f"{server.url}/api/v1/"
            async with httpx2.AsyncClient(base_url=url, headers=self.rest.headers, timeout=30) as http:
                yield over_rest(http)
        elif way == 1:
            async with frames(server, self.rest.key, "?inbox=false") as call:
                yield call
        else:
            async with mcp_tools(server, self.rest.key, MODERN if way == 2 else "legacy") as call:
                yield call

    async def write(self, server: Server, ready: asyncio.Semaphore) -> None:
        """Write until the connection breaks."""
        with contextlib.suppress(Exception):
            async with self.connected(server) as call:
                ready.release()
                while True:
                    await self._round(call)

    async def _round(self, call: Call) -> None:
        to = self.names[(self.number + 1) % len(self.names)]
        title = uuid.uuid4().hex
        await self._do(call, "message_create", to=to, subject=title, body=BODY)
        made = await self._do(call, "handoff_create", title=title, to="broadcast", visibility="public")
        claim = await self._do(call, "handoff_claim", handoff=made["handoff"])
        await self._do(call, "handoff_complete", handoff=made["handoff"], epoch=claim["epoch"], result="done")
        await self._do(call, "message_create", to="broadcast", subject=uuid.uuid4().hex, body=BODY)
        pulled = await self._do(call, "inbox_pull", limit=10)
        if pulled["messages"]:
            await self._do(call, "inbox_ack", messages=[each["message"] for each in pulled["messages"]])

    async def _do(self, call: Call, operation: str, **fields: Any) -> Any:
        self.pending = order = Order(operation, fields)
        answer = await call(operation, **order.arguments())
        self.acknowledged.note(order, answer)
        self.pending = None
        return answer
