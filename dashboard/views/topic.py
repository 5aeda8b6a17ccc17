"""The page of one topic: its thread in pages, the search in it, its map, and posting to it as the operator."""

import secrets
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from bus import door
from bus.errors import NotFound, Refusal
from bus.identity import Caller
from bus.topics import NotJoined
from dashboard import acting, threads
from dashboard.look import Look, look_at
from dashboard.screens import Screen, show
from dashboard.views.topics import GONE, about, listed
from overview.queries.topics import Post, Row, hits, lengths, posts, rows_of, window

__all__ = ["post", "topic"]

KINDS = ("message", "question", "answer", "decision", "note")
SAID = ("body", "kind", "reply_to", "client_id")
CLIENT_ID = 12


def build(name: str, look: Look) -> dict[str, Any]:
    """Return a thread at the place that the URL asks for, beside the list."""
    found = rows_of([name], look.now)
    if not found:
        raise NotFound(GONE)
    row = found[0]
    text = look.text("q")
    at = hits(row.pk, row.posts, text) if text else []
    here = _place(look, at)
    shown = posts(row.pk, _window(look, row, here))
    known = about(look, row)
    return {
        **listed(look),
        **known,
        "lines": threads.items(shown, known["peers"], look.now.date()),
        "earlier": shown[0].seq if shown and shown[0].seq > 1 else None,
        "later": shown[-1].seq if shown and shown[-1].seq < row.posts else None,
        "last_seq": shown[-1].seq if shown else 0,
        "focus": here,
        "found": _found(text, at, here, row.posts),
        "hits": set(at),
        "map": threads.drawn(row.posts, lengths(row.pk, row.posts), at, known["peers"]),
        "answered": _answered(look, shown),
        "kinds": KINDS,
        "client_id": secrets.token_hex(CLIENT_ID),
        "where": "side",
    }


def _place(look: Look, at: list[int]) -> int | None:
    """Return the number of the post to begin at: that of the URL, else the newest that holds the text."""
    wanted = look.number("post")
    paged = look.number("before") is not None or look.number("after") is not None
    return wanted if wanted is not None or paged or not at else at[-1]


def _window(look: Look, row: Row, here: int | None) -> range:
    return window(row.posts, around=here, before=look.number("before"), after=look.number("after"))


def _found(text: str, at: list[int], here: int | None, latest: int) -> dict[str, Any]:
    """Return where a text was found, which of the places is shown, and the next and the one before it."""
    place = here if here is not None else latest
    upto = [seq for seq in at if seq <= place]
    return {
        "text": text,
        "count": len(at),
        "number": len(upto),
        "before": next((seq for seq in reversed(at) if seq < place), at[-1] if at else None),
        "next": next((seq for seq in at if seq > place), at[0] if at else None),
    }


def _answered(look: Look, shown: list[Post]) -> Post | None:
    """Return the post that the composer is to answer."""
    wanted = look.number("reply")
    return next((each for each in shown if each.seq == wanted), None)


async def topic(request: HttpRequest, name: str) -> HttpResponse:
    """Show a thread."""
    return await show(request, Screen("topics", "Topics", "dashboard/topic.html", partial(build, name)))


async def post(request: HttpRequest, name: str) -> HttpResponse:
    """Post to a topic as whoever looks, who takes part under their own name from then on."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        look = await look_at(request)
        answer = await _said(look.caller, name, request)
    except Refusal as refusal:
        return acting.refused(request, refusal)
    return acting.done(request, f"Posted as number {answer}")


async def _said(caller: Caller, name: str, request: HttpRequest) -> int:
    """Post, and count everything up to the post as read; return its number."""
    place = {"workspace": request.POST.get("workspace", ""), "topic": name}
    outgoing = {field: text for field in SAID if (text := request.POST.get(field, "").strip())}
    order = {**place, "outbox": [outgoing], "timeout_seconds": 0, "auto_advance": False, "limit": 1}
    try:
        answer = await door.call("topic_sync", caller, order)
    except NotJoined:
        await door.call("topic_join", caller, place)
        answer = await door.call("topic_sync", caller, order)
    number: int = answer.sent[0].seq
    await door.call("topic_cursor_reset", caller, {**place, "seq": number})
    return number
