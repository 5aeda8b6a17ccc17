"""The page Settings."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from dashboard.look import Look
from dashboard.screens import Screen, show

__all__ = ["settings"]


def build(look: Look) -> dict[str, Any]:
    """Return what the page shows."""
    return {"facts": ""}


SETTINGS = Screen("settings", "Settings", "dashboard/empty.html", build)


async def settings(request: HttpRequest) -> HttpResponse:
    """Show the page."""
    return await show(request, SETTINGS)
