"""The inspector: `?inspect=` on any URL opens any thing beside the page."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string

from bus.errors import NotFound, Refusal
from dashboard.look import Look

__all__ = ["Panel", "opened"]

# What a name in the URL begins with, and the view module whose `inspect` shows it.
OPENERS = {"msg_": "messages", "hnd_": "handoffs", "top_": "topics", "@": "agents", "evt_": "events"}


@dataclass(frozen=True, slots=True)
class Panel:
    """A template of the inspector and its context."""

    template: str
    context: dict[str, Any]


def opened(request: HttpRequest, look: Look) -> str:
    """Return the HTML of what the URL asks to inspect, or nothing; what is not there says so."""
    name = look.query.get("inspect", "")
    if not name:
        return ""
    try:
        panel = _opener(name)(look, name)
    except Refusal as refusal:
        panel = Panel("dashboard/inspect/missing.html", {"message": refusal.message})
    return render_to_string(panel.template, {**panel.context, "look": look}, request)


def _opener(name: str) -> Callable[[Look, str], Panel]:
    for prefix, module in OPENERS.items():
        if name.startswith(prefix):
            found: Callable[[Look, str], Panel] = import_module(f"dashboard.views.{module}").inspect
            return found
    raise NotFound("Nothing goes by that name.")
