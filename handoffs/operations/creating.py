"""Handing a job over."""

from datetime import datetime
from typing import Any

from bus import audience, deadlines, ids, knobs
from bus.errors import InvalidInput
from bus.identity import Caller
from handoffs import globs, log, offers, pool, views
from handoffs.endings import DUE, FALLBACKS
from handoffs.models import Handoff, State
from handoffs.pool import Address
from handoffs.schemas.answers import HandoffCreated
from handoffs.schemas.handoffs import HandoffCreate
from handoffs.verification import HUMAN

__all__ = ["handoff_create"]


def handoff_create(caller: Caller, order: HandoffCreate) -> HandoffCreated:
    """Give a job to one agent, or to whoever of several claims it first.

    They find it in their inbox; the outcome reaches yours.
    """
    address = pool.address(caller, order.to)
    handoff = _drafted(caller, order, address)
    handoff.add()
    log.record(caller, handoff, "handoff.created", agent=address.name, title=handoff.title)
    reached = offers.offer(caller, handoff, is_new=True)
    note_times(caller, handoff)
    return HandoffCreated(handoff=handoff.public_id, **views.told(address, reached))


def _drafted(caller: Caller, order: HandoffCreate, address: Address) -> Handoff:
    return Handoff.drafted(
        public_id=ids.new("hnd", caller.now),
        workspace_id=caller.workspace.id,
        creator_id=caller.agent.id,
        title=order.title,
        body=order.body,
        payload=order.payload,
        priority=order.priority,
        visibility=order.visibility,
        state=State.OPEN.value,
        due_at=_due(caller, order),
        lease_seconds=_lease(order.lease_seconds),
        max_attempts=order.max_attempts or knobs.get("handoff_attempts"),
        acceptance_criteria=order.acceptance_criteria or [],
        verify_by=_verifier(caller, order, address),
        paths=list(dict.fromkeys(globs.check(glob) for glob in order.paths or [])),
        created_at=caller.now,
        **address.columns(caller.now),
    )


def _lease(seconds: int | None) -> int:
    low, high = knobs.get("handoff_lease_min"), knobs.get("handoff_lease_max")
    if seconds is None:
        return min(max(knobs.get("handoff_lease_default"), low), high)
    if not low <= seconds <= high:
        message = f"`lease_seconds` takes {low} to {high} seconds, not {seconds}."
        raise InvalidInput(message, field="lease_seconds", low=low, high=high)
    return seconds


def _due(caller: Caller, order: HandoffCreate) -> datetime | None:
    due = order.due_at
    if due is not None and (due.tzinfo is None or due <= caller.now):
        raise InvalidInput("`due_at` must be a future time with a zone.", field="due_at", sent=due.isoformat())
    return due


def _verifier(caller: Caller, order: HandoffCreate, address: Address) -> Any:
    """Return `verify_by` as it is kept; it must be somebody else than who does the job."""
    wanted = order.verify_by
    if wanted is None:
        return None
    if not order.acceptance_criteria:
        hint = "Say what is verified: 1 to 20 `acceptance_criteria`."
        raise InvalidInput("`verify_by` needs `acceptance_criteria`.", hint=hint, field="verify_by")
    if not isinstance(wanted, str):
        return wanted.model_dump(exclude_none=True)
    if wanted == HUMAN:
        return HUMAN
    agent = audience.named(caller, wanted)
    if address.target == agent:
        raise InvalidInput("Who does the job never verifies it.", hint="Name another agent.", field="verify_by")
    return agent.name


def note_times(caller: Caller, handoff: Handoff) -> None:
    """See to it that sweeps look when its times come."""
    for kind, at in ((DUE, handoff.due_at), (FALLBACKS, handoff.fallback_at)):
        if at is not None:
            deadlines.note(kind, at, caller.now)
