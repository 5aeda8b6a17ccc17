"""The page Agents."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from dashboard.look import Look
from dashboard.screens import Screen, show

__all__ = ["agents"]


def build(look: Look) -> dict[str, Any]:
    """Return what the page shows."""
    return {"facts": ""}


AGENTS = Screen("agents", "Agents", "dashboard/empty.html", build)


async def agents(request: HttpRequest) -> HttpResponse:
    """Show the page."""
    return await show(request, AGENTS)
