"""The page Live."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from dashboard.look import Look
from dashboard.screens import Screen, show

__all__ = ["live"]


def build(look: Look) -> dict[str, Any]:
    """Return what the page shows."""
    return {"facts": ""}


LIVE = Screen("live", "Live", "dashboard/empty.html", build)


async def live(request: HttpRequest) -> HttpResponse:
    """Show the page."""
    return await show(request, LIVE)
