"""What time does to handoffs when nobody calls: leases end, due times pass, fallbacks come in.

Claims check all of it themselves; a sweep writes it down, tells those concerned, and frees what is held. Each runs in the
writer lane and does at most 500.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bus.directory import directory
from bus.identity import Caller
from handoffs import endings
from handoffs.models import Handoff, HandoffQuerySet, State

__all__ = ["CHUNK", "end_leases", "expire", "fall_back", "next_due", "next_fallback", "next_lease_end"]

CHUNK = 500


def end_leases(caller: Caller) -> int:
    """End the claims whose lease is over; return how many."""
    return _each(caller, _claimed().filter(lease_until__lte=caller.now).order_by("lease_until"), _end_lease)


def expire(caller: Caller) -> int:
    """Close what was not done by its due time; return how many."""
    return _each(caller, _timed().filter(due_at__lte=caller.now).order_by("due_at"), endings.expire)


def fall_back(caller: Caller) -> int:
    """Offer to the fallback what the agent it was directed to has not claimed in time; return how many."""
    return _each(caller, _directed().filter(fallback_at__lte=caller.now).order_by("fallback_at"), endings.fall_back)


def next_lease_end() -> datetime | None:
    """Return when the next lease ends, or None."""
    return _claimed().order_by("lease_until").values_list("lease_until", flat=True).first()


def next_due() -> datetime | None:
    """Return the next due time, or None."""
    return _timed().order_by("due_at").values_list("due_at", flat=True).first()


def next_fallback() -> datetime | None:
    """Return when the next fallback comes in, or None."""
    return _directed().order_by("fallback_at").values_list("fallback_at", flat=True).first()


def _claimed() -> HandoffQuerySet:
    return Handoff.objects.filter(state=State.CLAIMED, lease_until__isnull=False)


def _timed() -> HandoffQuerySet:
    return Handoff.objects.filter(closed_at__isnull=True, due_at__isnull=False)


def _directed() -> HandoffQuerySet:
    return Handoff.objects.filter(state=State.OPEN, closed_at__isnull=True, fallback_at__isnull=False)


def _each(caller: Caller, rows: HandoffQuerySet, end: Callable[[Caller, Handoff], bool]) -> int:
    """Apply `end` to each row in its own workspace; return how many it changed."""
    return sum(end(_beside(caller, handoff), handoff) for handoff in list(rows[:CHUNK]))


def _beside(caller: Caller, handoff: Handoff) -> Caller:
    return replace(caller, workspace=directory.workspace_by_id(handoff.workspace_id))


def _end_lease(caller: Caller, handoff: Handoff) -> bool:
    """End the lease; what is also past its due time has expired."""
    if handoff.state_at(caller.now) == State.EXPIRED:
        return endings.expire(caller, handoff)
    return endings.end_lease(caller, handoff)
