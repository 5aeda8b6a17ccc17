"""The log as server-sent events: the first byte at once, exact resume, and no memory of what was not sent yet.

Invariant: what follows a cursor is read from the log, page by page, when the client has taken the page before; the tail
only says when to look again.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Annotated

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Header, Query
from pydantic_core import to_json

from bus import clock, openings, presence
from bus.errors import Gone, Refusal
from bus.gauges import gauges
from bus.identity import Caller
from bus.readers import readers
from bus.schemas.events import EventView
from bus.tail import tail
from nexus_site.following import PAGE, Following
from nexus_site.rest.access import access

__all__ = ["stream"]

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
    following = _following(last_event_id or after, types, subjects)
    frames = _frames(request, following, await readers.look(openings.most))
    hello = await anext(frames)  # counted from here on, while a refusal can still be the answer
    response = StreamingHttpResponse(_begun(hello, frames), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    return response


def _following(after: str, types: str, subjects: str) -> Following:
    """Return what to read, or refuse a cursor or filter that can never be right."""
    return Following(
        after, {name: sent.split(",") for name, sent in (("types", types), ("subjects", subjects)) if sent}
    )


async def _begun(hello: bytes, frames: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    """Yield the first frame and the others, and close what yields them whatever ends it."""
    async with aclosing(frames):
        yield hello
        async for frame in frames:
            yield frame


async def _frames(request: HttpRequest, following: Following, limit: int) -> AsyncGenerator[bytes, None]:
    """Yield frames until the client, its key or the server goes away."""
    caller: Caller = request.auth  # type: ignore[attr-defined]
    place = f"workspace:{caller.workspace.id}"
    with (
        openings.held(caller, limit),
        tail.listening(place) as woken,
        presence.connected(caller),
        gauges.holding("streams"),
    ):
        yield HELLO
        if await following.begin(caller):
            yield _frame(id=following.cursor)
        while await _is_welcome(request):
            woken.clear()
            frames = await _read(replace(caller, now=clock.now()), following)
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


async def _read(caller: Caller, following: Following) -> list[bytes]:
    """Return the next page as frames; where retention was faster, say so and go on from now."""
    try:
        return [_event(each) for each in await following.read(caller)]
    except Gone as refusal:
        return [_frame(event="gone", id=following.cursor, data=to_json(refusal.shape()).decode())]


def _event(view: EventView) -> bytes:
    return _frame(event=view.type, id=view.cursor, data=view.model_dump_json(exclude_none=True))


def _frame(**fields: str) -> bytes:
    return ("".join(f"{name}: {value}\n" for name, value in fields.items()) + "\n").encode()
