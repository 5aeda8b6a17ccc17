"""What an agent has been told already: three positions in the order of messages, kept in the cursor that it sends back.

A reading of everything moves the first, one of what is urgent the second, one of what may wake the third: so a narrow
reading takes nothing away from the next whole one, and nothing is told twice.
"""

from dataclasses import dataclass, replace

from bus import cursors
from bus.queries.news import News, is_urgent, may_wake
from overview.schemas.wake import Wake

__all__ = ["Seen", "fits"]

KIND = "wake"


@dataclass(frozen=True)
class Seen:
    """Up to which message an agent was told of everything, of what is urgent, and of what may wake it."""

    all: int = 0
    urgent: int = 0
    waking: int = 0

    @classmethod
    def of(cls, cursor: str | None) -> "Seen":
        """Return what a cursor says; without one nothing was told."""
        return cls() if cursor is None else cls(*cursors.decode(KIND, cursor, 3))

    def cursor(self) -> str:
        """Return the cursor."""
        return cursors.encode(KIND, self.all, self.urgent, self.waking)

    def moved(self, order: Wake, newest: int) -> "Seen":
        """Return what is told after a reading of what the order asks for, up to the newest message."""
        if order.urgent or order.waking:
            return replace(self, **{name: newest for name in ("urgent", "waking") if getattr(order, name)})
        return replace(self, all=newest)

    def is_new(self, row: News) -> bool:
        """Say whether a message was told in no reading so far."""
        told = row.message <= self.all
        told |= row.message <= self.urgent and is_urgent(row)
        return not (told or (row.message <= self.waking and may_wake(row)))


def fits(order: Wake, row: News) -> bool:
    """Say whether a message is what the order asks for; both narrow readings at once ask for either."""
    if not (order.urgent or order.waking):
        return True
    return (order.urgent and is_urgent(row)) or (order.waking and may_wake(row))
