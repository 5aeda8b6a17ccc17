"""What uvicorn does with a request before the application sees it: bounded in time and memory, as `intake` does for Daphne.

Uvicorn itself waits for ever for a connection's first request, for the rest of a request that trickles in, for headers
without end, and at the end of a connection for a client that does not take what it was sent last.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from nexus_site.intake import ARRIVES_WITHIN, IDLE

__all__ = ["Arrival"]

MOST_HEAD = 65_536
TAKES_WITHIN = 15.0
TOO_LONG = "The headers are too long."


class Closing:
    """A transport that does not stay closing for ever."""

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        """Stand in front of the real one."""
        self._transport, self._loop = transport, loop

    def __getattr__(self, name: str) -> Any:
        """Leave everything else to the real one."""
        return getattr(self._transport, name)

    def close(self) -> None:
        """Close when the client has taken what is left, or has not in time."""
        self._transport.close()
        if self._transport.get_write_buffer_size():
            self._loop.call_later(TAKES_WITHIN, self._transport.abort)


class Arrival(HttpToolsProtocol):
    """A connection whose requests must arrive whole in time."""

    _timer: asyncio.TimerHandle | None = None
    _due: float | None = None
    _is_arriving, _head = False, 0

    def connection_made(self, transport: Any) -> None:
        """Wait for the first request; the socket that this may become uses the same transport."""
        super().connection_made(cast("asyncio.Transport", Closing(transport, self.loop)))
        self._wait(IDLE)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._rest()
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Start the time of a request with its first bytes, and refuse a head that is too long."""
        if not self._is_arriving:
            self._is_arriving = True
            self._wait(ARRIVES_WITHIN)
        self._head += len(data)
        super().data_received(data)
        if self._is_arriving and self._head > MOST_HEAD and not self.transport.is_closing():
            self.send_400_response(TOO_LONG)

    def on_headers_complete(self) -> None:
        """Count no more: what follows is the body, which the guard bounds."""
        self._head = -(1 << 62)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is here."""
        self._rest()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Leave the rest to the WebSocket."""
        self._rest()
        super().handle_websocket_upgrade()

    def _wait(self, seconds: float) -> None:
        """Abort in so many seconds; a timer that is set already looks again when it goes off."""
        self._due = due = self.loop.time() + seconds
        if self._timer is not None and self._timer.when() > due:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self.loop.call_at(due, self._look)

    def _look(self) -> None:
        self._timer, due = None, self._due
        if due is None:
            return
        if self.loop.time() >= due:
            self.transport.abort()
        else:
            self._timer = self.loop.call_at(due, self._look)

    def _rest(self) -> None:
        self._is_arriving, self._head, self._due = False, 0, None
