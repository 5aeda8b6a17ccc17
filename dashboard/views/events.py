"""The page Events."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from dashboard.look import Look
from dashboard.screens import Screen, show

__all__ = ["events"]


def build(look: Look) -> dict[str, Any]:
    """Return what the page shows."""
    return {"facts": ""}


EVENTS = Screen("events", "Events", "dashboard/empty.html", build)


async def events(request: HttpRequest) -> HttpResponse:
    """Show the page."""
    return await show(request, EVENTS)
