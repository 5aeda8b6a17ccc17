"""The page Compose."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from dashboard.look import Look
from dashboard.screens import Screen, show

__all__ = ["compose"]


def build(look: Look) -> dict[str, Any]:
    """Return what the page shows."""
    return {"facts": ""}


COMPOSE = Screen("compose", "Compose", "dashboard/empty.html", build)


async def compose(request: HttpRequest) -> HttpResponse:
    """Show the page."""
    return await show(request, COMPOSE)
