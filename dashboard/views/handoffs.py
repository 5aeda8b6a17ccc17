"""The page Handoffs."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from dashboard.look import Look
from dashboard.screens import Screen, show

__all__ = ["handoffs"]


def build(look: Look) -> dict[str, Any]:
    """Return what the page shows."""
    return {"facts": ""}


HANDOFFS = Screen("handoffs", "Handoffs", "dashboard/empty.html", build)


async def handoffs(request: HttpRequest) -> HttpResponse:
    """Show the page."""
    return await show(request, HANDOFFS)
