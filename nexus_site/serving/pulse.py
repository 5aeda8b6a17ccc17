"""Whether the cluster gets work done: probes go all the way through it, and nothing else makes it beat.

A process that lives may still do nothing: stopped, stuck in a call, or waiting for a lock that a killed neighbour held. So
the guard counts what comes out at the end: the pusher asks the queue, and the worker and the monitor pass on a probe. A
worker at a long task passes nothing on, but a thread of its own shows that it is not frozen. Where one of them was killed
the guard ends everything, as django-q2 would start another that may wait for the dead one's lock for ever.
"""

import os
import queue
import threading
import time
import uuid
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from django_q.brokers.orm import ORM
from django_q.signals import post_execute, post_spawn

from bus import clock

__all__ = ["Pulse", "probe"]

ASK_EVERY = 5.0
STAMP_EVERY, STOPPED_AFTER = 1.0, 5.0
PULLED, ANSWERED, AWAKE = range(3)


def probe() -> None:
    """Do nothing; that it was done is what counts."""


class Pulse:
    """Stamps of the cluster's processes in memory that they share, and the file that tells others."""

    def __init__(self, heartbeat: Path) -> None:
        """Listen to what django-q2 says in its processes, which are forked later."""
        self.sentinel: Any = None
        self._heartbeat = heartbeat
        self._stamps = get_context("fork").RawArray("d", 3)
        self._since = time.monotonic()
        self._asked = float("-inf")
        self._children: list[Any] = []
        post_spawn.connect(self._stay_awake, weak=False)
        post_execute.connect(self._note_answer, weak=False)

    def broker(self) -> ORM:
        """Return the queue, which notes that the pusher looks at it."""
        stamps = self._stamps

        class Noted(ORM):  # type: ignore[misc]
            """django-q2's queue in the database."""

            def dequeue(self) -> Any:
                stamps[PULLED] = time.monotonic()
                return super().dequeue()

        return Noted()

    def beat(self) -> None:
        """Touch the heartbeat if work got done since the last time, and send the next probe when it is time."""
        self._end_if_one_was_killed()
        now = time.monotonic()
        if self._is_busy(now) or min(self._stamps[PULLED], self._stamps[ANSWERED]) >= self._since:
            self._heartbeat.touch(mode=0o600)
            self._since = now
        if now - self._asked >= ASK_EVERY:
            self._asked = now
            with suppress(queue.Full):
                self.sentinel.task_queue.put(_task(), block=False)

    def _end_if_one_was_killed(self) -> None:
        children = [*self.sentinel.pool, self.sentinel.monitor, self.sentinel.pusher]
        if any(child.exitcode not in (None, 0) for child in self._children):
            for child in children:
                child.kill()
            os._exit(1)
        self._children = children

    def _is_busy(self, now: float) -> bool:
        is_awake = now - self._stamps[AWAKE] < STOPPED_AFTER
        return is_awake and any(worker.timer.value > 0 for worker in self.sentinel.pool)

    def _stay_awake(self, **_: Any) -> None:
        """Stamp from a thread of the worker, which goes on while the worker is at a task."""

        def stamp() -> None:
            while True:
                self._stamps[AWAKE] = time.monotonic()
                time.sleep(STAMP_EVERY)

        threading.Thread(target=stamp, name="pulse", daemon=True).start()

    def _note_answer(self, task: dict[str, Any], **_: Any) -> None:
        if task["func"] is probe:
            self._stamps[ANSWERED] = time.monotonic()


def _task() -> dict[str, Any]:
    """Return a probe as django-q2 passes tasks on; it is in no table."""
    task = {"id": uuid.uuid4().hex, "name": "probe", "func": probe, "args": (), "kwargs": {}}
    return task | {"started": clock.now(), "save": False}
