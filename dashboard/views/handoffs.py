"""The page Handoffs: the board, a job whole, and what may be done about it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from bus.directory import directory
from bus.errors import NotFound
from dashboard.inspectors import Panel
from dashboard.look import Look
from dashboard.screens import Screen, show
from dashboard.sentences import lines
from overview.queries.board import COLUMNS, Wanted, board, cards_of, detail, numbers
from overview.queries.choices import agents, capabilities
from overview.queries.happened import Happened

__all__ = ["fragments", "handoffs", "inspect"]

OPEN, CLAIMED, VERIFYING, COMPLETED = COLUMNS[:4]
CLOSED = COLUMNS[4:]
MOST_PUSHED = 40
TABS = (OPEN, CLAIMED, VERIFYING, COMPLETED, "closed")
URGENCIES = [("urgent", "urgent")]


def build(look: Look) -> dict[str, Any]:
    """Return the board that the URL asks for."""
    wanted = _wanted(look)
    older = {name: mark for name in COLUMNS if (mark := look.query.get(name, ""))}
    shown = board(look.workspace, wanted, look.now, older)
    chosen = look.query.get("column", OPEN)
    return {
        "facts": _facts({column.name: column.count for column in shown.columns}),
        "open_columns": shown.columns[:4],
        "closed": shown.columns[4:],
        "closed_count": sum(column.count for column in shown.columns[4:]),
        "lane": look.query.get("lane", ""),
        "is_filtered": wanted != Wanted(),
        "is_older": bool(older),
        "found": "found-" if older or wanted != Wanted() else "",
        "wanted": wanted,
        "capabilities": [(word, word) for word in capabilities(look.workspace)],
        "agents": [(name, name) for name in agents(look.workspace)],
        "urgencies": URGENCIES,
        "chosen": chosen if chosen in TABS else OPEN,
    }


def _wanted(look: Look) -> Wanted:
    return Wanted(**{name: look.text(name) for name in ("capability", "agent", "priority", "q")})


def _facts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{counts[name]:,} {name}" for name in (OPEN, CLAIMED, VERIFYING))


def inspect(look: Look, name: str) -> Panel:
    """Return one handoff whole, with the forms of what may be done."""
    found = detail(look.caller, name)
    if found is None:
        raise NotFound("There is no such handoff.")
    known = {
        "detail": found,
        "card": found.card,
        "lines": lines(found.history, look.caller.agent.name),
        "chosen": look.query.get("act", ""),
        "names": agents(look.workspace),
        "words": capabilities(look.workspace),
        "holder": found.card.claimant or found.card.target,
        "me": directory.agent_named(look.caller.agent.name),
    }
    return Panel("dashboard/inspect/handoff.html", known)


def fragments(look: Look, happened: Sequence[Happened]) -> str:
    """Return the cards that moved, each taken from its old place and put into its new one, and the numbers."""
    moved = dict.fromkeys(event.handoff for event in happened if event.handoff)
    if not moved:
        return ""
    cards = cards_of(list(moved)[-MOST_PUSHED:], look.now)
    counts = numbers(look.workspace, look.now)
    counts["closed"] = sum(counts[name] for name in CLOSED)
    facts = {"look": look, "cards": cards, "counts": counts.items(), "facts": _facts(counts)}
    return render_to_string("dashboard/_board_news.html", facts)


HANDOFFS = Screen("handoffs", "Handoffs", "dashboard/handoffs.html", build)


async def handoffs(request: HttpRequest) -> HttpResponse:
    """Show the board."""
    return await show(request, HANDOFFS)
