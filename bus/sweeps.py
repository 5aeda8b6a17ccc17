"""Sweeps: what is over is tidied and recorded. Calls check expiry themselves, so nothing depends on a sweep being prompt.

A sweep may run anywhere and twice at once: each change is guarded by the state it ends, so it happens and is recorded once.
"""

from datetime import datetime
from functools import partial

from bus import checkpoints, deadlines, door, idempotency, identity, leases, people, presence, retention
from bus.identity import Caller
from bus.models import Deadline, Key

__all__ = ["KEYS", "PRESENCE", "all_kinds", "run", "tidy"]

PRESENCE, KEYS = "presence", people.KEY_EXPIRY
CHUNK = 500


def run(kind: str) -> int:
    """Do all work of one kind that is due, in short steps, and note when there is more; return how many changes."""
    work = deadlines.sweeps()[kind].work
    total = 0
    while changed := door.sweep(identity.system(), work):
        total += changed
    door.sweep(identity.system(), lambda caller: _move(caller, kind))
    return total


def _move(caller: Caller, kind: str) -> int:
    """Set the deadline anew, unless it is still to come: whoever noted it counts on its standing until then."""
    if not Deadline.objects.filter(kind=kind, at__gt=caller.now).exists():
        deadlines.move(kind)
    return 0


def all_kinds() -> dict[str, int]:
    """Run every kind of sweep once; return the number of changes by kind."""
    return {kind: run(kind) for kind in deadlines.sweeps()}


def tidy() -> int:
    """Write the checkpoints that are due and forget old answers; return how many rows that took."""
    total = 0
    while found := checkpoints.due():
        for workspace, seq in found:
            checkpoint = checkpoints.make(identity.system(), workspace, seq)
            door.run_work(partial(checkpoints.write, checkpoint))
        total += len(found)
    while forgotten := door.sweep(identity.system(), _forget):
        total += forgotten
    return total


def _forget(caller: Caller) -> int:
    return idempotency.forget(caller.now - retention.ANSWERS_KEPT, retention.ANSWER_CHUNK)


def expire_keys(caller: Caller) -> int:
    """Revoke keys whose time is over, and close their sessions; they have opened nothing since then."""
    over = (
        Key.objects.filter(revoked_at=None, expires_at__lte=caller.now).order_by("expires_at").select_related("agent")
    )
    return sum(people.revoke_keys(caller, key.agent, Key.objects.filter(pk=key.pk))[0] for key in over[:CHUNK])


def next_key_expiry() -> datetime | None:
    """Return when the next key expires, or None."""
    mortal = Key.objects.filter(revoked_at=None, expires_at__isnull=False)
    return mortal.order_by("expires_at").values_list("expires_at", flat=True).first()


deadlines.register(leases.LEASES, leases.end_over, leases.next_end)
deadlines.register(leases.EXPIRY, leases.expire_over, leases.next_expiry)
deadlines.register(PRESENCE, presence.sweep, presence.next_change)
deadlines.register(KEYS, expire_keys, next_key_expiry)
