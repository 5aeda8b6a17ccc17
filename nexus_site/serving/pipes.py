"""Standard input and output as lines for an event loop, each read and written by a thread of its own.

Threads, as the two may be files, pipes or a terminal; and daemons, as a read has no end but that of its input.
"""

import asyncio
import os
import queue
import threading
from collections.abc import AsyncIterator, Callable

__all__ = ["Lines", "Written"]

CHUNK, AHEAD = 65_536, 64


class Lines:
    """What comes in, line by line; a line that is too long becomes an empty one, so that it is answered as an error."""

    def __init__(self, descriptor: int, most: int) -> None:
        """Read a descriptor on the running loop; no line is kept beyond `most` bytes."""
        self._descriptor, self._most = descriptor, most
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(AHEAD)
        self._is_over = asyncio.Event()
        threading.Thread(target=self._read, name="stdin", daemon=True).start()

    def stop(self) -> None:
        """Read no more."""
        self._is_over.set()
        if not self._queue.full():
            self._queue.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the lines that are not blank."""
        while not self._is_over.is_set() and (line := await self._queue.get()) is not None:
            yield line

    def _read(self) -> None:
        held, is_too_long = b"", False
        while chunk := self._next():
            *whole, held = (held + chunk).split(b"\n")
            for line in whole:
                self._give(b"" if is_too_long or len(line) > self._most else line.strip(b"\r") or None)
                is_too_long = False
            if len(held) > self._most:
                held, is_too_long = b"", True
        if held.strip():
            self._give(held)
        self._put(None)

    def _next(self) -> bytes:
        try:
            return os.read(self._descriptor, CHUNK)
        except OSError:
            return b""

    def _give(self, line: bytes | None) -> None:
        if line is not None:
            self._put(line)

    def _put(self, line: bytes | None) -> None:
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
