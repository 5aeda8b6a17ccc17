"""Who looks at the dashboard: every request and live socket can say which operator is behind it."""

from collections.abc import Awaitable, Callable
from functools import partial
from importlib import import_module
from io import BytesIO
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import async_only_middleware
from django.utils.functional import SimpleLazyObject

from bus.identity import Caller
from dashboard.live.socket import LiveSocket
from dashboard.look import ALL
from nexus_site.replies import Receive, Scope, Send
from nexus_site.rest.access import person

__all__ = ["PATH", "live_socket", "with_person"]

SURFACE = "dashboard"
PATH = "/ws/dashboard"
Answer = Callable[[HttpRequest], Awaitable[HttpResponse]]

_served: Any = LiveSocket.as_asgi()


@async_only_middleware
def with_person(get_response: Answer) -> Answer:
    """Give every request `nexus_caller`, which finds out who looks when a view asks."""

    async def answered(request: Any) -> HttpResponse:
        request.nexus_caller = partial(_caller, request)
        return await get_response(request)

    return answered


async def live_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a page's live socket; the same cookie and address decide as for pages, at first and later."""
    await _served({**scope, "nexus.caller": partial(_looker, scope)}, receive, send)


async def _looker(scope: Scope) -> Caller:
    """Return who is behind a live socket by now: a login may have ended."""
    request: Any = ASGIRequest({**scope, "type": "http", "method": "GET"}, BytesIO())
    store = import_module(settings.SESSION_ENGINE).SessionStore
    request.session = store(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    request.user = SimpleLazyObject(partial(get_user, request))
    return await _caller(request)


async def _caller(request: HttpRequest) -> Caller:
    workspace = request.GET.get("workspace", "")
    return await person(request, SURFACE, "" if workspace == ALL else workspace)
