"""How many streams and waiting calls each key holds open: a bounded number, as each costs memory for as long as it lasts."""

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager

from bus import knobs
from bus.errors import RateLimited
from bus.identity import Caller

__all__ = ["held", "most"]

HINT = "Let one end first; a single stream or wait can follow everything that concerns you."

_open: Counter[Hashable] = Counter()


def most() -> int:
    """Return how many of one key may be open at once."""
    return knobs.get("open_waits")


def held(caller: Caller, limit: int) -> AbstractContextManager[None]:
    """Count a stream or wait of the caller's key while the block runs, or refuse it where `limit` are open already."""
    owner = caller.key.id if caller.key else ("", caller.agent.id)
    if _open[owner] >= limit:
        message = f"This key has {limit} streams and waits open already."
        raise RateLimited(message, hint=HINT, limit=limit)
    return _counted(owner)


@contextmanager
def _counted(owner: Hashable) -> Iterator[None]:
    _open[owner] += 1
    try:
        yield
    finally:
        _open[owner] -= 1
        if not _open[owner]:
            del _open[owner]
