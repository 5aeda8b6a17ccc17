"""Standard input and output as lines for an event loop, each read and written by a thread of its own.

Threads, as the two may be files, pipes or a terminal; and daemons, as a read has no end but that of its input.
"""

import asyncio
import os
import queue
import threading
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

__all__ = ["Cut", "Lines", "Written"]

CHUNK, AHEAD, END = 65_536, 64, 4096


class Cut(NamedTuple):
    """What is kept of a line that is too long: its beginning and its end, which tell whom to answer."""

    first: bytes
    last: bytes


class Growing:
    """A line while it comes in."""

    def __init__(self, most: int) -> None:
        """Keep at most `most` bytes, and of a line that has more both ends."""
        self._most = most
        self._held, self._first = bytearray(), b""

    def add(self, part: bytes) -> None:
        """Take what comes next."""
        self._held += part
        if self._first or len(self._held) > self._most:
            self._first = self._first or bytes(self._held[:END])
            del self._held[:-END]

    def taken(self) -> bytes | Cut:
        """Return the line, and begin another."""
        held, first = bytes(self._held), self._first
        self._held, self._first = bytearray(), b""
        return Cut(first, held) if first else held.strip(b"\r")


class Lines:
    """What comes in, line by line; of a line that is too long only its ends."""

    def __init__(self, descriptor: int, most: int) -> None:
        """Read a descriptor on the running loop; no line is kept beyond `most` bytes."""
        self._descriptor, self._most = descriptor, most
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[bytes | Cut | None] = asyncio.Queue(AHEAD)
        self._is_over = asyncio.Event()
        threading.Thread(target=self._read, name="stdin", daemon=True).start()

    def stop(self) -> None:
        """Read no more."""
        self._is_over.set()
        if not self._queue.full():
            self._queue.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[bytes | Cut]:
        """Yield the lines that are not blank."""
        while not self._is_over.is_set() and (line := await self._queue.get()) is not None:
            yield line

    def _read(self) -> None:
        growing = Growing(self._most)
        while chunk := self._next():
            *whole, rest = chunk.split(b"\n")
            for part in whole:
                growing.add(part)
                self._give(growing.taken())
            growing.add(rest)
        self._give(growing.taken())
        self._put(None)

    def _next(self) -> bytes:
        try:
            return os.read(self._descriptor, CHUNK)
        except OSError:
            return b""

    def _give(self, line: bytes | Cut) -> None:
        if isinstance(line, Cut) or line.strip():
            self._put(line)

    def _put(self, line: bytes | Cut | None) -> None:
        """Hand a line over, and wait while the loop is behind; a loop that has ended takes none."""
        try:
            asyncio.run_coroutine_threadsafe(self._queue.put(line), self._loop).result()
        except (RuntimeError, asyncio.CancelledError):
            return


class Written:
    """What goes out, one line after the other."""

    def __init__(self, descriptor: int, broken: Callable[[], None]) -> None:
        """Write to a descriptor from the running loop; `broken` is called when nobody reads it any more."""
        self._descriptor, self._broken = descriptor, broken
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[tuple[bytes, asyncio.Future[None]]] = queue.SimpleQueue()
        threading.Thread(target=self._serve, name="stdout", daemon=True).start()

    async def line(self, document: bytes) -> None:
        """Write a line, and return when the pipe has taken it."""
        taken = self._loop.create_future()
        self._queue.put((document + b"\n", taken))
        await taken

    def _serve(self) -> None:
        while True:
            data, taken = self._queue.get()
            try:
                while data:
                    data = data[os.write(self._descriptor, data) :]
            except OSError:
                self._call(self._broken)
            self._call(lambda taken=taken: taken.done() or taken.set_result(None))  # type: ignore[misc]

    def _call(self, work: Callable[[], object]) -> None:
        try:
            self._loop.call_soon_threadsafe(work)
        except RuntimeError:
            return
