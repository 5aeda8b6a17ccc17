"""The numbers beside the rail, its topics and the workspaces of the switcher; each capped, in a fixed number of queries."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from bus import knobs
from bus.models import Agent, Delivery, Topic, Workspace
from bus.models.people import INSTALLATION
from handoffs.models import HELD, LIVE, Handoff
from overview.queries.needs import needs_count

__all__ = ["Counts", "Place", "Thread", "counts", "places", "recent_topics"]

CAP = 1000
MOST_PLACES, MOST_TOPICS = 100, 3


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


@dataclass(frozen=True, slots=True)
class Thread:
    """A topic by its id and name."""

    id: str
    name: str


def counts(workspace: int | None, now: datetime) -> Counts:
    """Return unread mail of agents, live handoffs, agents here and handoffs in hand; None counts all workspaces."""
    unread = Delivery.objects.filter(_within(workspace), lane=Delivery.Lane.UNREAD)
    return Counts(
        unread=_capped(unread.exclude(recipient__kind=Agent.Kind.OPERATOR)),
        handoffs=_capped(Handoff.objects.by_state(workspace, LIVE)),
        present=_capped(_present(workspace, now)),
        held=_capped(Handoff.objects.by_state(workspace, HELD)),
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


def recent_topics(workspace: int | None) -> list[Thread]:
    """Return the three open topics of a workspace in which something was posted last; none where no one is chosen."""
    if workspace is None:
        return []
    newest = Topic.objects.filter(workspace_id=workspace, closed_at=None).order_by("-active_at", "-pk")
    return [Thread(*row) for row in newest.values_list("public_id", "name")[:MOST_TOPICS]]


def places() -> list[Place]:
    """Return the workspaces by name."""
    rows = Workspace.objects.exclude(public_id=INSTALLATION).order_by("alias", "pk")[:MOST_PLACES]
    return [Place(row.pk, row.alias or row.public_id, row.alias or "unnamed") for row in rows]
