"""Streams and sockets at the reader's pace: what a client does not read stays unread, instead of in the server's memory.

Daphne takes whatever it is given; behind it, Twisted tells a producer when its buffer is full. Other servers wait in
`send` by themselves. What a socket's client sends faster than it is taken waits in the network (see `intake`). A client
that takes nothing of a stream for `PATIENCE` seconds is cut off, and may come back and go on where it was.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from autobahn.exception import Disconnected

from nexus_site import intake
from nexus_site.guard import App
from nexus_site.replies import Message, Receive, Scope, Send

__all__ = ["PATIENCE", "paced"]

PATIENCE = 30.0


class Gate:
    """Open while the connection takes more; Twisted's push producer."""

    def __init__(self) -> None:
        """Start open."""
        self._open = asyncio.Event()
        self._open.set()

    async def passed(self) -> None:
        """Return when the connection takes more, or is gone."""
        await self._open.wait()

    def pauseProducing(self) -> None:  # noqa: N802
        """Close: the buffer is full."""
        self._open.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        """Open: the buffer was sent."""
        self._open.set()

    stopProducing = resumeProducing  # noqa: N815


def paced(app: App) -> App:
    """Return `app` with streams that wait for their readers."""

    async def waiting(scope: Scope, receive: Receive, send: Send) -> None:
        connection = _connection(send)
        if scope["type"] == "websocket":
            scope["nexus.cut"] = partial(_cut, connection, send)
        if scope["type"] == "http":
            cut = partial(_cut, connection and connection.channel, send)
            await app(scope, receive, _patient(send, cut) if connection is None else _paced(connection, send, cut))
        elif connection is None:
            await app(scope, receive, send)
        else:
            await app(scope, partial(_taken, connection, receive), _steady(connection, send))

    return waiting


def _connection(send: Send) -> Any:
    """Return Daphne's side of the connection, which takes a producer, or None behind another server."""
    if not isinstance(send, partial) or not send.args:
        return None
    return send.args[0] if hasattr(send.args[0], "registerProducer") else None


def _patient(send: Send, cut: Callable[[], None]) -> Send:
    """Return a `send` that waits for the reader by itself, with an end to its patience."""

    async def sent(message: Message) -> None:
        if not message.get("more_body", False):
            await send(message)
            return
        try:
            async with asyncio.timeout(PATIENCE):
                await send(message)
        except TimeoutError:
            cut()

    return sent


def _paced(connection: Any, send: Send, cut: Callable[[], None]) -> Send:
    gates: list[Gate] = []

    async def sent(message: Message) -> None:
        streams = message.get("more_body", False)
        if streams and not gates and connection.channel is not None:
            gates.append(Gate())
            connection.registerProducer(gates[0], True)
        if gates and not streams and connection.channel is not None:
            connection.unregisterProducer()
        await send(message)
        if streams and gates:
            try:
                async with asyncio.timeout(PATIENCE):
                    await gates[0].passed()
            except TimeoutError:
                cut()

    return sent


def _cut(connection: Any, send: Send) -> None:
    """Drop a connection at once: its client takes nothing, not even a farewell."""
    if connection is not None:
        connection.transport.abortConnection()
    elif (transport := getattr(getattr(send, "__self__", None), "transport", None)) is not None:
        transport.abort()


async def _taken(connection: Any, receive: Receive) -> Message:
    """Take a frame, and let the client send more when few are left."""
    message = await receive()
    intake.resume(connection)
    return message


def _steady(connection: Any, send: Send) -> Send:
    """Return a socket's `send` that waits while the one before is still on its way, and says when the client has gone."""
    gate = Gate()

    async def sent(message: Message) -> None:
        if message["type"] == "websocket.send":
            await gate.passed()
        elif message["type"] == "websocket.close":
            connection.transport.unregisterProducer()
        try:
            await send(message)
        except Disconnected:
            raise ConnectionError("The client has gone.") from None
        if message["type"] == "websocket.accept":
            connection.transport.unregisterProducer()  # of HTTP, which this connection has left
            connection.transport.registerProducer(gate, True)

    return sent
