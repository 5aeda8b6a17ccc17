"""What the SDK sends, on its way to the web server, and how long a stream may last."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from bus import clock
from bus.identity import Caller, look_again
from nexus_site.mcp.faults import reshaped
from nexus_site.replies import Message, Send, send_json

__all__ = ["Outgoing", "ending_with_key"]

HELLO = b": nexus\r\n\r\n"
DROPPED = (b"content-length", b"content-type")


class Outgoing:
    """A `send` that starts every stream with a comment and puts the error shape into every HTTP error.

    Without the comment Daphne would keep a stream's headers until its first event.
    """

    def __init__(self, send: Send, opened: Callable[[], None] | None = None) -> None:
        """Keep where to send, and what to call when a stream is open."""
        self._send, self._opened = send, opened
        self._held: Message | None = None
        self._chunks: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        """Pass a message on, or hold it back until the whole error is there."""
        if message["type"] == "http.response.start":
            await self._start(message)
        elif self._held is None:
            await self._send(message)
        else:
            await self._hold(self._held, message)

    async def _start(self, message: Message) -> None:
        if message["status"] >= 400:
            self._held = message
            return
        await self._send(message)
        if dict(message["headers"]).get(b"content-type", b"").startswith(b"text/event-stream"):
            await self._send({"type": "http.response.body", "body": HELLO, "more_body": True})
            if self._opened is not None:
                self._opened()

    async def _hold(self, start: Message, message: Message) -> None:
        self._chunks.append(message.get("body", b""))
        if message.get("more_body", False):
            return
        self._held = None
        kept = [pair for pair in start["headers"] if pair[0] not in DROPPED]
        await send_json(self._send, start["status"], reshaped(start["status"], b"".join(self._chunks)), kept)


@contextlib.contextmanager
def ending_with_key(caller: Caller, end: Callable[[], None]) -> Iterator[None]:
    """Call `end` when the caller's key expires within the block, which nobody is told of."""
    watching = asyncio.get_running_loop().create_task(_expired(caller, end), name="expiry")
    try:
        yield
    finally:
        watching.cancel()


async def _expired(caller: Caller, end: Callable[[], None]) -> None:
    while (left := look_again(replace(caller, now=clock.now()))) is not None:
        if left == 0:
            end()
            return
        await asyncio.sleep(left)
