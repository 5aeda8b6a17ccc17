"""The heartbeat: a file in the data directory that the cluster touches as long as background work gets done."""

from datetime import datetime
from pathlib import Path

__all__ = ["FROZEN_AFTER", "NAME", "age", "is_fresh"]

NAME = "cluster.heartbeat"
FROZEN_AFTER = 20.0


def age(home: Path, now: datetime) -> float | None:
    """Return how many seconds ago the cluster last showed that it works, or None where none runs."""
    try:
        beat = (home / NAME).stat().st_mtime
    except OSError:
        return None
    return max(0.0, round(now.timestamp() - beat, 1))


def is_fresh(home: Path, now: datetime) -> bool:
    """Say whether there is a cluster that works."""
    seconds = age(home, now)
    return seconds is not None and seconds < FROZEN_AFTER
