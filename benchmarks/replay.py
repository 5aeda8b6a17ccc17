"""The time it takes to jump to an instant anywhere in a log of 300,000 events.

At most 500 ms on the machine where that was set, and by the yardstick more on a slower one.
"""

import random
import time
from datetime import timedelta
from functools import partial
from typing import Any

from benchmarks.yardstick import Attempt, best

__all__ = ["MOST_MS", "jumps", "show"]

MOST_MS = 500.0
JUMPS = 24
DAYS = 60


def jumps(client: Any) -> list[Attempt]:
    """Make the checkpoints that the sweep makes, then measure each jump; return the shortest first."""
    from bus import checkpoints, clock, door, identity

    while wanted := checkpoints.due():
        for workspace, seq in wanted:
            checkpoint = checkpoints.make(identity.system("bench"), workspace, seq)
            door.run_work(lambda made=checkpoint: checkpoints.write(made))  # type: ignore[misc]
    now, dice = clock.now(), random.Random(4)
    instants = [now - timedelta(seconds=dice.uniform(60, DAYS * 86_400)) for _ in range(JUMPS)]
    texts = [at.strftime("%Y-%m-%dT%H:%M:%SZ") for at in instants]
    found = [best(partial(_jump, client, text), MOST_MS, tries=1) for text in texts]
    return sorted(found, key=lambda each: each.share)


def _jump(client: Any, at: str) -> float:
    started = time.perf_counter()
    answer = client.get(f"/live/state?at={at}")
    passed = (time.perf_counter() - started) * 1000
    if answer.status_code != 200:
        raise SystemExit(f"{at} answered {answer.status_code}")
    return passed


def show(found: list[Attempt]) -> bool:
    """Print the times and say whether every jump was quick enough."""
    middle, last = found[len(found) // 2], found[-1]
    verdict = "ok" if last.share <= MOST_MS else "FAILED"
    print(f"\nJump to an instant among 300,000 events: median {middle.milliseconds:.0f} ms,", end=" ")
    print(f"most {last.milliseconds:.0f} ms of {len(found)}   at most {MOST_MS:g} x {last.slowness:.2f}   {verdict}")
    return last.share <= MOST_MS
