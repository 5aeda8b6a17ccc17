"""Following the log for one client: page by page from its cursor, when it has taken the page before.

Invariant: nothing is kept of what a client has not taken yet; it is read from the log when its turn comes.
"""

from collections.abc import Mapping
from typing import Any, cast

from bus import cursors, door
from bus.errors import Gone
from bus.identity import Caller
from bus.queries.events import KIND
from bus.schemas.events import EventList, EventView
from bus.tail import tail

__all__ = ["PAGE", "Following"]

PAGE = 100


class Following:
    """A place in the log, and which events to read from there."""

    def __init__(self, after: str | None, filters: Mapping[str, Any]) -> None:
        """Check what is asked for; raises `InvalidInput` for a cursor or filter that can never be right."""
        if after:
            cursors.decode(KIND, after)
        asked = {**filters, "after": after or None, "limit": PAGE}
        self._order = cast("EventList", door.checked(door.find("event_list"), asked))

    @property
    def cursor(self) -> str:
        """Return the place in the log; none before `begin`."""
        return self._order.after or ""

    @property
    def behind(self) -> int:
        """Return how many events were committed, in all workspaces, since this place."""
        return max(0, tail.last - cursors.decode(KIND, self.cursor)[0])

    async def begin(self, caller: Caller) -> bool:
        """Start from now where no cursor was given; say whether that was so."""
        if self._order.after is not None:
            return False
        await self.skip(caller)
        return True

    async def skip(self, caller: Caller) -> None:
        """Go on from now."""
        self._order.after = str((await door.call("event_cursor", caller, {})).cursor)

    async def read(self, caller: Caller) -> list[EventView]:
        """Return the next page as the caller sees it; a full one has `PAGE` events.

        Raises `Gone` where retention was faster; the place is the end of the log then.
        """
        try:
            page = await door.call("event_list", caller, self._order)
        except Gone:
            await self.skip(caller)
            raise
        self._order.after = page.cursor
        found: list[EventView] = page.events
        return found
