"""The writer lane: one thread a process that owns the writing connection and commits in groups.

Invariant: a future is resolved only after its work is durable. Up to 256 queued operations share one transaction, each
behind a savepoint, so that a refused one harms no neighbour; then all futures are resolved in one wake-up of each loop.
"""

import asyncio
import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, IntegrityError, connection, transaction

from bus import deadlines, events
from bus.diagnosis import is_read_only, refusal_of
from bus.directory import directory
from bus.errors import Busy, Refusal
from bus.gauges import gauges
from bus.prepared import statement

__all__ = ["CAPACITY", "WriterLane", "lane"]

log = logging.getLogger(__name__)
CAPACITY = 1024
BATCH = 256
SHARE = 64
WAL_PAGES = 1000
# Savepoints keep what a page was before: beyond 64 KB in a file, unless told to stay in memory.
PRAGMAS = ("temp_store=MEMORY", "cache_size=-16384")


@dataclass(slots=True, eq=False)
class Job:
    """One queued operation, and where its outcome goes."""

    owner: object
    work: Callable[[], Any]
    future: "asyncio.Future[Any] | Future[Any]"
    loop: asyncio.AbstractEventLoop | None
    outcome: Any = None
    error: BaseException | None = None
    queued_at: float = field(default_factory=time.perf_counter)

    def resolve(self) -> None:
        """Hand the outcome to whoever waits; a caller that went away is no error."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.outcome)
        else:
            self.future.set_exception(self.error)


class WriterLane:
    """Queues work, runs it in order on its own thread, and starts that thread again should it die."""

    def __init__(self) -> None:
        """Start empty; the thread starts with the first work."""
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._queued = 0
        self._shares: Counter[object] = Counter()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = False
        self.keeps_wal = False
        self.after_commit: list[Callable[[], None]] = []

    @property
    def depth(self) -> int:
        """Return how many operations wait."""
        return self._queued

    @property
    def is_alive(self) -> bool:
        """Say whether the lane would take work."""
        return not self._closing and (self._thread is None or self._thread.is_alive())

    def submit(self, owner: object, work: Callable[[], Any]) -> "asyncio.Future[Any]":
        """Queue `work` from an event loop; `owner` (a key) may have 64 waiting, the lane 1,024, then `Busy`."""
        loop = asyncio.get_running_loop()
        job = Job(owner, work, loop.create_future(), loop)
        self._put(job)
        return job.future  # type: ignore[return-value]

    def run(self, work: Callable[[], Any]) -> Any:
        """Queue `work` from a thread and wait for it."""
        job = Job(None, work, Future(), None)
        self._put(job)
        return job.future.result()

    def post(self, work: Callable[[], Any]) -> None:
        """Queue `work` that nobody waits for; when the lane is full it is dropped, as it comes again."""
        try:
            self._put(Job(None, work, Future(), None))
        except Busy:
            log.debug("dropped background work: the lane is full")

    def close(self, patience: float = 5.0) -> None:
        """Finish what is queued, then end the thread; new work is refused."""
        with self._lock:
            self._closing = True
            thread = self._thread
        if thread is not None and thread.is_alive():
            self._queue.put(None)
            thread.join(patience)

    def _put(self, job: Job) -> None:
        with self._lock:
            if self._closing or self._queued >= CAPACITY:
                raise Busy("The server is stopping." if self._closing else "", retry_after=1, queued=self._queued)
            if job.owner is not None and self._shares[job.owner] >= SHARE:
                raise Busy("This key has too many writes waiting.", retry_after=0.5, limit=SHARE)
            self._queued += 1
            self._shares[job.owner] += 1
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._serve, name="writer-lane", daemon=True)
                self._thread.start()
            self._queue.put(job)

    def _serve(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = self._drain(first)
            try:
                self._prepare()
                _commit(batch)
            except BaseException as error:
                connection.close()
                _fail(batch, error)
            finally:
                self._finish(batch)
        connection.close()

    def _prepare(self) -> None:
        """Get a new connection ready for writing; that of the serving process makes the checkpoints."""
        if connection.connection is not None or connection.vendor != "sqlite":
            return
        checkpoints = (f"wal_autocheckpoint={WAL_PAGES}",) if self.keeps_wal else ()
        with connection.wrap_database_errors:
            for pragma in (*PRAGMAS, *checkpoints):
                statement(f"PRAGMA {pragma}")

    def _drain(self, first: Job) -> list[Job]:
        batch = [first]
        while len(batch) < BATCH and not self._queue.empty():
            job = self._queue.get()
            if job is None:
                self._queue.put(None)
                break
            batch.append(job)
        return batch

    def _finish(self, batch: list[Job]) -> None:
        gauges.committed(len(batch), self._queued, time.perf_counter() - batch[0].queued_at)
        with self._lock:
            self._queued -= len(batch)
            for job in batch:
                self._shares[job.owner] -= 1
                if self._shares[job.owner] <= 0:
                    del self._shares[job.owner]
        loops = {job.loop for job in batch}
        for loop in loops:
            _wake(loop, [job for job in batch if job.loop is loop])
        for call in self.after_commit:
            call()


def _wake(loop: asyncio.AbstractEventLoop | None, jobs: list[Job]) -> None:
    if loop is None:
        _resolve(jobs)
        return
    try:
        loop.call_soon_threadsafe(_resolve, jobs)
    except RuntimeError:
        log.debug("the loop of %d callers is closed", len(jobs))


def _resolve(jobs: Iterable[Job]) -> None:
    for job in jobs:
        job.resolve()


def _commit(batch: list[Job]) -> None:
    """Run a batch in one transaction; an error of the transaction itself is everybody's."""
    try:
        with transaction.atomic(), events.collected() as collected:
            for job in batch:
                _attempt(job)
            nouns = collected.write()
    except IntegrityError as error:
        directory.forget_all()
        deadlines.forget()
        _separate(batch, error)
    except BaseException as error:
        directory.forget_all()
        deadlines.forget()
        connection.close()
        _fail(batch, error)
    else:
        directory.forget(nouns)


def _separate(batch: list[Job], error: IntegrityError) -> None:
    """Commit each operation by itself when the database refused the commit of all, so that one harms no neighbour."""
    if len(batch) == 1:
        _fail(batch, error)
        return
    for job in batch:
        job.error = None
        _commit([job])


def _fail(batch: list[Job], error: BaseException) -> None:
    refusal = refusal_of(error)
    if refusal is error:
        log.error("the writer failed", exc_info=error)
    for job in batch:
        job.error = job.error if isinstance(job.error, Refusal) else refusal


def _attempt(job: Job) -> None:
    """Run one operation behind a savepoint; what it did is undone when it is refused."""
    mark = events.mark()
    statement("SAVEPOINT one")
    try:
        with connection.wrap_database_errors:
            job.outcome = job.work()
    except DatabaseError as error:
        if is_read_only(error) or not _is_open():
            raise
        job.error = refusal_of(error)
    except Exception as error:
        job.error = error
    if job.error is not None:
        statement("ROLLBACK TO SAVEPOINT one")
        transaction.set_rollback(False)
        deadlines.forget()
        directory.forget(events.undo(mark))
    statement("RELEASE SAVEPOINT one")


def _is_open() -> bool:
    """Say whether the transaction survived an error: SQLite ends it by itself when, say, the disk is full."""
    raw = connection.connection
    return raw is None or bool(getattr(raw, "in_transaction", True))


lane = WriterLane()
