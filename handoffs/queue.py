"""What an agent can claim now, the most urgent and oldest first."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from bus.identity import Caller
from bus.prepared import prepared
from handoffs import pool
from handoffs.models import Handoff

__all__ = ["CAP", "Waiting", "claimable", "claimable_count"]

CAP = 100
WAITING = prepared(
    lambda workspace, now: (
        Handoff.objects.waiting(now)
        .filter(workspace_id=workspace)
        .order_by("-priority", "pk")
        .values_list("pk", "priority", "public_id", "target_id", "pool", "fallback", "fallback_at")
    ),
    int,
    datetime,
)


class Waiting(NamedTuple):
    """What eligibility and order depend on."""

    pk: int
    priority: int
    public_id: str
    target_id: int | None
    pool: str
    fallback: str
    fallback_at: datetime | None

    @property
    def place(self) -> tuple[int, int]:
        """Return where it stands in the queue."""
        return (-self.priority, self.pk)


def claimable(caller: Caller) -> Iterator[Waiting]:
    """Yield what the caller may claim now."""
    for row in WAITING.rows(caller.workspace.id, caller.now):
        waiting = Waiting(*row)
        if pool.is_eligible(caller.agent, waiting, caller.now):
            yield waiting


def claimable_count(caller: Caller) -> int:
    """Return how much the caller may claim now, at most 100."""
    return sum(1 for _ in islice(claimable(caller), CAP))
