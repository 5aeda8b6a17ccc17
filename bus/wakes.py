"""How often an idle agent may be woken: a budget an hour, and a gap that doubles while two agents wake each other.

An agent's row keeps its wakes of the last hour, and at least its newest twenty for its page; the log has all of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bus import knobs

__all__ = ["HOUR", "Wake", "gap", "in_the_last", "stored", "told", "wait"]

HOUR, REMEMBERED = timedelta(hours=1), timedelta(minutes=10)
LONGEST_GAP, KEPT = 600, 20


@dataclass(frozen=True, slots=True)
class Wake:
    """One turn that was started: when, by which waiter, and whose words were the cause."""

    at: datetime
    waiter: str = ""
    by: tuple[str, ...] = ()


def told(rows: Iterable[dict[str, Any]]) -> list[Wake]:
    """Return the wakes that an agent's row holds, newest first."""
    return [Wake(datetime.fromisoformat(row["at"]), row["waiter"], tuple(row["by"])) for row in rows]


def stored(wakes: Sequence[Wake], now: datetime) -> list[dict[str, Any]]:
    """Return what the row is to hold."""
    most = max(KEPT, len(in_the_last(HOUR, wakes, now)))
    return [{"at": wake.at.isoformat(), "waiter": wake.waiter, "by": list(wake.by)} for wake in wakes[:most]]


def in_the_last(stretch: timedelta, wakes: Iterable[Wake], now: datetime) -> list[Wake]:
    """Return the wakes of the time until now."""
    return [wake for wake in wakes if wake.at > now - stretch]


def gap(wakes: Sequence[Wake], by: Iterable[str], now: datetime) -> int:
    """Return how many seconds must lie between two wakes: twice as many for each recent one of the same cause."""
    recent = in_the_last(REMEMBERED, wakes, now)
    again = max((sum(name in wake.by for wake in recent) for name in by), default=0)
    least: int = knobs.get("wake_gap")
    return min(least << again, max(LONGEST_GAP, least))


def wait(wakes: Sequence[Wake], by: Iterable[str], now: datetime) -> float:
    """Return how many seconds it is too soon for another wake; 0 or less when it may come."""
    budget = knobs.get("wake_budget")
    if budget == 0:
        return HOUR.total_seconds()
    waits = [0.0]
    if wakes:
        waits.append(gap(wakes, by, now) - (now - wakes[0].at).total_seconds())
    if len(used := in_the_last(HOUR, wakes, now)) >= budget:
        waits.append((used[budget - 1].at + HOUR - now).total_seconds())
    return max(waits)
