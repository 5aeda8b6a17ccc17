"""The page Search, which is a palette over any page with JavaScript: everything that holds some words, kind by kind."""

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from bus import cursors
from dashboard.look import Look
from dashboard.screens import Screen, guarded, page
from overview.queries.finding.everything import Asked, Group, somebody, threads
from overview.queries.finding.looking import START, Place

__all__ = ["search"]

KINDS = {"handoff": "Handoffs", "message": "Messages", "topic": "Topics"}
AGENTS, FEW, MANY = 5, 5, 20
PALETTE = "div#palette-found"
CURSOR = "found"


def build(look: Look, few: bool = False) -> dict[str, Any]:
    """Return what holds the words of the URL: agents and topics by name, then texts, kind by kind."""
    text = look.text("q")
    chosen = look.query.get("kind", "")
    kinds = [chosen] if chosen in KINDS else list(KINDS)
    asked = Asked(look.caller, text, look.workspace is None)
    groups = asked.groups(kinds, FEW if few else MANY, _place(look)) if text else []
    people = somebody(look.workspace, text, AGENTS) if text and not chosen else []
    named = (
        threads(look.workspace, text, AGENTS)
        if text and chosen in ("", "topic") and not look.query.get("after")
        else []
    )
    return {
        "facts": "",
        "text": text,
        "chosen": chosen,
        "kinds": KINDS.items(),
        "people": people,
        "threads": named,
        "groups": [_group(each, few) for each in groups if each.found or (chosen and each.older)],
        "phrases": asked.phrases,
        "count": len(people) + len(named) + sum(len(each.found) for each in groups),
    }


def _group(group: Group, few: bool) -> dict[str, Any]:
    older = cursors.encode(CURSOR, *group.older) if group.older and not few else ""
    return {
        "kind": group.kind,
        "title": KINDS[group.kind],
        "found": group.found,
        "more": bool(group.older),
        "older": older,
    }


def _place(look: Look) -> Place:
    after = look.query.get("after", "")
    return cursors.decode(CURSOR, after, len(START)) if after else START


SEARCH = Screen("search", "Search", "dashboard/search.html", build)


async def search(request: HttpRequest) -> HttpResponse:
    """Show the page, or the results alone in the palette."""
    return await guarded(request, partial(_shown, request))


def _shown(request: HttpRequest, look: Look) -> HttpResponse:
    if request.headers.get("HX-Target") != PALETTE:
        return page(request, look, SEARCH)
    facts = {**build(look, few=True), "look": look, "is_palette": True}
    return HttpResponse(render_to_string("dashboard/_found.html", facts, request))
