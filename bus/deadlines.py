"""When background work is due: each kind of sweep has one row that holds the next instant at which it may find work.

The instant is a lower bound: whoever starts a lease notes its end, and a row that is earlier already stands. After a
sweep the row moves to what is next. Correctness never depends on it, as claims and pulls check expiry themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bus.identity import Caller
from bus.models import Deadline

__all__ = ["Sweep", "forget", "move", "note", "register", "sweeps"]


@dataclass(frozen=True)
class Sweep:
    """One kind of background work: `work` does it and counts, `following` says when there is more."""

    kind: str
    work: Callable[[Caller], int]
    following: Callable[[], datetime | None]


_sweeps: dict[str, Sweep] = {}
_noted: dict[str, datetime] = {}


def register(kind: str, work: Callable[[Caller], int], following: Callable[[], datetime | None]) -> None:
    """Add a kind of sweep; rooms do so when they are ready."""
    _sweeps[kind] = Sweep(kind, work, following)


def sweeps() -> dict[str, Sweep]:
    """Return every kind of sweep by name."""
    return _sweeps


def note(kind: str, at: datetime, now: datetime) -> None:
    """Make sure that the sweep runs at `at` or earlier; runs inside the lane and mostly without a statement."""
    noted = _noted.get(kind)
    if noted is not None and now < noted <= at:
        return
    row, created = Deadline.objects.get_or_create(kind=kind, defaults={"at": at})
    if not created and row.at > at:
        Deadline.objects.filter(kind=kind, at__gt=at).update(at=at)
    _noted[kind] = at if created else min(at, row.at)


def forget() -> None:
    """Forget what was noted, as what noted it was undone."""
    _noted.clear()


def move(kind: str) -> None:
    """Set the row to when this kind of work comes next, or remove it; runs inside the lane after a sweep."""
    following = _sweeps[kind].following()
    _noted.pop(kind, None)
    if following is None:
        Deadline.objects.filter(kind=kind).delete()
    else:
        Deadline.objects.update_or_create(kind=kind, defaults={"at": following})
