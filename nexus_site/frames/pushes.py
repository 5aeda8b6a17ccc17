"""What a client is told unasked: mail that it can pull, and the events that it has chosen.

Invariant: a push is read from the tables when it is sent, at the client's pace, so that none is old and none waits in
memory. Who is more than `MOST_BEHIND` events late is told where to read on ("resync") and is followed from now.
"""

import asyncio
import contextlib

from bus import door, identity
from bus.errors import Busy, Gone
from bus.identity import Caller
from bus.schemas.inbox import Peeked, Waited
from bus.tail import tail
from nexus_site.following import PAGE, Following
from nexus_site.frames.connection import Connection, Ended, json
from nexus_site.frames.member import Member

__all__ = ["MOST_BEHIND", "Restarting", "tell_events", "tell_inbox"]

MOST_BEHIND = 1000
GATHER = 0.02


class Restarting(Busy):
    """The server stops or starts again."""

    hint = "Connect again; a subscription goes on with its last `cursor`."


async def tell_inbox(connection: Connection, member: Member) -> None:
    """Say what can be pulled, at once and whenever there is more; also notice the end of the key or the session."""
    shown: Peeked | None = None
    name = (await member.caller()).agent.name
    with tail.listening(f"agent:{name}") as woken:
        while tail.is_running:
            woken.clear()
            caller = await member.caller()
            if member.wants_inbox:
                found: Peeked = await door.call("inbox_peek", caller, {})
                if _is_news(shown, found):
                    told = Waited(messages=found.messages, waiting=found.waiting)
                    await connection.tell("inbox", told.json_text())
                shown = found
            await _rest(woken, caller)
            await asyncio.sleep(GATHER)
    raise Ended(Restarting())


async def _rest(woken: asyncio.Event, caller: Caller) -> None:
    """Wait until something may have happened, or the caller's key may be over."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(identity.look_again(caller)):
            await woken.wait()


def _is_news(shown: Peeked | None, found: Peeked) -> bool:
    """Say whether there is mail to pull that was not told of yet."""
    if shown is None:
        return bool(found.messages)
    known = {message.message for message in shown.messages}
    return found.waiting > shown.waiting or any(message.message not in known for message in found.messages)


async def tell_events(connection: Connection, member: Member, following: Following, workspace: int) -> None:
    """Send what is committed in a workspace, as far as the client may see it and has chosen it."""
    with tail.listening(f"workspace:{workspace}") as woken:
        while tail.is_running:
            woken.clear()
            if await _page(connection, member, following) < PAGE:
                await woken.wait()
                await asyncio.sleep(GATHER)


async def _page(connection: Connection, member: Member, following: Following) -> int:
    """Send the next page of events; return how many there were."""
    caller = await member.caller()
    if following.behind > MOST_BEHIND:
        await connection.tell("resync", json({"cursor": following.cursor}))
        await following.skip(caller)
    try:
        views = await following.read(caller)
    except Gone as refusal:
        await connection.tell("resync", json({"error": refusal.shape()["error"]}))
        return PAGE
    for view in views:
        await connection.tell("event", view.model_dump_json(exclude_none=True))
    return len(views)
