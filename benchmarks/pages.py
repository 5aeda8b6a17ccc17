"""The time of every page of the dashboard in a large installation, at the server.

At most 200 ms on the machine where that was set, and by the yardstick more on a slower one.
"""

import time
from collections.abc import Iterator
from functools import partial, reduce
from typing import Any

from benchmarks.yardstick import Attempt, best, table

__all__ = ["MOST_MS", "named", "show", "times"]

MOST_MS = 200.0
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
    "/messages?inspect={message}",
    "/messages?workspace=all",
    "/handoffs",
    "/handoffs?q=number+77",
    "/handoffs?q=nothing+like+it",
    "/handoffs?capability=review",
    "/handoffs?agent=agent-7",
    "/handoffs?inspect={handoff}",
    "/handoffs?workspace=all",
    "/topics",
    "/topics?state=all&name=number+77",
    "/topics?workspace=all",
    "/topics/{topic}",
    "/topics/{topic}?post=500",
    "/topics/{topic}?q=number+99",
    "/topics/{topic}?q=nothing+like+it",
    "/messages?kind=topic",
    "/agents",
    "/agents?view=cards",
    "/agents?inspect=@agent-7",
    "/agents?inspect=@agent-7&peer=agent-8",
    "/events",
    "/events?type=message",
    "/events?who=agent-7",
    "/events?workspace=all",
    "/search?q=build",
    "/search?q=number+77&workspace=all",
    "/search?q=build&kind=message",
    "/compose",
    "/settings",
    "/settings/presence",
    "/settings/retention",
    "/settings/backup",
    "/settings/about",
)
DATA = ("/live/state", "/live/traffic")


def times(client: Any) -> dict[str, Attempt]:
    """Return the best time of each page; a page that fails is refused."""
    client.get("/")  # what is imported and compiled once is not a page's
    return {url: best(partial(_time, client, url), MOST_MS) for url in _urls(client)}


def named(url: str) -> str:
    """Return the address with ids that this installation has."""
    from bus.models import Message, Topic
    from handoffs.models import Handoff

    message, handoff = Message.objects.order_by("pk")[499].public_id, Handoff.objects.order_by("pk")[76].public_id
    topic = Topic.objects.order_by("-latest_seq").first()
    known = {"message": message, "handoff": handoff, "topic": topic.public_id if topic else ""}
    return reduce(lambda text, name: text.replace(f"{{{name}}}", known[name]), known, url)


def _urls(client: Any) -> Iterator[str]:
    yield from map(named, PLAIN)
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


def show(found: dict[str, Attempt]) -> bool:
    """Print the times and say whether every page was quick enough."""
    return table("Pages of the dashboard", found, MOST_MS)
