"""The states of a handoff, and the sets that handoffs are found in."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F, Q

from bus.models import Workspace

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
HELD = (State.CLAIMED, State.VERIFYING)
CLOSED = (State.COMPLETED, State.FAILED, State.CANCELLED, State.REJECTED, State.EXPIRED)


class Visibility(models.TextChoices):
    """Who sees it beside the creator, the target, claimants and operators."""

    PUBLIC = "public"
    ELIGIBLE = "eligible"
    PRIVATE = "private"


class HandoffQuerySet(models.QuerySet["Handoff"]):
    """Named sets of handoffs."""

    def in_time(self, now: datetime) -> "HandoffQuerySet":
        """Return those that are not past their due time."""
        return self.filter(Q(due_at=None) | Q(due_at__gt=now))

    def waiting(self, now: datetime) -> "HandoffQuerySet":
        """Return those that are open and in time."""
        return self.in_time(now).filter(state=State.OPEN.value)

    def lapsed(self, now: datetime) -> "HandoffQuerySet":
        """Return those in time whose claim is over, as nobody has renewed it, and that may be claimed again."""
        may_again = Q(attempts__lt=F("max_attempts") - 1)
        return self.in_time(now).filter(may_again, state=State.CLAIMED.value, lease_until__lte=now)

    def by_state(self, workspace: int | None, states: Iterable[str]) -> "HandoffQuerySet":
        """Return those of a workspace, or of all, in one of these states, found in the index for one state after another.

        Asked for several at once, SQLite reads the whole table, as on average a state holds much of it. All workspaces are
        named too, as the index has the workspace before the state.
        """
        places: Any = Workspace.objects.values("pk") if workspace is None else [workspace]
        rows = self.model.objects.filter(workspace_id__in=places).order_by()
        first, *more = (rows.filter(state=state).values("pk") for state in states)
        return self.filter(pk__in=first.union(*more, all=True) if more else first)

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
