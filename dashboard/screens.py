"""A screen is one page of the rail: who may see it is decided here, its facts are built on a reader thread."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.http import urlencode

from bus.errors import Refusal, Unauthorized
from bus.readers import readers
from dashboard import frame, inspectors
from dashboard.look import Look, look_at

__all__ = ["Screen", "guarded", "page", "problem", "show"]

INSPECTOR = "aside#inspector"
LOGIN = "/admin/login/"


@dataclass(frozen=True, slots=True)
class Screen:
    """One page: its URL name, title, template and what builds the template's context."""

    name: str
    title: str
    template: str
    build: Callable[[Look], dict[str, Any]]


async def show(request: HttpRequest, screen: Screen) -> HttpResponse:
    """Answer a request for a screen, or for its inspector alone."""
    return await guarded(request, partial(_shown, request, screen))


async def guarded(request: HttpRequest, answer: Callable[[Look], HttpResponse]) -> HttpResponse:
    """Run `answer` on a reader thread for whoever may look; strangers go to the login, refusals become pages."""
    try:
        look = await look_at(request)
        found: HttpResponse = await readers.run(partial(answer, look))
    except Unauthorized:
        return redirect(f"{LOGIN}?{urlencode({'next': request.get_full_path()})}")
    except Refusal as refusal:
        found = await readers.run(partial(problem, request, refusal))
    found["Cache-Control"] = "no-store"
    return found


def problem(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Return a refusal as a page in plain words."""
    about = {"title": refusal.message.rstrip("."), "message": refusal.fix.replace("`", "") or "Go back and try again."}
    return HttpResponse(render_to_string("problem.html", about, request), status=refusal.status)


def page(request: HttpRequest, look: Look, screen: Screen) -> HttpResponse:
    """Return the whole page of a screen."""
    facts = screen.build(look)
    facts |= frame.context(look, screen.name, screen.title)
    facts |= {"look": look, "panel": inspectors.opened(request, look)}
    return HttpResponse(render_to_string(screen.template, facts, request))


def _shown(request: HttpRequest, screen: Screen, look: Look) -> HttpResponse:
    if request.headers.get("HX-Target") != INSPECTOR:
        return page(request, look, screen)
    facts = {"look": look, "panel": inspectors.opened(request, look)}
    return HttpResponse(render_to_string("dashboard/_inspector.html", facts, request))
