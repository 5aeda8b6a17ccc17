"""How often a password may be tried: a few times for a name from an address, and some more from an address in all.

Invariant: an attempt is counted before the password is looked at, so that attempts at the same time count, too.
"""

import threading
from collections import deque
from datetime import datetime, timedelta

__all__ = ["Throttle", "throttle"]

WINDOW = timedelta(minutes=15)
PER_NAME = 5
PER_ADDRESS = 30
MOST_KEPT = 10_000

Key = tuple[str, ...]


class Throttle:
    """The attempts of the last quarter of an hour; kept in memory, as one process serves the admin."""

    def __init__(self) -> None:
        """Start without any."""
        self._tries: dict[Key, deque[datetime]] = {}
        self._lock = threading.Lock()

    def take(self, name: str, address: str, now: datetime) -> int:
        """Count an attempt and return 0, or return the seconds to wait and count nothing."""
        limits = {(address,): PER_ADDRESS, _pair(name, address): PER_NAME}
        with self._lock:
            self._forget(now)
            wait = max(self._wait(key, limit, now) for key, limit in limits.items())
            if not wait:
                for key in limits:
                    self._tries.setdefault(key, deque()).append(now)
            return wait

    def forgive(self, name: str, address: str) -> None:
        """Forget the failures of a name that has logged in; its last attempt does not count for its address."""
        with self._lock:
            self._tries.pop(_pair(name, address), None)
            at_address = self._tries.get((address,))
            if at_address:
                at_address.pop()

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._tries.clear()

    def _wait(self, key: Key, limit: int, now: datetime) -> int:
        tries = self._tries.get(key, deque())
        return int((tries[0] + WINDOW - now).total_seconds()) + 1 if len(tries) >= limit else 0

    def _forget(self, now: datetime) -> None:
        """Drop what is over, and the oldest where there are too many."""
        for key, tries in list(self._tries.items()):
            while tries and tries[0] <= now - WINDOW:
                tries.popleft()
            if not tries:
                del self._tries[key]
        while len(self._tries) > MOST_KEPT:
            del self._tries[next(iter(self._tries))]


def _pair(name: str, address: str) -> Key:
    return (address, name.strip().casefold()[:150])


throttle = Throttle()
