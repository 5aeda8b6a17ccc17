"""The agents of the graph."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q

from bus import presence
from bus.models import Agent, Capability, Membership
from overview.queries.graph.shapes import MOST_NODES, Node

__all__ = ["Tally", "nodes"]

WORDS = Prefetch("capabilities", Capability.objects.order_by("name"))


class Tally:
    """What is counted for each agent by name."""

    def __init__(self, unread: Mapping[str, int], held: Iterable[str | None]) -> None:
        """Count what each holds."""
        self.unread = Counter(unread)
        self.held = Counter(name for name in held if name)


def nodes(
    workspace: int | None, named: set[str], tally: Tally, now: datetime, known: Mapping[str, str] | None = None
) -> list[Node]:
    """Return the members of a workspace, and the operators who are `named`; `known` is their presence in the past."""
    agents = Agent.objects.filter(_shown(workspace, named, now, known)).prefetch_related(WORDS)
    return [_node(row, tally, now, known) for row in agents.order_by("name")[:MOST_NODES]]


def _shown(workspace: int | None, named: set[str], now: datetime, known: Mapping[str, str] | None) -> Q:
    joined = Membership.objects.filter(agent_id=OuterRef("pk"), joined_at__lte=now)
    if workspace is not None:
        joined = joined.filter(workspace_id=workspace)
    alive = Q(archived_at=None) if known is None else Q(archived_at=None) | Q(archived_at__gt=now)
    member = Q(Exists(joined), alive, kind=Agent.Kind.AGENT, created_at__lte=now)
    return member | Q(kind=Agent.Kind.OPERATOR, name__in=named)


def _node(row: Any, tally: Tally, now: datetime, known: Mapping[str, str] | None) -> Node:
    is_person = row.kind == Agent.Kind.OPERATOR
    here = presence.of(row.last_seen_at, row.connected_until, now) if known is None else known.get(row.name, "offline")
    return Node(
        name=row.name,
        kind=row.kind,
        harness=row.harness,
        role=row.role,
        presence="present" if is_person else here,
        seen_at=None if known is not None or is_person else row.last_seen_at,
        capabilities=[word.name for word in row.capabilities.all()],
        unread=0 if is_person else tally.unread[row.name],
        held=tally.held[row.name],
    )
