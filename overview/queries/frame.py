"""The numbers beside the rail and the workspaces of the switcher; each capped, in a fixed number of queries."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from bus import knobs
from bus.models import Agent, Delivery, Workspace
from bus.models.people import INSTALLATION
from handoffs.models import LIVE, Handoff
from overview.queries.needs import needs_count

__all__ = ["Counts", "Place", "counts", "places"]

CAP = 1000
MOST_PLACES = 100


@dataclass(frozen=True, slots=True)
class Counts:
    """What is going on: numbers stop at a thousand."""

    unread: int
    handoffs: int
    present: int
    held: int
    needs: int


@dataclass(frozen=True, slots=True)
class Place:
    """A workspace in the switcher; `name` is what URLs call it."""

    id: int
    name: str
    title: str


def counts(workspace: int | None, now: datetime) -> Counts:
    """Return unread mail of agents, live handoffs, agents here and handoffs in hand; None counts all workspaces."""
    live = Handoff.objects.filter(_within(workspace), state__in=LIVE)
    unread = Delivery.objects.filter(_within(workspace), lane=Delivery.Lane.UNREAD)
    return Counts(
        unread=_capped(unread.exclude(recipient__kind=Agent.Kind.OPERATOR)),
        handoffs=_capped(live),
        present=_capped(_present(workspace, now)),
        held=_capped(live.exclude(claimant=None)),
        needs=needs_count(workspace, now),
    )


def _within(workspace: int | None) -> Q:
    return Q() if workspace is None else Q(workspace_id=workspace)


def _capped(rows: QuerySet[Any]) -> int:
    return rows.order_by()[:CAP].count()


def _present(workspace: int | None, now: datetime) -> QuerySet[Any]:
    """Return the agents that were heard lately or hold a connection."""
    ago = now.timestamp() - knobs.get("presence_stale_after")
    heard = Q(last_seen_at__gt=datetime.fromtimestamp(ago, now.tzinfo)) | Q(connected_until__gt=now)
    agents = Agent.objects.filter(heard, kind=Agent.Kind.AGENT, archived_at=None)
    return agents if workspace is None else agents.filter(memberships__workspace_id=workspace)


def places() -> list[Place]:
    """Return the workspaces by name."""
    rows = Workspace.objects.exclude(public_id=INSTALLATION).order_by("alias", "pk")[:MOST_PLACES]
    return [Place(row.pk, row.alias or row.public_id, row.alias or "unnamed") for row in rows]
