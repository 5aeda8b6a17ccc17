"""Waiting for mail."""

from bus.identity import Caller
from bus.queries.inbox import inbox_peek
from bus.schemas.inbox import InboxPeek, InboxWait, Waited
from bus.waits.until import until

__all__ = ["inbox_wait"]


async def inbox_wait(caller: Caller, order: InboxWait) -> Waited:
    """Wait until you have mail to pull; answers at once when there is some, with an empty list when the time is over."""
    found = await until(
        caller,
        [f"agent:{caller.agent.name}"],
        lambda now: inbox_peek(now, InboxPeek()),
        lambda peeked: bool(peeked.messages),
        order.timeout_seconds,
    )
    return Waited(messages=found.messages, waiting=found.waiting)
