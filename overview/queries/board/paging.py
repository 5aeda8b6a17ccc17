"""In which order a column shows its cards, and where its next page begins: `value.row`, as URLs carry it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q

from handoffs.models import Handoff, HandoffQuerySet, State

__all__ = ["ORDERS", "Order"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MARK = re.compile(r"\d{1,17}\.\d{1,18}")


@dataclass(frozen=True, slots=True)
class Order:
    """A column to sort by, rows that are equal in it by their number; `falls` and `rows_fall` begin with the greatest."""

    field: str
    falls: bool = True
    rows_fall: bool = True

    def sorted(self, rows: HandoffQuerySet) -> HandoffQuerySet:
        """Return the rows in this order."""
        return rows.order_by("-" * self.falls + self.field, "-" * self.rows_fall + "pk")

    def after(self, rows: HandoffQuerySet, mark: str) -> HandoffQuerySet:
        """Return the rows behind a mark; one that is none begins at the first."""
        if not MARK.fullmatch(mark):
            return rows
        value, row = map(int, mark.split("."))
        at: Any = value if self.field == "priority" else EPOCH + value * MICROSECOND
        further = f"{self.field}__{'lt' if self.falls else 'gt'}"
        behind = Q(**{further: at}) | Q(**{f"pk__{'lt' if self.rows_fall else 'gt'}": row})
        return rows.filter(behind, **{f"{further}e": at})

    def mark(self, row: Handoff) -> str:
        """Return the mark of a row."""
        value = getattr(row, self.field)
        number = value if isinstance(value, int) else (value - EPOCH) // MICROSECOND
        return f"{number}.{row.pk}"


ENDED = Order("closed_at")
ORDERS = {
    State.OPEN.value: Order("priority", rows_fall=False),
    State.CLAIMED.value: Order("lease_until", falls=False, rows_fall=False),
    State.VERIFYING.value: Order("claimed_at"),
    State.COMPLETED.value: ENDED,
    State.REJECTED.value: ENDED,
    State.CANCELLED.value: ENDED,
    State.FAILED.value: ENDED,
    State.EXPIRED.value: ENDED,
}
