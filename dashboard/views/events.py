"""The page Events: the log in sentences, filtered, followed and exported."""

import json
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from bus.directory import directory
from bus.errors import NotFound
from dashboard.inspectors import Panel
from dashboard.look import Look
from dashboard.screens import Screen, show
from dashboard.sentences import lines
from overview.queries.graph.shapes import instant
from overview.queries.happened import Filter, Happened, actors, newest, place_of, tally, the_one

__all__ = ["events", "fragments", "inspect", "wanted"]

PAGE, MOST_PUSHED = 60, 30
SORTS = (
    ("message", "Messages", "blue"),
    ("delivery", "Deliveries", "green"),
    ("handoff", "Handoffs", "pink"),
    ("topic", "Topics", "violet"),
    ("paths", "Paths", "pink"),
    ("presence", "Presence", "amber"),
    ("session", "Sessions", "teal"),
    ("agent", "Agents", "ink"),
    ("key", "Keys", "red"),
    ("workspace", "Workspaces", "ink"),
    ("setting", "Settings", "ink"),
    ("backup", "Backups", "ink"),
    ("log", "Log", "ink"),
)


def build(look: Look) -> dict[str, Any]:
    """Return the newest events that the URL asks for."""
    chosen = wanted(look)
    at = look.instant("at")
    before = look.number("before")
    if before is None and at is not None:
        before = place_of(look.workspace, at)
    found = newest(look.workspace, chosen, before, PAGE + 1)
    counts = tally(look.workspace, look.now)
    total = sum(counts.values())
    return {
        "facts": f"{total:,} in the last day",
        "wanted": chosen,
        "is_filtered": chosen != Filter(),
        "is_following": before is None,
        "at_value": at.strftime("%Y-%m-%dT%H:%M:%S") if at else "",
        "lines": lines(found[:PAGE], look.caller.agent.name),
        "older": found[PAGE - 1].pk if len(found) > PAGE else None,
        "sorts": [(None, "Everything", "none", total), *_sorts(counts, chosen.type)],
        "who": [agent for name in actors(look.workspace) if (agent := directory.agent_named(name))],
    }


def _sorts(counts: dict[str, int], chosen: str) -> list[tuple[str, str, str, int]]:
    return [
        (noun, title, colour, counts.get(noun, 0)) for noun, title, colour in SORTS if noun in counts or noun == chosen
    ]


def wanted(look: Look) -> Filter:
    """Return the filter of a URL."""
    query = look.query
    return Filter(query.get("type", "")[:60], query.get("who", "")[:64], query.get("subject", "")[:64])


def inspect(look: Look, name: str) -> Panel:
    """Return all that is known of one event."""
    known = the_one(name)
    if known is None:
        raise NotFound("There is no such event, or retention has cut it off.")
    event: Happened = known["event"]
    (line,) = lines([event], look.caller.agent.name)
    payload = json.dumps(known["payload"], indent=2, ensure_ascii=False) if known["payload"] else ""
    subject = event.handoff or event.topic or event.message
    more = {"line": line, "payload_text": payload, "subject": subject, "instant": instant(event.at)}
    return Panel("dashboard/inspect/event.html", known | more)


def fragments(look: Look, happened: Sequence[Happened]) -> str:
    """Return the rows of new events, newest first; more than thirty at once are a number."""
    told = lines(reversed(happened[-MOST_PUSHED:]), look.caller.agent.name)
    facts = {"lines": told, "look": look, "left_out": len(happened) - len(told)}
    return render_to_string("dashboard/_event_news.html", facts)


EVENTS = Screen("events", "Events", "dashboard/events.html", build)


async def events(request: HttpRequest) -> HttpResponse:
    """Show the log."""
    return await show(request, EVENTS)
