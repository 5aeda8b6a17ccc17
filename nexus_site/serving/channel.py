"""How the web process tells the supervisor how far it is, and notices that the supervisor is gone."""

import asyncio
import json
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

__all__ = ["Channel"]


class Channel:
    """The web process's end; each message is a line of JSON, and the end of the stream is the supervisor's end."""

    def __init__(self, descriptor: int) -> None:
        """Take over the inherited descriptor."""
        self._socket = socket.socket(fileno=descriptor)

    def say(self, **message: Any) -> None:
        """Send one message; that the supervisor is gone is noticed elsewhere."""
        with suppress(OSError):
            self._socket.sendall(json.dumps(message).encode() + b"\n")

    def when_over(self, loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
        """Call once the supervisor is gone."""

        def look() -> None:
            with suppress(ConnectionError):
                if self._socket.recv(1):
                    return
            loop.remove_reader(self._socket)
            call()

        loop.add_reader(self._socket, look)
