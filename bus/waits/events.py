"""Waiting for events."""

from bus.events import newest_id
from bus.identity import Caller
from bus.queries.events import after, position
from bus.readers import readers
from bus.schemas.events import Events, EventWait
from bus.waits.until import until

__all__ = ["event_wait"]


async def event_wait(caller: Caller, order: EventWait) -> Events:
    """Wait for the next events that concern you after a cursor; empty, with a cursor to go on from, when time is over."""
    last = await readers.run(lambda: newest_id() if order.after is None else position(caller, order.after))
    return await until(
        caller,
        [f"workspace:{caller.workspace.id}"],
        lambda now: after(now, order, last),
        lambda found: bool(found.events),
        order.timeout_seconds,
    )
