"""Waiting for the outcome of a handoff, or for something to claim."""

from itertools import islice

from bus.errors import InvalidInput
from bus.identity import Caller
from bus.waits.until import until
from handoffs import queue, standing, verification, views
from handoffs.models import CLOSED, State
from handoffs.queries.reading import claimable_items
from handoffs.schemas.answers import HandoffWaited
from handoffs.schemas.handoffs import HandoffWait

__all__ = ["handoff_wait"]

MOST = 20


async def handoff_wait(caller: Caller, order: HandoffWait) -> HandoffWaited:
    """Wait until a handoff is closed or wants your verdict; without `handoff`, until you can claim something."""
    if order.handoff is None:
        return await until(caller, [f"agent:{caller.agent.name}"], _claimable, _is_found, order.timeout_seconds)
    if order.available:
        hint = "Name a handoff, or leave it out and wait for anything."
        raise InvalidInput("`handoff` and `available` exclude each other.", hint=hint, field="available")
    named = order.handoff
    return await until(caller, [f"handoff:{named}"], lambda now: _outcome(now, named), _is_found, order.timeout_seconds)


def _claimable(caller: Caller) -> HandoffWaited:
    items = claimable_items(caller, list(islice(queue.claimable(caller), MOST)))
    return HandoffWaited(found=bool(items), available=items)


def _outcome(caller: Caller, public_id: str) -> HandoffWaited:
    handoff = standing.find(caller, public_id)
    state = handoff.state_at(caller.now)
    wants_me = state == State.VERIFYING and verification.may_verify(caller, handoff)
    return HandoffWaited(found=state in CLOSED or wants_me, handoff=views.view(caller, handoff))


def _is_found(waited: HandoffWaited) -> bool:
    return waited.found
