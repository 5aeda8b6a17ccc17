"""When an agent was here: a day in 48 half hours, from what the log says of its presence."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bus.models import Event

__all__ = ["SLOTS", "Strip", "strip"]

SLOTS = 48
SLOT = timedelta(minutes=30)
DAY = SLOTS * SLOT
MOST_LOOKED_AT = 5000
MOST = 1000
BEST = ("present", "stale", "offline")
# What an agent was before a change, where the log does not reach back: it goes quiet before it is gone.
BEFORE = {"present": "offline", "stale": "present", "offline": "stale"}


@dataclass(frozen=True, slots=True)
class Strip:
    """The best presence of each half hour, oldest first, and how long the agent was present in all."""

    slots: tuple[str, ...]
    here: timedelta


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time during which the presence did not change."""

    state: str
    begin: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """Return how long it lasted."""
        return self.end - self.begin


def strip(name: str, workspace: int, presence: str, now: datetime) -> Strip:
    """Return the last day of an agent, as the log of a workspace tells it; `presence` is what it is now."""
    begin = now - DAY
    recent = Event.objects.filter(workspace_id=workspace, type="presence.changed").order_by("-pk")
    changes = Event.objects.filter(pk__in=recent.values("pk")[:MOST_LOOKED_AT], agent=name).order_by("-pk")
    rows = [(at, payload.get("presence", "offline")) for at, payload in changes.values_list("at", "payload")[:MOST]]
    stretches = _stretches(rows[::-1], presence, begin, now)
    here = sum((each.length for each in stretches if each.state == "present"), timedelta())
    return Strip(tuple(_best(stretches, begin + number * SLOT) for number in range(SLOTS)), here)


def _stretches(changes: list[tuple[datetime, str]], presence: str, begin: datetime, now: datetime) -> list[Stretch]:
    """Cut the time from `begin` to `now` where the presence changed."""
    state = BEFORE[changes[0][1]] if changes else presence
    found: list[Stretch] = []
    for at, following in changes:
        if at > begin:
            found.append(Stretch(state, begin, min(at, now)))
            begin = at
        state = following
    return [*found, Stretch(presence, begin, now)] if begin < now else found


def _best(stretches: list[Stretch], start: datetime) -> str:
    """Return the best presence of the half hour that begins at `start`."""
    within = {each.state for each in stretches if each.begin < start + SLOT and each.end > start}
    return next((state for state in BEST if state in within), "offline")
