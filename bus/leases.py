"""When the time of a delivery is over: a lease ends, a message expires. Pulls and sweeps both come here.

Invariant: each ending is one UPDATE guarded by the lane and instant that were read, and its event; whoever comes second
changes no row and records nothing.
"""

from datetime import datetime
from typing import NamedTuple

from bus import events, knobs
from bus.identity import Caller
from bus.models import Delivery
from bus.prepared import prepared

__all__ = ["EXPIRY", "LEASES", "end_over", "expire_over", "next_end", "next_expiry"]

LEASES, EXPIRY = "delivery_lease", "message_expiry"
CHUNK = 500
LEASE_ENDED = "lease ended"
EXPIRED = "expired"

UNREAD, DELIVERED = Delivery.Lane.UNREAD.value, Delivery.Lane.DELIVERED.value
COLUMNS = ("pk", "workspace_id", "message__public_id", "recipient__name", "attempt")

OVER = prepared(
    lambda now: (
        Delivery.objects.filter(lane=DELIVERED, lease_until__lte=now).order_by("lease_until").values_list(*COLUMNS)
    ),
    datetime,
)
OVER_FOR = prepared(
    lambda agent, workspace, now: (
        Delivery.objects.filter(recipient_id=agent, workspace_id=workspace, lane=DELIVERED, lease_until__lte=now)
        .order_by("lease_until")
        .values_list(*COLUMNS)
    ),
    int,
    int,
    datetime,
)
RETURN = prepared(
    lambda row, now: (
        Delivery.objects.filter(pk=row, lane=DELIVERED, lease_until__lte=now),
        {"lane": UNREAD, "lease_until": None},
    ),
    int,
    datetime,
)
PARK = prepared(
    lambda row, now, ended, reason: (
        Delivery.objects.filter(pk=row, lane=DELIVERED, lease_until__lte=now),
        {"lane": Delivery.Lane.PARKED.value, "lease_until": None, "ended_at": ended, "reason": reason},
    ),
    int,
    datetime,
    datetime,
    str,
)
PAST = prepared(
    lambda now: Delivery.objects.filter(lane=UNREAD, expires_at__lte=now).order_by("expires_at").values_list(*COLUMNS),
    datetime,
)
EXPIRE = prepared(
    lambda row, ended: (
        Delivery.objects.filter(pk=row, lane=UNREAD),
        {"lane": Delivery.Lane.EXPIRED.value, "ended_at": ended, "reason": EXPIRED},
    ),
    int,
    datetime,
)


class Over(NamedTuple):
    """A delivery whose time is over."""

    row: int
    workspace: int
    message: str
    recipient: str
    attempt: int

    def record(self, caller: Caller, type_: str, **payload: str | int) -> None:
        """Record what became of it in the log of its workspace."""
        events.record(caller, type_, payload, message=self.message, agent=self.recipient, workspace=self.workspace)


def end_over(caller: Caller, agent_id: int | None = None, limit: int = CHUNK) -> int:
    """End at most `limit` leases that are over, of one recipient in the caller's workspace or of all; return how many.

    A message goes back to unread, or is parked when that was its last attempt.
    """
    if agent_id is None:
        rows = OVER.rows(caller.now, most=limit)
    else:
        rows = OVER_FOR.rows(agent_id, caller.workspace.id, caller.now, most=limit)
    return sum(_end(caller, Over(*row)) for row in rows)


def _end(caller: Caller, over: Over) -> bool:
    if over.attempt >= knobs.get("inbox_attempts"):
        return _park(caller, over)
    if not RETURN.run(over.row, caller.now):
        return False
    over.record(caller, "delivery.returned", reason=LEASE_ENDED)
    return True


def _park(caller: Caller, over: Over) -> bool:
    attempts = "attempt" if over.attempt == 1 else "attempts"
    reason = f"no ack after {over.attempt} {attempts}"
    if not PARK.run(over.row, caller.now, caller.now, reason):
        return False
    over.record(caller, "delivery.parked", reason=reason, attempt=over.attempt)
    return True


def expire_over(caller: Caller, limit: int = CHUNK) -> int:
    """Expire at most `limit` unread deliveries whose `expires_at` has come; return how many."""
    return sum(_expire(caller, Over(*row)) for row in PAST.rows(caller.now, most=limit))


def _expire(caller: Caller, over: Over) -> bool:
    if not EXPIRE.run(over.row, caller.now):
        return False
    over.record(caller, "delivery.expired", reason=EXPIRED)
    return True


def next_end() -> datetime | None:
    """Return when the next lease ends, or None."""
    leased = Delivery.objects.filter(lane=DELIVERED)
    return leased.order_by("lease_until").values_list("lease_until", flat=True).first()


def next_expiry() -> datetime | None:
    """Return when the next unread delivery expires, or None."""
    mortal = Delivery.objects.filter(lane=UNREAD, expires_at__isnull=False)
    return mortal.order_by("expires_at").values_list("expires_at", flat=True).first()
