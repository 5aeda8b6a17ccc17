"""What an agent has been told already: three positions in the order of messages, kept in the cursor that it sends back.

A reading of everything moves the first, one of what is urgent the second, one of what may wake the third: so a narrow
reading takes nothing away from the next whole one, and nothing is told twice.
"""

from bus import cursors
from bus.queries.news import Reading, Told
from overview.schemas.wake import Wake

__all__ = ["Seen", "reading_of"]

KIND = "wake"


class Seen(Told):
    """What an agent was told, as its cursor says it."""

    @classmethod
    def of(cls, cursor: str | None) -> "Seen":
        """Return what a cursor says; without one nothing was told."""
        return cls() if cursor is None else cls(*cursors.decode(KIND, cursor, 3))

    def cursor(self) -> str:
        """Return the cursor."""
        return cursors.encode(KIND, *self)

    def moved(self, order: Wake, newest: int) -> "Seen":
        """Return what is told after a reading of what the order asks for, up to the newest message."""
        if order.urgent or order.waking:
            return self._replace(**{name: newest for name in ("urgent", "waking") if getattr(order, name)})
        return self._replace(all=newest)


def reading_of(order: Wake) -> Reading:
    """Return what is asked for; both narrow readings at once ask for either, and whatever is urgent may wake."""
    if order.waking:
        return "waking"
    return "urgent" if order.urgent else "all"
