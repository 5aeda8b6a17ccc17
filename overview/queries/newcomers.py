"""Who was enrolled and who has called already, for the first page of a new workspace."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from bus.models import Agent

__all__ = ["Newcomer", "anybody_called", "newcomers"]

MOST = 20


@dataclass(frozen=True, slots=True)
class Newcomer:
    """An agent, and when it was heard last; None before its first call."""

    name: str
    harness: str
    heard_at: datetime | None


def _agents(workspace: int | None) -> QuerySet[Any]:
    agents = Agent.objects.filter(kind=Agent.Kind.AGENT, archived_at=None)
    return agents if workspace is None else agents.filter(memberships__workspace_id=workspace)


def anybody_called(workspace: int | None) -> bool:
    """Say whether an agent of the workspace, or of any, has ever called."""
    return _agents(workspace).filter(last_seen_at__isnull=False).exists()


def newcomers(workspace: int | None) -> list[Newcomer]:
    """Return the agents that were enrolled last."""
    rows = _agents(workspace).order_by("-pk").values_list("name", "harness", "last_seen_at")[:MOST]
    return [Newcomer(*row) for row in rows]
