"""What the graph's script asks for: the state now or then, the events after it, and the traffic of a stretch."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.http import HttpRequest, JsonResponse

from bus import cursors
from bus.errors import InvalidInput, Refusal
from bus.queries.events import KIND
from bus.readers import readers
from dashboard.look import Look, look_at
from overview.queries.graph import graph_at, graph_now, instant_of, moves, traffic
from overview.queries.graph.shapes import instant
from overview.queries.happened import happened

__all__ = ["events", "state", "state_of", "traffic_of"]

MOST = 500
Facts = dict[str, Any]


async def state(request: HttpRequest) -> JsonResponse:
    """Answer the graph now, or `?at=` an instant, or `?after=` a cursor."""
    return await _answered(request, state_of)


async def events(request: HttpRequest) -> JsonResponse:
    """Answer the events after a cursor, oldest first."""
    return await _answered(request, _events)


async def traffic_of(request: HttpRequest) -> JsonResponse:
    """Answer the bars of a stretch, the last hour unless told otherwise."""
    return await _answered(request, _traffic)


async def _answered(request: HttpRequest, build: Callable[[Look], Facts]) -> JsonResponse:
    try:
        look = await look_at(request)
        facts: Facts = await readers.run(partial(build, look))
    except Refusal as refusal:
        return JsonResponse(refusal.shape(), status=refusal.status)
    response = JsonResponse({**facts, "now": instant(look.now)})
    response["Cache-Control"] = "no-store"
    return response


def state_of(look: Look) -> Facts:
    """Return the graph that a URL asks for."""
    at, me = _wanted(look), look.caller.agent.name
    graph = graph_now(look.workspace, look.now, me) if at is None else graph_at(look.workspace, at, me)
    return {**graph.json(), "cursor": cursors.encode(KIND, graph.position)}


def _wanted(look: Look) -> datetime | None:
    """Return the instant that is asked for; the future is now."""
    if after := look.query.get("after"):
        return instant_of(cursors.decode(KIND, after)[0])
    at = _instant(look, "at")
    return None if at is None or at >= look.now else at


def _instant(look: Look, name: str) -> datetime | None:
    text = look.query.get(name)
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            f"`{name}` is no instant.", hint="Write it like 2026-01-31T14:06:41Z.", sent=text[:40]
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _events(look: Look) -> Facts:
    after = look.query.get("after", "")
    found = happened(look.workspace, cursors.decode(KIND, after)[0], MOST + 1)
    shown = found[:MOST]
    cursor = shown[-1].cursor if shown else after
    return {"events": moves(look.workspace, shown), "cursor": cursor, "more": len(found) > MOST}


def _traffic(look: Look) -> Facts:
    until = min(_instant(look, "to") or look.now, look.now)
    since = _instant(look, "from")
    if since is not None and since >= until:
        raise InvalidInput("`from` is not before `to`.")
    return traffic(look.workspace, until, since).json()
