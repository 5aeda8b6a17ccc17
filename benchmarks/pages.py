"""The time of every page of the dashboard in a large installation, 200 ms at most, at the server."""

import time
from collections.abc import Iterator
from typing import Any

__all__ = ["MOST_MS", "show", "times"]

MOST_MS = 200.0
TRIES = 3
PLAIN = (
    "/",
    "/?view=table",
    "/messages",
    "/messages?lane=unread",
    "/messages?lane=parked",
    "/messages?kind=broadcast",
    "/messages?agent=agent-7",
    "/messages?from=agent-7&to=agent-8",
    "/messages?q=number+99",
    "/messages?q=nothing+like+it",
    "/messages?inspect=msg_500",
    "/messages?workspace=all",
    "/handoffs",
    "/handoffs?q=number+77",
    "/handoffs?agent=agent-7",
    "/handoffs?inspect=hnd_77",
    "/handoffs?workspace=all",
    "/agents",
    "/agents?view=cards",
    "/agents?inspect=@agent-7",
    "/agents?inspect=@agent-7&peer=agent-8",
    "/events",
    "/events?type=message",
    "/events?who=agent-7",
    "/events?workspace=all",
    "/compose",
    "/settings",
    "/settings/presence",
    "/settings/retention",
    "/settings/backup",
    "/settings/about",
)
DATA = ("/live/state", "/live/traffic")


def times(client: Any) -> dict[str, float]:
    """Return the best of three times of each page, in milliseconds; a page that fails is refused."""
    client.get("/")  # what is imported and compiled once is not a page's
    return {url: min(_time(client, url) for _ in range(TRIES)) for url in _urls(client)}


def _urls(client: Any) -> Iterator[str]:
    yield from PLAIN
    yield from DATA
    oldest = client.get("/messages?until=old").context
    if oldest is not None and oldest.get("older"):
        yield f"/messages?before={oldest['older']}"


def _time(client: Any, url: str) -> float:
    started = time.perf_counter()
    answer = client.get(url)
    passed = (time.perf_counter() - started) * 1000
    if answer.status_code != 200:
        raise SystemExit(f"{url} answered {answer.status_code}")
    return passed


def show(found: dict[str, float]) -> bool:
    """Print the times and say whether every page was quick enough."""
    print(f"\n{'Dashboard, 100,000 messages, 10,000 handoffs':<70}{'ms':>8}")
    for url, milliseconds in found.items():
        print(f"{url:<70}{milliseconds:>8.1f}{'' if milliseconds <= MOST_MS else '   FAILED'}")
    slowest = max(found.values())
    print(f"slowest {slowest:.1f}   at most {MOST_MS:g}   {'ok' if slowest <= MOST_MS else 'FAILED'}")
    return slowest <= MOST_MS
