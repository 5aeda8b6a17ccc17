"""The page Messages."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from dashboard.look import Look
from dashboard.screens import Screen, show

__all__ = ["messages"]


def build(look: Look) -> dict[str, Any]:
    """Return what the page shows."""
    return {"facts": ""}


MESSAGES = Screen("messages", "Messages", "dashboard/empty.html", build)


async def messages(request: HttpRequest) -> HttpResponse:
    """Show the page."""
    return await show(request, MESSAGES)
