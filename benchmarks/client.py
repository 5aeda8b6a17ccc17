"""The load client: one keep-alive HTTP/1.1 connection, with as little work a call as asyncio allows.

It shares the machine with the server it measures, so it parses only what it needs.
"""

import asyncio
from typing import NamedTuple

__all__ = ["Answer", "BenchmarkError", "Connection", "connect"]

BODILESS = frozenset({204, 304})


class BenchmarkError(Exception):
    """The benchmark cannot go on; the message says why."""


class Answer(NamedTuple):
    """What the server answered; the head is in lower case."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the value of a header, or None."""
        value = _header(self.head, name.lower().encode())
        return None if value is None else value.decode()


class Connection(asyncio.Protocol):
    """Sends one request at a time and waits for its whole answer."""

    def __init__(self) -> None:
        """Start without a transport; `connect` gives one."""
        self._loop = asyncio.get_running_loop()
        self._received = b""
        self._waiting: asyncio.Future[Answer] | None = None
        self._lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Resolve the waiting call once its answer is whole."""
        self._received = self._received + data if self._received else data
        try:
            answer = parse(self._received)
        except ValueError as error:
            self._fail(BenchmarkError(f"The server's answer cannot be read ({error}): {self._received[:500]!r}"))
            return
        if answer is not None:
            self._received = b""
            if self._waiting is not None and not self._waiting.done():
                self._waiting.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the call that still waits."""
        self._lost = True
        self._fail(BenchmarkError(f"The server closed the connection ({exc or 'no error'})."))

    async def call(self, request: bytes) -> Answer:
        """Send the request and return its answer."""
        if self._lost:
            raise BenchmarkError("The server has closed the connection.")
        self._waiting = self._loop.create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        """Close the socket."""
        self._transport.close()

    def _fail(self, error: BenchmarkError) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)


async def connect(port: int) -> Connection:
    """Open a connection to a server on this machine."""
    try:
        _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    except OSError as error:
        raise BenchmarkError(f"Nothing answers on 127.0.0.1:{port}: {error}") from error
    return connection


def parse(data: bytes) -> Answer | None:
    """Return the answer in `data`, or None while some of it is missing."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    head, start = data[:end].lower(), end + 4
    body = _body(head, data, start)
    return None if body is None else Answer(int(head[9:12]), head, body)


def _body(head: bytes, data: bytes, start: int) -> bytes | None:
    length = _header(head, b"content-length")
    if length is not None:
        stop = start + int(length)
        return data[start:stop] if len(data) >= stop else None
    if _header(head, b"transfer-encoding") == b"chunked":
        return _unchunked(data, start)
    if int(head[9:12]) in BODILESS:
        return b""
    raise ValueError("neither a length nor chunks")


def _header(head: bytes, name: bytes) -> bytes | None:
    start = head.find(b"\r\n" + name + b":")
    if start < 0:
        return None
    start += len(name) + 3
    stop = head.find(b"\r\n", start)
    return head[start : len(head) if stop < 0 else stop].strip()


def _unchunked(data: bytes, start: int) -> bytes | None:
    parts: list[bytes] = []
    while (line := data.find(b"\r\n", start)) >= 0:
        size = int(data[start:line], 16)
        stop = line + 2 + size
        if len(data) < stop + 2:
            return None
        if not size:
            return b"".join(parts)
        parts.append(data[line + 2 : stop])
        start = stop + 2
    return None
