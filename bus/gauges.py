"""What the running process notes about itself: sums of each minute of the last hour, in memory only.

Invariant: a note costs about a microsecond, and all of it a few kilobytes, whatever happens. A restart begins anew.
"""

import contextlib
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bus import clock

__all__ = ["MINUTES", "Gauges", "Minute", "gauges", "share"]

MINUTES = 60
SAMPLES = 500


@dataclass(slots=True)
class Minute:
    """What happened in one minute: sums, and the worst of each kind."""

    number: int
    reads: int = 0
    writes: int = 0
    commits: int = 0
    deepest: int = 0
    slowest_commit: float = 0.0
    slowest_tail: float = 0.0
    oldest_beat: float = 0.0
    refused: Counter[str] = field(default_factory=Counter)


class Gauges:
    """The minutes, the newest samples of what takes time, and what is held open now."""

    def __init__(self) -> None:
        """Begin with nothing noted."""
        self.started = clock.now()
        self.held: Counter[str] = Counter()
        self._commits: deque[float] = deque(maxlen=SAMPLES)
        self._tails: deque[float] = deque(maxlen=SAMPLES)
        self._minutes: deque[Minute] = deque(maxlen=MINUTES)
        self._lock = threading.Lock()

    def read(self) -> None:
        """Note a query."""
        with self._lock:
            self._now().reads += 1

    def refused(self, code: str) -> None:
        """Note that somebody was refused."""
        with self._lock:
            self._now().refused[code] += 1

    def committed(self, writes: int, depth: int, seconds: float) -> None:
        """Note a commit of the lane: how many writes, how many waited, and how long the first of them took in all."""
        with self._lock:
            now = self._now()
            now.writes += writes
            now.commits += 1
            now.deepest = max(now.deepest, depth)
            now.slowest_commit = max(now.slowest_commit, seconds)
            self._commits.append(seconds)

    def announced(self, seconds: float) -> None:
        """Note how long after its commit the tail had told of an event."""
        with self._lock:
            now = self._now()
            now.slowest_tail = max(now.slowest_tail, seconds)
            self._tails.append(seconds)

    def beat(self, age: float | None) -> None:
        """Note how old the cluster's heartbeat is; None where there is none."""
        with self._lock:
            now = self._now()
            now.oldest_beat = max(now.oldest_beat, age or 0.0)

    def latest(self) -> tuple[list[float], list[float]]:
        """Return how long the newest commits and announcements took, each from the quickest to the slowest."""
        with self._lock:
            return sorted(self._commits), sorted(self._tails)

    @contextlib.contextmanager
    def holding(self, kind: str) -> Iterator[None]:
        """Count a connection or a waiting call while the block runs."""
        with self._lock:
            self.held[kind] += 1
        try:
            yield
        finally:
            with self._lock:
                self.held[kind] -= 1

    def hour(self) -> list[Minute]:
        """Return the last sixty minutes, oldest first; quiet ones are empty."""
        with self._lock:
            last = self._now().number
            noted = {minute.number: minute for minute in self._minutes}
        return [noted.get(number) or Minute(number) for number in range(last - MINUTES + 1, last + 1)]

    def _now(self) -> Minute:
        number = int(time.monotonic() // 60)
        if not self._minutes or self._minutes[-1].number != number:
            self._minutes.append(Minute(number))
        return self._minutes[-1]


def share(ordered: Sequence[float], part: float) -> float | None:
    """Return the value that `part` of all, which are in order, do not exceed; None without any."""
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else None


gauges = Gauges()
