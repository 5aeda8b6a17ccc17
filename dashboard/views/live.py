"""The page Live: who is here, what moves, what needs you, and any moment of the past."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from dashboard.look import Look
from dashboard.screens import Screen, show
from dashboard.sentences import Line, lines
from dashboard.views.graph import state_of
from dashboard.views.onboarding import welcome
from overview.queries.choices import capabilities
from overview.queries.graph.shapes import instant
from overview.queries.happened import Filter, Happened, newest, place_of
from overview.queries.needs import needs

__all__ = ["fragments", "live"]

TICKED = 30
VERBS = (("", "Everything"), ("messages", "Messages"), ("handoffs", "Handoffs"), ("topics", "Topics"))
PRESENCES = [("present", "present"), ("stale", "quiet"), ("offline", "gone")]
SORTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "agent": lambda row: row["name"].lower(),
    "presence": lambda row: (row["presence"] != "present", row["presence"] != "stale", row["name"].lower()),
    "unread": lambda row: (-row["unread"], row["name"].lower()),
    "held": lambda row: (-row["held"], row["name"].lower()),
}


def build(look: Look) -> dict[str, Any]:
    """Return the graph and what stands around it, or how to begin where nobody has called yet."""
    steps = welcome(look)
    if steps is not None:
        return {"facts": "nobody here yet", "onboarding": steps}
    state = state_of(look) | {"now": instant(look.now)}
    return {
        "facts": _facts(state),
        "state": state,
        "is_table": look.query.get("view") == "table",
        "rows": _rows(look, state),
        "sorts": [("agent", "Agent"), ("presence", "Presence"), ("unread", "Unread"), ("held", "Holds")],
        "sort": look.query.get("sort", "agent"),
        "verbs": [(value or None, title, value == look.query.get("verbs", "")) for value, title in VERBS],
        "capabilities": [(word, word) for word in capabilities(look.workspace)],
        "presences": PRESENCES,
        **_dock(look, None if state["live"] else datetime.fromisoformat(state["at"])),
    }


def _facts(state: dict[str, Any]) -> str:
    agents = [each for each in state["agents"] if each["kind"] == "agent"]
    here = sum(each["presence"] == "present" for each in agents)
    held = sum(each["held"] for each in agents)
    unread = sum(each["unread"] for each in agents)
    return f"{here} here, {held} handoff{'' if held == 1 else 's'} in hand, {unread} unread"


def _rows(look: Look, state: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the agents of the graph as rows of the table."""
    capability, presence = look.query.get("capability"), look.query.get("presence")
    found = [
        row
        for row in state["agents"]
        if (not capability or capability in row["capabilities"]) and (not presence or row["presence"] == presence)
    ]
    return sorted(found, key=SORTS.get(look.query.get("sort", ""), SORTS["agent"]))


def _dock(look: Look, then: datetime | None = None) -> dict[str, Any]:
    """Return what needs the operator now, and the latest up to an instant of the past."""
    return {"needs": needs(look.workspace, look.now), "ticker": _ticker(look, then), "then": then}


def _ticker(look: Look, then: datetime | None) -> list[Line]:
    before = place_of(look.workspace, then) if then else None
    return lines(newest(look.workspace, Filter(), before, TICKED), look.caller.agent.name)


def fragments(look: Look, happened: Sequence[Happened]) -> str:
    """Return what needs you and the latest, as they are now."""
    facts = {"look": look, **_dock(look), "is_news": True}
    return render_to_string("dashboard/_dock_news.html", facts)


LIVE = Screen("live", "Live", "dashboard/live.html", build)


async def live(request: HttpRequest) -> HttpResponse:
    """Show what goes on."""
    return await show(request, LIVE)
