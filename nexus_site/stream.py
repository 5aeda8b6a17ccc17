"""The log as server-sent events: the first byte at once, exact resume, and no memory of what was not sent yet.

Invariant: what follows a cursor is read from the log, page by page, when the client has taken the page before; the tail
only says when to look again.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, cast

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Header, Query
from pydantic_core import to_json

from bus import clock, cursors, door, presence
from bus.errors import Gone, Refusal
from bus.identity import Caller
from bus.queries.events import KIND
from bus.schemas.events import EventList, EventView
from bus.tail import tail
from nexus_site.rest.access import access

__all__ = ["stream"]

PAGE = 100
CHECK, BEAT = 1.0, 15
HELLO = b": nexus\nretry: 2000\n"
ALIVE = b": alive\n"  # no empty line: that would end an event


async def stream(
    request: HttpRequest,
    after: Annotated[str, Query(description="A `cursor`: events after it; default: from now on.")] = "",
    types: Annotated[str, Query(description="Types or nouns, comma-separated: `handoff,message.created`.")] = "",
    subjects: Annotated[str, Query(description="Ids or agent names, comma-separated.")] = "",
    last_event_id: Annotated[str, Header(alias="Last-Event-ID", description="The last `id:`; wins over `after`.")] = "",
) -> StreamingHttpResponse:
    """Follow the log as far as it concerns you: `event:` is the type, `id:` the cursor, `data:` the event.

    A reconnect with `Last-Event-ID` goes on exactly where it stopped, also after a restart of the server.
    """
    order = _order(last_event_id or after, types, subjects)
    response = StreamingHttpResponse(_frames(request, order), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    return response


def _order(after: str, types: str, subjects: str) -> EventList:
    """Return what to read, or refuse a cursor or filter that can never be right."""
    if after:
        cursors.decode(KIND, after)
    filters = {name: sent.split(",") for name, sent in (("types", types), ("subjects", subjects)) if sent}
    return cast("EventList", door.checked(door.find("event_list"), {**filters, "after": after or None, "limit": PAGE}))


async def _frames(request: HttpRequest, order: EventList) -> AsyncIterator[bytes]:
    """Yield frames until the client, its key or the server goes away."""
    yield HELLO
    caller: Caller = request.auth  # type: ignore[attr-defined]
    with tail.listening(f"workspace:{caller.workspace.id}") as woken, presence.connected(caller):
        if order.after is None:
            order.after = await _now(caller)
            yield _frame(id=order.after)
        while await _is_welcome(request):
            woken.clear()
            frames, order.after = await _read(replace(caller, now=clock.now()), order)
            for frame in frames:
                yield frame
            if len(frames) < PAGE and not await _is_woken(request, woken):
                yield ALIVE


async def _is_welcome(request: HttpRequest) -> bool:
    """Say whether the server goes on and the caller's key still opens it."""
    try:
        await access(request)
    except Refusal:
        return False
    return tail.is_running


async def _is_woken(request: HttpRequest, woken: asyncio.Event) -> bool:
    """Wait until there may be something to read or to end; False when nothing happened for long."""
    for _ in range(BEAT):
        try:
            async with asyncio.timeout(CHECK):  # wait_for may swallow the cancellation of a client that leaves
                await woken.wait()
        except TimeoutError:
            if await _is_welcome(request):
                continue
        return True
    return False


async def _read(caller: Caller, order: EventList) -> tuple[list[bytes], str]:
    """Return the next page as frames and the cursor behind it; where retention was faster, say so and go on from now."""
    try:
        page = await door.call("event_list", caller, order)
    except Gone as refusal:
        position = await _now(caller)
        return [_frame(event="gone", id=position, data=to_json(refusal.shape()).decode())], position
    return [_event(each) for each in page.events], page.cursor


async def _now(caller: Caller) -> str:
    return str((await door.call("event_cursor", caller, {})).cursor)


def _event(view: EventView) -> bytes:
    return _frame(event=view.type, id=view.cursor, data=view.model_dump_json(exclude_none=True))


def _frame(**fields: str) -> bytes:
    return ("".join(f"{name}: {value}\n" for name, value in fields.items()) + "\n").encode()
