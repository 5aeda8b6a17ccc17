"""Everything that changes handoffs."""

from handoffs.operations.claiming import handoff_claim
from handoffs.operations.creating import handoff_create
from handoffs.operations.holding import handoff_complete, handoff_release, handoff_renew
from handoffs.operations.paths import paths_release, paths_reserve
from handoffs.operations.steering import handoff_cancel, handoff_reassign, handoff_reject, lease_break
from handoffs.operations.verifying import handoff_verify

__all__ = [
    "handoff_cancel",
    "handoff_claim",
    "handoff_complete",
    "handoff_create",
    "handoff_reassign",
    "handoff_reject",
    "handoff_release",
    "handoff_renew",
    "handoff_verify",
    "lease_break",
    "paths_release",
    "paths_reserve",
]
