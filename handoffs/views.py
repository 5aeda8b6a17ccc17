"""Handoffs as answers show them."""

from typing import Any

from bus.audience import Reached
from bus.directory import directory
from bus.identity import Caller
from bus.text import shorten
from handoffs import verification
from handoffs.models import Handoff, State
from handoffs.pool import Address
from handoffs.schemas.answers import Candidate, Claimed, HandoffBrief, HandoffView, Standing

__all__ = ["brief", "claimed", "item", "standing", "told", "view"]

ITEM_LIMIT, EXCERPT = 4 * 1024, 2_000
LARGE = ("payload", "acceptance_criteria", "feedback", "paths", "result", "error")


def view(caller: Caller, handoff: Handoff) -> HandoffView:
    """Return the handoff whole; payload and result are for those who gave it, did it or judge it."""
    is_near = caller.is_operator or caller.agent.id in (handoff.creator_id, handoff.last_claimant_id)
    judges = is_near or verification.may_verify(caller, handoff)
    state = handoff.state_at(caller.now)
    return HandoffView(
        handoff=handoff.public_id,
        title=handoff.title,
        state=state,
        priority=handoff.priority,
        from_=_name(handoff.creator_id) or "",
        to=handoff.to,
        epoch=handoff.epoch,
        attempts=handoff.attempts,
        max_attempts=handoff.max_attempts,
        visibility=handoff.visibility,
        claimant=_name(handoff.last_claimant_id) if state != State.OPEN else None,
        lease_until=handoff.lease_until if state == State.CLAIMED else None,
        note=handoff.note or None,
        body=handoff.body or None,
        payload=handoff.payload if is_near else None,
        acceptance_criteria=handoff.acceptance_criteria or None,
        verify_by=verification.described(handoff) if handoff.acceptance_criteria else None,
        feedback=handoff.feedback or None,
        paths=handoff.paths or None,
        reason=handoff.reason or None,
        result=handoff.result if judges else None,
        error=handoff.error if judges else None,
        created_at=handoff.created_at,
        claimed_at=handoff.claimed_at,
        due_at=handoff.due_at,
        closed_at=handoff.closed_at,
    )


def item(caller: Caller, handoff: Handoff) -> HandoffView:
    """Return the handoff for a list: one of over 4 KB loses its large parts and most of its body."""
    shown = view(caller, handoff)
    if len(shown.model_dump_json(exclude_none=True).encode()) <= ITEM_LIMIT:
        return shown
    body = shorten(shown.body, EXCERPT)[0] if shown.body else None
    return shown.model_copy(update={**dict.fromkeys(LARGE), "body": body, "truncated": True})


def claimed(handoff: Handoff) -> Claimed:
    """Return the handoff to its new claimant, whole."""
    return Claimed(
        claimed=True,
        handoff=handoff.public_id,
        epoch=handoff.epoch,
        lease_until=handoff.lease_until,
        lease_seconds=handoff.lease_seconds,
        title=handoff.title,
        body=handoff.body or None,
        payload=handoff.payload,
        acceptance_criteria=handoff.acceptance_criteria or None,
        paths=handoff.paths or None,
        from_=_name(handoff.creator_id),
        priority=handoff.priority,
        due_at=handoff.due_at,
        attempts=handoff.attempts,
        max_attempts=handoff.max_attempts,
        note=handoff.note or None,
        feedback=handoff.feedback or None,
        reason=handoff.reason or None,
    )


def standing(handoff: Handoff) -> Standing:
    """Return where the handoff stands after it was moved."""
    return Standing(
        handoff=handoff.public_id,
        state=str(handoff.state),
        epoch=handoff.epoch,
        attempts=handoff.attempts,
        lease_until=handoff.lease_until,
        verify_by=verification.described(handoff) if handoff.state == State.VERIFYING else None,
    )


def told(address: Address, reached: list[Reached]) -> dict[str, Any]:
    """Return who was told of it, and a warning where nobody takes it soon."""
    candidates = [Candidate(agent=each.agent.name, presence=each.presence) for each in reached]
    warning = None
    if not reached:
        warning = "Nobody who could take it is present now; it waits until somebody is."
    elif address.target and address.target.kind == "agent" and reached[0].presence == "offline":
        warning = f"{address.name} is offline and finds it when back."
    return {"eligible": candidates, "warning": warning}


def brief(handoff: Handoff) -> HandoffBrief:
    """Return the handoff in one line."""
    return HandoffBrief(
        handoff=handoff.public_id,
        title=handoff.title,
        state=str(handoff.state),
        creator=_name(handoff.creator_id) or "",
        claimant=_name(handoff.last_claimant_id),
        created_at=handoff.created_at,
    )


def _name(agent: int | None) -> str | None:
    return directory.agent(agent).name if agent is not None else None
