"""The sections of Settings: each has a URL, and Health has its figures alone for the page that refreshes them."""

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse

from bus import door, retention
from bus.errors import Refusal
from bus.gauges import gauges
from dashboard import acting, moments
from dashboard.look import Look, look_at
from dashboard.screens import Screen, guarded, show
from dashboard.views.settings import about, knobs
from dashboard.views.settings.numbers import numbers
from overview.queries.health import home
from overview.queries.me import version

__all__ = ["SECTIONS", "figures", "section", "settings"]

NAME, TITLE = "settings", "Settings"
PUT, OK = "setting_put", 200
SECTIONS = (
    ("", "Health"),
    ("presence", "Presence and leases"),
    ("limits", "Limits"),
    ("retention", "Retention"),
    ("backup", "Backup"),
    ("about", "About"),
)
LEADS = {
    "presence": "When an agent counts as quiet or gone, and how long mail, jobs and files are held.",
    "limits": "How often something is tried before Nexus gives up on it.",
    "retention": "How long things are kept. Unread mail and open handoffs never go.",
    "backup": "A checked copy of the whole database, made while everybody goes on working.",
}


def _base(look: Look, slug: str) -> dict[str, Any]:
    """Return what every section shows."""
    return {
        "facts": f"Nexus {version()}, up {_up(look.now)}",
        "sections": SECTIONS,
        "slug": slug,
        "lead": LEADS.get(slug, ""),
        "heading": dict(SECTIONS)[slug],
    }


def _up(now: datetime) -> str:
    """Return for how long the server has run."""
    minutes = int((now - gauges.started).total_seconds() // 60)
    return f"{minutes} min" if minutes < 60 else moments.left(minutes * 60)


def build_health(look: Look) -> dict[str, Any]:
    """Return how the server is."""
    return _base(look, "") | numbers(look.now)


def build_knobs(slug: str, look: Look, refused: knobs.Refused | None = None) -> dict[str, Any]:
    """Return the knobs of a section, and what else is in it."""
    found = _base(look, slug) | {"rows": knobs.rows(look, slug, refused)}
    if slug == "retention" and look.query.get("dry"):
        found["due"] = [(name, count) for name, count in retention.count(look.caller).items() if count]
        found["is_dry"] = True
    if slug == "backup":
        found["backups"] = door.run("backup_list", look.caller, {}).backups
    return found


def build_about(look: Look) -> dict[str, Any]:
    """Return what this is and where things are."""
    return _base(look, "about") | about.facts() | {"home": home()}


HEALTH = Screen(NAME, TITLE, "dashboard/settings/health.html", build_health)
SCREENS = {
    **{
        slug: Screen(NAME, TITLE, f"dashboard/settings/{slug}.html", partial(build_knobs, slug))
        for slug in ("presence", "limits", "retention", "backup")
    },
    "about": Screen(NAME, TITLE, "dashboard/settings/about.html", build_about),
}


async def settings(request: HttpRequest) -> HttpResponse:
    """Show how the server is."""
    return await show(request, HEALTH)


async def section(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one section."""
    if slug not in SCREENS:
        raise Http404
    if request.method == "POST":
        return await _turned(request, slug)
    return await show(request, SCREENS[slug])


async def _turned(request: HttpRequest, slug: str) -> HttpResponse:
    """Store a knob; without JavaScript a refusal comes back on the page, beside its field."""
    if request.headers.get("HX-Request") == "true":
        return await acting.act(request, PUT)
    try:
        look = await look_at(request)
        await door.call(PUT, look.caller, acting.fields(request, PUT))
    except Refusal as refusal:
        typed = request.POST.get("name", ""), request.POST.get("value", ""), acting.refusal_words(refusal)
        again = replace(SCREENS[slug], build=partial(build_knobs, slug, refused=knobs.Refused(*typed)))
        answer = await show(request, again)
        answer.status_code = refusal.status if answer.status_code == OK else answer.status_code
        return answer
    messages.success(request, "Setting saved")
    return redirect(request.get_full_path())


async def figures(request: HttpRequest) -> HttpResponse:
    """Answer the figures of Health alone."""
    return await guarded(request, partial(_figures, request))


def _figures(request: HttpRequest, look: Look) -> HttpResponse:
    there = replace(look, path=reverse("settings"))
    facts = numbers(look.now) | {"look": there}
    return HttpResponse(render_to_string("dashboard/settings/_figures.html", facts, request))
