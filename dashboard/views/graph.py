"""What the graph's script asks for: the state now or then, the events after it, and the traffic of a stretch."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest, JsonResponse

from bus import cursors
from bus.errors import InvalidInput, Refusal
from bus.queries.events import KIND
from bus.readers import readers
from dashboard.look import EARLIEST, Look, look_at
from overview.queries.graph import graph_after, graph_at, graph_now, instant_of, moves, traffic
from overview.queries.graph.shapes import Graph, instant
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
    graph = _graph(look, look.caller.agent.name)
    return {**graph.json(), "cursor": cursors.encode(KIND, graph.position)}


def _graph(look: Look, me: str) -> Graph:
    """Return the graph after an event, at an instant, or now, which the future is too."""
    if after := look.query.get("after"):
        position = _position(after)
        return graph_after(look.workspace, position, instant_of(position) or EARLIEST, me)
    at = look.instant("at")
    if at is None or at >= look.now:
        return graph_now(look.workspace, look.now, me)
    return graph_at(look.workspace, at, me)


def _position(cursor: str) -> int:
    return cursors.decode(KIND, cursor)[0]


def _events(look: Look) -> Facts:
    after, most = look.query.get("after", ""), _limit(look)
    found = happened(look.workspace, _position(after), most + 1)
    shown = found[:most]
    cursor = shown[-1].cursor if shown else after
    return {"events": moves(look.workspace, shown), "cursor": cursor, "more": len(found) > most}


def _limit(look: Look) -> int:
    asked = look.number("limit") if look.query.get("limit") else MOST
    if asked is None or not 1 <= asked <= MOST:
        raise InvalidInput(f"`limit` takes 1 to {MOST}.", field="limit", limit=MOST)
    return asked


def _traffic(look: Look) -> Facts:
    until = min(look.instant("to") or look.now, look.now)
    since = look.instant("from")
    if since is not None and since >= until:
        raise InvalidInput("`from` is not before `to`.")
    return traffic(look.workspace, until, since).json()
