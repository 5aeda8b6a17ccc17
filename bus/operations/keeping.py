"""Keeping the data small."""

from bus import retention
from bus.identity import Caller
from bus.schemas.keeping import Pruned, RetentionRun

__all__ = ["retention_run"]


def retention_run(caller: Caller, order: RetentionRun) -> Pruned:
    """Delete what is older than the settings keep, in every workspace: one short step, so call again while `more` is true.

    Unread and parked mail and open handoffs are never deleted.
    """
    if order.dry_run:
        return Pruned(pruned=dict(+retention.count(caller)), more=False, dry_run=True)
    done = retention.step(caller)
    return Pruned(pruned=dict(+done.pruned), more=done.more)
