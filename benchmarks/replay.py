"""The time it takes to jump to an instant anywhere in a log of 300,000 events, 500 ms at most."""

import random
import time
from datetime import timedelta
from typing import Any

__all__ = ["MOST_MS", "jumps", "show"]

MOST_MS = 500.0
JUMPS = 24
DAYS = 60


def jumps(client: Any) -> list[float]:
    """Make the checkpoints that the sweep makes, then return the milliseconds of each jump, shortest first."""
    from bus import checkpoints, clock, door, identity

    while wanted := checkpoints.due():
        for workspace, seq in wanted:
            checkpoint = checkpoints.make(identity.system("bench"), workspace, seq)
            door.run_work(lambda made=checkpoint: checkpoints.write(made))  # type: ignore[misc]
    now, dice = clock.now(), random.Random(4)
    instants = [now - timedelta(seconds=dice.uniform(60, DAYS * 86_400)) for _ in range(JUMPS)]
    return sorted(_jump(client, at.strftime("%Y-%m-%dT%H:%M:%SZ")) for at in instants)


def _jump(client: Any, at: str) -> float:
    started = time.perf_counter()
    answer = client.get(f"/live/state?at={at}")
    passed = (time.perf_counter() - started) * 1000
    if answer.status_code != 200:
        raise SystemExit(f"{at} answered {answer.status_code}")
    return passed


def show(found: list[float]) -> bool:
    """Print the times and say whether every jump was quick enough."""
    middle = found[len(found) // 2]
    verdict = "ok" if found[-1] <= MOST_MS else "FAILED"
    print(f"\nJump to an instant among 300,000 events: median {middle:.0f} ms,", end=" ")
    print(f"most {found[-1]:.0f} ms of {len(found)}   at most {MOST_MS:g}   {verdict}")
    return found[-1] <= MOST_MS
