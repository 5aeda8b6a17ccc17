"""The alarm: in the serving process it looks at the deadlines and asks the cluster for a sweep as soon as one is due.

Where no cluster beats, or it has not come to the sweep in time, the alarm sweeps by itself.
"""

import asyncio
import logging
from datetime import datetime, timedelta

from django.conf import settings
from django_q.tasks import async_task

from bus import clock, deadlines, heartbeat, sweeps
from bus.errors import Refusal
from bus.gauges import gauges
from bus.models import Deadline
from bus.readers import readers
from bus.tail import tail

__all__ = ["Alarm", "install"]

log = logging.getLogger(__name__)
AT_MOST_EVERY = 1.0
AT_LEAST_EVERY = 10.0
PATIENCE = timedelta(seconds=15)


class Alarm:
    """Looks at most once a second, and only when something was committed or a known deadline has come."""

    def __init__(self) -> None:
        """Start with everything to be seen."""
        self._looked = float("-inf")
        self._seen = -1
        self._next: datetime | None = None
        self._rung: dict[str, datetime] = {}
        self._looking: asyncio.Task[None] | None = None

    def tick(self) -> None:
        """Look, unless that is too early or there is nothing to see; called by the tail on its loop."""
        loop = asyncio.get_running_loop()
        waited = loop.time() - self._looked
        is_looking = self._looking is not None and not self._looking.done()
        if is_looking or waited < AT_MOST_EVERY:
            return
        if waited < AT_LEAST_EVERY and tail.last == self._seen and not self._is_due():
            return
        self._looked, self._seen = loop.time(), tail.last
        self._looking = loop.create_task(self._look(), name="alarm")

    def _is_due(self) -> bool:
        return self._next is not None and clock.now() >= self._next

    async def _look(self) -> None:
        try:
            self._next = await readers.run(self.ring)
        except Refusal:
            self._next = None  # the database is unwell, which is logged where it is seen
        except Exception:
            log.exception("the alarm failed and goes on")

    def ring(self) -> datetime | None:
        """See to each sweep that is due; return when to look again. Runs on a reader thread."""
        now = clock.now()
        gauges.beat(heartbeat.age(settings.NEXUS_HOME, now))
        following: list[datetime] = []
        for kind, at in Deadline.objects.filter(kind__in=list(deadlines.sweeps())).values_list("kind", "at"):
            following.append(max(at, now + timedelta(seconds=AT_MOST_EVERY)))
            if at <= now:
                self._try(kind, at, now)
        return min(following, default=None)

    def _try(self, kind: str, at: datetime, now: datetime) -> None:
        try:
            self._see_to(kind, at, now)
        except Exception:
            log.exception("the sweep of %s failed and is tried again", kind)

    def _see_to(self, kind: str, at: datetime, now: datetime) -> None:
        """Ask the cluster for a sweep, once an instant; sweep here where it would not come."""
        if now - at > PATIENCE or not heartbeat.is_fresh(settings.NEXUS_HOME, now):
            sweeps.run(kind)
        elif self._rung.get(kind) != at:
            async_task("bus.tasks.sweep", kind, task_name=f"{kind} {at:%H:%M:%S}")
            self._rung[kind] = at


def install() -> None:
    """Let the tail of this process wake the alarm; only the serving process does, once."""
    if not any(getattr(tick, "__self__", None).__class__ is Alarm for tick in tail.ticks):
        tail.ticks.append(Alarm().tick)
