"""REST calls straight to their views: a call with a key needs no session, CSRF, flash message or static file.

Invariant: an answer is the same whichever way it takes; Django's chain, which costs a thread and several hops a request,
serves what carries a login cookie.
"""

import asyncio
import logging
from contextlib import aclosing
from functools import lru_cache
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, StreamingHttpResponse
from django.urls import resolve

from bus.errors import Internal
from nexus_site.guard import App
from nexus_site.replies import Receive, Scope, Send
from nexus_site.rest.problems import NoRoute, refused

__all__ = ["direct"]

resolved = lru_cache(maxsize=1024)(resolve)
log = logging.getLogger(__name__)
PREFIX, PROBES = "/api/", ("/healthz", "/readyz")
PAGE = "/api/v1/docs"  # a page has a policy of its own, which Django's chain knows


def direct(django: App) -> App:
    """Return `django` with the calls taken out that need nothing of its chain; the guard has read their bodies."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_direct(scope):
            await django(scope, receive, send)
            return
        response = await _response(ASGIRequest(scope, BytesIO(scope["nexus.body"])))
        await send({"type": "http.response.start", "status": response.status_code, "headers": _headers(response)})
        if isinstance(response, StreamingHttpResponse):
            await _stream(response, receive, send)
        else:
            await send({"type": "http.response.body", "body": response.content})

    return app


def _is_direct(scope: Scope) -> bool:
    """Say whether it is a REST call without a login, or a probe."""
    path = scope["path"]
    if not (path.startswith(PREFIX) or path in PROBES) or path == PAGE:
        return False
    return settings.SESSION_COOKIE_NAME.encode() not in scope["nexus.headers"].get(b"cookie", b"")


async def _response(request: ASGIRequest) -> Any:
    try:
        match = resolved(request.path_info)
        request.resolver_match = match
        return await match.func(request, *match.args, **match.kwargs)
    except Http404:
        return refused(NoRoute())
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        return refused(Internal())


def _headers(response: Any) -> list[tuple[bytes, bytes]]:
    named = [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
    length = [] if response.streaming else [(b"content-length", b"%d" % len(response.content))]
    return [*named, *length]


async def _stream(response: StreamingHttpResponse, receive: Receive, send: Send) -> None:
    """Send a stream until it ends or the client goes away, and then end the stream."""
    tasks = {asyncio.create_task(_send_all(response, send)), asyncio.create_task(_left(receive))}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                log.error("a stream failed", exc_info=outcome)


async def _send_all(response: StreamingHttpResponse, send: Send) -> None:
    pieces: Any = aiter(response)
    async with aclosing(pieces):
        async for part in pieces:
            await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body"})


async def _left(receive: Receive) -> None:
    """Return when the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        continue
