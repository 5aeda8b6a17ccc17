"""The yardstick: one fixed piece of work, of the kind that pages are made of, says how slow the machine is at the moment.

A bound on milliseconds holds on the machine where it was set. On a slower one, or in a loaded moment, the yardstick takes
longer too, and the bound grows by as much; it never shrinks. What still breaks its bound is measured again, and the best
measurement counts.
"""

import json
import sqlite3
import statistics
import time
from collections.abc import Awaitable, Callable
from functools import cache
from typing import NamedTuple, TypeVar

from django.template import Context, Engine, Template

__all__ = ["REFERENCE_MS", "Attempt", "best", "settled", "slowness", "table"]

REFERENCE_MS = 12.5  # on the machine where the bounds were set, with nothing else running
NAMES = ("%agent-7%", "%agent-3%", "%nobody%") * 4
ROWS, READ = 2_000, 40
TRIES, MORE = 3, 6
Found = TypeVar("Found")
SAMPLES = 21
SELECT = "SELECT id, name, said FROM said WHERE name LIKE ? ORDER BY id DESC LIMIT ?"
PAGE = """{% for row in rows %}<tr id="row-{{ row.id }}">{% if row.name %}<td>{{ row.name|title }}</td>{% endif %}
<td>{{ row.said.subject }} {{ row.said.body|slice:":60" }}</td></tr>{% endfor %}"""


class Attempt(NamedTuple):
    """One measurement: its milliseconds, and how slow the machine was around it."""

    milliseconds: float
    slowness: float

    def bound(self, most: float) -> float:
        """Return the bound that is fair at this moment."""
        return most * self.slowness

    @property
    def share(self) -> float:
        """Return the milliseconds that it would have taken on the reference machine."""
        return self.milliseconds / self.slowness


def best(measure: Callable[[], float], most: float, tries: int = TRIES) -> Attempt:
    """Return the best of some measurements between yardsticks, and of up to six more while none keeps the bound."""
    attempts: list[Attempt] = []
    before = _measured()
    while len(attempts) < tries or (len(attempts) < tries + MORE and _least(attempts).share > most):
        passed, after = measure(), _measured()
        attempts.append(Attempt(passed, _slowness((before + after) / 2)))
        before = after
    return _least(attempts)


async def settled(
    measure: Callable[[int], Awaitable[Found]], holds: Callable[[Found, float], bool]
) -> tuple[Found, float]:
    """Measure something long until it holds at the slowness around it, three times at most; return both.

    `measure` is given the number of its attempt.
    """
    for attempt in range(1, TRIES + 1):
        before = slowness()
        found = await measure(attempt)
        slow = (before + slowness()) / 2
        if holds(found, slow):
            break
    return found, slow


def slowness() -> float:
    """Return how much longer than on the reference machine the yardstick takes now, at least 1."""
    return _slowness(statistics.median(_measured() for _ in range(SAMPLES)))


def table(title: str, found: dict[str, Attempt], most: float) -> bool:
    """Print each time beside its bound at that moment, and the worst; say whether all keep their bounds."""
    print(f"\n{title:<70}{'ms':>8}{'at most':>9}")
    for name, each in found.items():
        verdict = "" if each.share <= most else "   FAILED"
        print(f"{name:<70}{each.milliseconds:>8.1f}{each.bound(most):>9.0f}{verdict}")
    worst = max(found.values(), key=lambda each: each.share)
    print(f"slowest {worst.milliseconds:.1f}   at most {most:g} x {worst.slowness:.2f}", end="   ")
    print("ok" if worst.share <= most else "FAILED", flush=True)
    return worst.share <= most


def _least(attempts: list[Attempt]) -> Attempt:
    return min(attempts, key=lambda each: each.share)


def _slowness(milliseconds: float) -> float:
    return max(1.0, milliseconds / REFERENCE_MS)


def _measured() -> float:
    """Return the milliseconds that the fixed work takes now."""
    database, page = _tools()
    started = time.perf_counter()
    for name in NAMES:
        rows = database.execute(SELECT, (name, READ)).fetchall()
        known = [{"id": key, "name": who, "said": json.loads(said)} for key, who, said in rows]
        page.render(Context({"rows": known}, use_l10n=False, use_tz=False))
        json.dumps(known, sort_keys=True)
    return (time.perf_counter() - started) * 1000


@cache
def _tools() -> tuple[sqlite3.Connection, Template]:
    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.execute("CREATE TABLE said (id INTEGER PRIMARY KEY, name TEXT, said TEXT)")
    said = json.dumps({"subject": "Trailing commas", "body": "The parser now accepts them. " * 8, "to": ["agent-1"]})
    rows = [(f"agent-{number % 100}", said) for number in range(ROWS)]
    database.executemany("INSERT INTO said (name, said) VALUES (?, ?)", rows)
    return database, Engine(debug=False).from_string(PAGE)
