"""The page Agents: who is here, what each said, what waits for it and what it holds."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from dashboard import talking
from dashboard.look import Look
from dashboard.people import program, spark
from dashboard.screens import Screen, show
from dashboard.talking import inspect, place_of
from overview.queries.happened import Happened
from overview.queries.people import Person, Wanted, capabilities, heads, people

__all__ = ["AGENTS", "agents", "fragments", "inspect"]

PRESENCES = [("present", "present"), ("stale", "quiet"), ("offline", "gone")]
FILTERS = ("presence", "capability", "q")
NEWS = ("agent.", "presence.", "message.", "delivery.", "handoff.", "key.", "session.", "workspace.joined")
MOST = 60


def build(look: Look) -> dict[str, Any]:
    """Return what the page shows."""
    presence, capability, text, after = (look.text(name) for name in (*FILTERS, "after"))
    wanted = Wanted(presence, capability, text, after)
    found = people(look.workspace, look.now, wanted)
    here, quiet = heads(look.workspace, look.now)
    return {
        "facts": f"{here} here, {quiet} quiet" if quiet else f"{here} here",
        "rows": [row(look, person) for person in found.rows],
        "after": found.after,
        "is_cards": look.query.get("view") == "cards",
        "presences": PRESENCES,
        "words": [(word, word) for word in capabilities(look.workspace)],
        "filters": sum(1 for name in FILTERS if look.query.get(name)),
    }


def row(look: Look, person: Person) -> dict[str, Any]:
    """Return one agent as its row or card shows it."""
    return {
        "person": person,
        "program": program(person.harness),
        "spark": spark(person.hours),
        "said": sum(person.hours),
        "place": place_of(look, person),
        "is_me": person.name == look.caller.agent.name,
    }


def fragments(look: Look, events: Sequence[Happened]) -> str:
    """Return the cells that changed, the agents that are new, and what was said in open talks."""
    touched = _touched(events)
    new = {event.agent for event in events if event.type in ("agent.created", "workspace.joined")}
    found = people(look.workspace, look.now, Wanted(names=sorted(touched | new)), MOST).rows if touched | new else []
    rows = [row(look, person) | {"is_new": person.name in new} for person in found]
    gone = [each["person"] for each in rows if each["person"].archived_at]
    facts = {"rows": [each for each in rows if not each["person"].archived_at], "gone": gone, "look": look}
    return render_to_string("dashboard/_agents_news.html", facts) + talking.fragments(look, events)


def _touched(events: Sequence[Happened]) -> set[str]:
    """Return the names of the agents whose rows tell of these events."""
    names: set[str] = set()
    for event in events:
        if event.type.startswith(NEWS):
            told = event.data.get("to", [])
            names |= {event.actor, event.agent, *(told if isinstance(told, list) else [])}
    return {name for name in names if isinstance(name, str) and name}


AGENTS = Screen("agents", "Agents", "dashboard/agents.html", build)


async def agents(request: HttpRequest) -> HttpResponse:
    """Show the page."""
    return await show(request, AGENTS)
