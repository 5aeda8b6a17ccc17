"""How much each agent said, hour by hour: one look at where the hours begin, one count for all agents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, Subquery, Value, When

from bus import ids
from bus.models import Agent, Message, Workspace

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
    where = Q(sender_id__in=agents, workspace_id__in=places, pk__gte=hours.first)
    newest_first = [When(pk__gte=start, then=Value(number)) for number, start in enumerate(hours.starts)][::-1]
    hour = Case(*newest_first, default=Value(0), output_field=IntegerField())
    counted = Message.objects.filter(where).order_by().values_list("sender_id", hour).annotate(sent=Count("pk"))
    found = {agent: [0] * HOURS for agent in agents}
    for agent, number, sent in counted:
        found[agent][number] = sent
    return {agent: tuple(counts) for agent, counts in found.items()}
