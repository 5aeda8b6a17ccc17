"""How much each agent said, hour by hour: one look at where the hours begin, one count for all agents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db.models import OuterRef, Subquery

from bus import ids
from bus.models import Agent, Message, Workspace
from bus.queries.agents import Counted

__all__ = ["HOURS", "Hours", "hours", "said"]

HOURS = 24
AFTER_ALL = 2**62


@dataclass(frozen=True, slots=True)
class Hours:
    """The row number of the first message of each of the last 24 hours, oldest hour first."""

    starts: tuple[int, ...]

    @property
    def first(self) -> int:
        """Return the row number at which the oldest hour begins."""
        return self.starts[0]


def hours(now: datetime) -> Hours:
    """Find where the last 24 hours begin; message ids sort by time, so each is one step into an index."""
    moments = [now - timedelta(hours=HOURS - number) for number in range(HOURS)]
    firsts = [Message.objects.filter(public_id__gte=ids.since("msg", at)).order_by("public_id") for at in moments]
    row = Agent.objects.order_by("pk").values_list(*[Subquery(first.values("pk")[:1]) for first in firsts]).first()
    return Hours(tuple(AFTER_ALL if start is None else start for start in row or (None,) * HOURS))


def said(agents: Sequence[int], workspace: int | None, hours: Hours) -> dict[int, tuple[int, ...]]:
    """Return how many messages each agent sent in each of the hours."""
    # All workspaces are named too, as the index of senders has the workspace before the message.
    places: Any = [workspace] if workspace is not None else Workspace.objects.values("pk")
    sent = Message.objects.filter(sender_id=OuterRef("pk"), workspace_id__in=places)
    parts = [sent.filter(pk__gte=start, pk__lt=end) for start, end in pairwise((*hours.starts, AFTER_ALL))]
    counted = Agent.objects.filter(pk__in=agents).order_by()
    return {row[0]: row[1:] for row in counted.values_list("pk", *[Counted(part.values("pk")) for part in parts])}
