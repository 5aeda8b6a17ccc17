"""What filters and forms offer: agents and capabilities of a workspace."""

from django.db.models import QuerySet

from bus.models import Agent, Capability

__all__ = ["agents", "capabilities"]

MOST = 200


def agents(workspace: int | None) -> list[str]:
    """Return the names of the agents of a workspace, None of all, that are not archived."""
    return list(_alive(workspace).order_by("name").values_list("name", flat=True)[:MOST])


def capabilities(workspace: int | None) -> list[str]:
    """Return what they can do, each word once."""
    words = Capability.objects.filter(agent__in=_alive(workspace)).order_by("name")
    return list(words.values_list("name", flat=True).distinct()[:MOST])


def _alive(workspace: int | None) -> QuerySet[Agent]:
    found = Agent.objects.filter(kind=Agent.Kind.AGENT, archived_at=None)
    return found if workspace is None else found.filter(memberships__workspace_id=workspace)
