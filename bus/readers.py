"""Reader threads: a few daemon threads with connections of their own, so that queries never wait for writes.

Our own small pool, because a worker that an async library leaves behind would keep the web server alive after SIGTERM.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import SynchronousOnlyOperation
from django.db import connection

from bus.diagnosis import refusal_of
from bus.errors import Busy

__all__ = ["Readers", "readers", "snapshot"]

THREADS = 3
CAPACITY = 1024

Job = tuple[Callable[[], Any], "asyncio.Future[Any]", asyncio.AbstractEventLoop]


class Readers:
    """Runs queries on a few threads; a full queue is refused."""

    def __init__(self) -> None:
        """Start empty; threads start with the first query."""
        self._queue: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    async def run(self, query: Callable[[], Any]) -> Any:
        """Run `query` on a reader thread and return what it returns; `Busy` when 1,024 wait already."""
        if self._queue.qsize() >= CAPACITY:
            raise Busy("Too many queries wait.", retry_after=1, queued=CAPACITY)
        if len(self._threads) < THREADS:
            self._grow()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._queue.put((query, future, loop))
        return await future

    async def look(self, find: Callable[[], Any]) -> Any:
        """Return what `find` finds: at once where memory knows it all, else on a reader thread."""
        try:
            return find()
        except SynchronousOnlyOperation:
            return await self.run(find)

    def _grow(self) -> None:
        with self._lock:
            if len(self._threads) < THREADS:
                thread = threading.Thread(target=self._serve, name=f"reader-{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self) -> None:
        while True:
            query, future, loop = self._queue.get()
            outcome, error = None, None
            try:
                outcome = query()
            except BaseException as caught:
                error = refusal_of(caught)
                if connection.connection is not None and not connection.is_usable():
                    connection.close()
            try:
                loop.call_soon_threadsafe(_resolve, future, outcome, error)
            except RuntimeError:
                continue


def _resolve(future: "asyncio.Future[Any]", outcome: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(outcome)
    else:
        future.set_exception(error)


readers = Readers()


@contextmanager
def snapshot() -> Iterator[None]:
    """See the database as it is now until the end of the block, without holding writers up."""
    connection.ensure_connection()
    if connection.in_atomic_block:
        yield
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            yield
            cursor.execute("COMMIT")
    finally:
        if connection.connection is not None and connection.connection.in_transaction:
            connection.connection.rollback()
