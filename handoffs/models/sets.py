"""The states of a handoff, and the sets that handoffs are found in."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q

if TYPE_CHECKING:
    from handoffs.models.handoff import Handoff  # noqa: F401


class State(models.TextChoices):
    """Where a handoff is."""

    OPEN = "open"
    CLAIMED = "claimed"
    VERIFYING = "verifying"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"


LIVE = (State.OPEN, State.CLAIMED, State.VERIFYING)
CLOSED = (State.COMPLETED, State.FAILED, State.CANCELLED, State.REJECTED, State.EXPIRED)


class Visibility(models.TextChoices):
    """Who sees it beside the creator, the target, claimants and operators."""

    PUBLIC = "public"
    ELIGIBLE = "eligible"
    PRIVATE = "private"


class HandoffQuerySet(models.QuerySet["Handoff"]):
    """Named sets of handoffs."""

    def waiting(self, now: datetime) -> "HandoffQuerySet":
        """Return those that nobody holds, also where a lease is over; what is past its time is not among them."""
        lapsed = Q(state=State.CLAIMED.value, lease_until__lte=now, attempts__lt=F("max_attempts") - 1)
        in_time = Q(due_at=None) | Q(due_at__gt=now)
        indexed = Q(state__in=[State.OPEN.value, State.CLAIMED.value])
        return self.filter(indexed, Q(state=State.OPEN.value) | lapsed, in_time)

    def in_states(self, states: Iterable[str], now: datetime) -> "HandoffQuerySet":
        """Return those in one of these states; a claim whose lease is over counts as what comes of it."""
        wanted = set(states)
        over = Q(state=State.CLAIMED, lease_until__lte=now)
        is_last = Q(attempts__gte=F("max_attempts") - 1)
        found = Q(state__in=wanted - {State.CLAIMED})
        if State.CLAIMED in wanted:
            found |= Q(state=State.CLAIMED, lease_until__gt=now)
        if State.OPEN in wanted:
            found |= over & ~is_last
        if State.FAILED in wanted:
            found |= over & is_last
        indexed = wanted | ({State.CLAIMED} if wanted & {State.OPEN, State.FAILED} else set())
        return self.filter(found, state__in=indexed)

    def concerning(self, agent: int) -> "HandoffQuerySet":
        """Return those that an agent created, was named for, or claimed last."""
        return self.filter(concerns(agent))

    def between(self, a: int, b: int) -> "HandoffQuerySet":
        """Return those that one of two agents created and the other was named for or claimed."""
        taken = Q(creator=a) & (Q(target=b) | Q(last_claimant=b))
        return self.filter(taken | Q(creator=b) & (Q(target=a) | Q(last_claimant=a)))


def concerns(agent: int) -> Q:
    """Match what an agent created, was named for, or claimed last."""
    return Q(creator=agent) | Q(target=agent) | Q(last_claimant=agent)
