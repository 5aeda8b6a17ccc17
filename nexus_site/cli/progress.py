"""How far a long command is, in one line of a terminal that is written over; nothing where nobody looks."""

import sys
import time

__all__ = ["Bar"]

EVERY = 0.1
WIDTH = 24


class Bar:
    """Shows what is at work, how many are done, and of how many where that is known."""

    def __init__(self, totals: dict[str, int] | None = None) -> None:
        """Keep the totals by name; it shows on a terminal only."""
        self._totals = totals or {}
        self._is_shown = sys.stderr.isatty()
        self._next = 0.0

    def __call__(self, name: str, done: int, total: int = 0) -> None:
        """Show that `done` of `name` are done, of `total` where that is known now; ten times a second at most."""
        if self._is_shown and time.monotonic() >= self._next:
            self._next = time.monotonic() + EVERY
            print(f"\r\x1b[K{line(name, done, total or self._totals.get(name))}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Take the line away."""
        if self._is_shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def line(name: str, done: int, total: int | None) -> str:
    """Return the line: a bar and a share where the total is known, else the count."""
    if not total:
        return f"{name:<14}{done:>12,}"
    share = min(done / total, 1.0)
    filled = round(share * WIDTH)
    return f"{name:<14}[{'#' * filled}{'.' * (WIDTH - filled)}] {share:>4.0%}  {done:,} of {total:,}"
