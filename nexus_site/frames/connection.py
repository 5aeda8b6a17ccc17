"""Frames on a WebSocket: JSON objects with a `type`, in both directions.

Invariant: nothing waits in memory for a client that does not read. A frame is sent when the one before has left; who
takes none for `PATIENCE` seconds is cut off.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json

from bus.errors import InvalidInput, Refusal
from nexus_site.replies import Message, Receive, Send

__all__ = ["Connection", "Ended", "Frame", "Left", "Stuck", "json"]

PATIENCE = 30.0
FAREWELL = 1.0
LONGEST_REF = 128
SHAPE = 'Send a JSON object such as {"type": "whoami", "ref": "1"}.'
REFUSED = 4000


class Left(Exception):
    """The client went away."""


class Stuck(Left):
    """The client takes nothing, which is as good as gone."""


class Ended(Exception):
    """Nexus ends the connection, for the reason that the refusal gives."""

    def __init__(self, refusal: Refusal) -> None:
        """Keep the reason."""
        super().__init__(refusal.message)
        self.refusal = refusal


class Frame(NamedTuple):
    """What a client sent: the operation or control word, what the answer refers to, and the order."""

    type: str
    ref: str | int | None
    order: dict[str, Any]


class Connection:
    """One accepted WebSocket."""

    def __init__(self, receive: Receive, send: Send) -> None:
        """Keep both ends."""
        self._receive, self._send = receive, send

    async def frame(self) -> Frame:
        """Return the next frame; raises `InvalidInput` for what is none and `Left` when the client has gone."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            raise Left
        return _frame(message)

    async def tell(self, kind: str, data: str, ref: str | int | None = None) -> None:
        """Send a frame whose `data` is this JSON text."""
        await self._tell(kind, "data", data, ref)

    async def refuse(self, refusal: Refusal, kind: str = "error", ref: str | int | None = None) -> None:
        """Send a frame with the one error shape."""
        await self._tell(kind, "error", to_json(refusal.shape()["error"]).decode(), ref)

    async def _tell(self, kind: str, part: str, text: str, ref: str | int | None) -> None:
        answers = "" if ref is None else f'"ref":{to_json(ref).decode()},'
        frame = f'{{"type":{to_json(kind).decode()},{answers}"{part}":{text}}}'
        try:
            async with asyncio.timeout(PATIENCE):
                await self._send({"type": "websocket.send", "text": frame})
        except TimeoutError:
            raise Stuck from None
        except OSError:  # what a web server says when the client has gone meanwhile
            raise Left from None

    async def end(self, refusal: Refusal) -> None:
        """Say why and close: the code is 4000 and the refusal's HTTP status."""
        with contextlib.suppress(Left):
            await self.refuse(refusal)
        await self.close(REFUSED + refusal.status, refusal.code)

    async def close(self, code: int, reason: str) -> None:
        """Close; the web server drops who does not answer."""
        with contextlib.suppress(OSError):  # a time-out is one
            async with asyncio.timeout(FAREWELL):
                await self._send({"type": "websocket.close", "code": code, "reason": reason})


def _frame(message: Message) -> Frame:
    """Return the frame in a message of the web server."""
    try:
        sent = from_json(message.get("text") or message.get("bytes") or "", allow_inf_nan=False)
    except ValueError as error:
        raise InvalidInput(f"The frame is not JSON: {error}.", hint=SHAPE) from None
    if not isinstance(sent, dict) or not isinstance(sent.get("type"), str):
        raise InvalidInput("The frame has no `type`.", hint=SHAPE, field="type")
    return Frame(sent.pop("type"), _ref(sent), sent)


def _ref(sent: dict[str, Any]) -> str | int | None:
    """Take the reference out of a frame."""
    ref: str | int | None = sent.pop("ref", None)
    fits = ref is None or (isinstance(ref, str) and len(ref) <= LONGEST_REF) or (type(ref) is int and abs(ref) < 2**53)
    if not fits:
        raise InvalidInput(f"`ref` is a text of at most {LONGEST_REF} characters or a number.", field="ref")
    return ref


def json(data: Mapping[str, Any]) -> str:
    """Return the JSON text of what is sent."""
    return to_json({name: value for name, value in data.items() if value is not None}).decode()
