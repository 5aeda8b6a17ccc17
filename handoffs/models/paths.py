"""Files of a workspace that one agent holds for itself."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from bus.models import Agent, Workspace
from handoffs.models.handoff import Handoff


class PathClaimQuerySet(models.QuerySet["PathClaim"]):
    """Named sets of path claims."""

    def in_force(self, now: datetime) -> "PathClaimQuerySet":
        """Return those that keep others out now."""
        return self.filter(Q(until=None) | Q(until__gt=now), released_at=None)

    def of(self, handoff: Handoff) -> "PathClaimQuerySet":
        """Return those that came with a handoff and were not given back."""
        return self.filter(handoff=handoff, released_at=None)

    def reserved(self) -> "PathClaimQuerySet":
        """Return those that are held without a handoff."""
        return self.filter(handoff=None, released_at=None)

    def reserved_by(self, agent: int, workspace: int) -> "PathClaimQuerySet":
        """Return what an agent has reserved in a workspace."""
        return self.reserved().filter(agent_id=agent, workspace_id=workspace)


class PathClaim(models.Model):
    """One glob held by one agent, by itself or together with a handoff."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="path_claims", db_index=False)
    glob = models.CharField(max_length=300)
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="path_claims", db_index=False)
    handoff = models.ForeignKey(Handoff, models.CASCADE, null=True, blank=True, related_name="path_claims")
    until = models.DateTimeField(null=True, blank=True, help_text="Empty while its handoff is verified.")
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True, blank=True)

    objects = PathClaimQuerySet.as_manager()

    class Meta:
        """Only a handoff holds files without an end."""

        constraints = (
            models.CheckConstraint(
                condition=Q(until__isnull=False) | Q(handoff__isnull=False), name="path_claim_without_handoff_ends"
            ),
        )
        indexes = (
            models.Index(fields=["workspace", "until"], name="path_claim_held", condition=Q(released_at__isnull=True)),
        )

    def __str__(self) -> str:
        """Return the glob."""
        return self.glob
