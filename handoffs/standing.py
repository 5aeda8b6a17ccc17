"""Finding a handoff for a caller, and refusing what its state does not allow."""

from bus.errors import Conflict, Forbidden, NotFound
from bus.identity import Caller
from handoffs import offers, pool, verification
from handoffs.models import Handoff, State

__all__ = ["NotOpen", "StaleEpoch", "find", "held", "may_see", "refuse_state"]


class StaleEpoch(Conflict):
    """Your claim is over."""

    code = "stale_epoch"
    hint = "Stop working on it. `handoff_claim` gives a new epoch if it is still to be had."


class NotOpen(Conflict):
    """The state of the handoff does not allow that."""

    code = "not_open"
    hint = "Read it with `handoff_get` and decide anew."


def find(caller: Caller, public_id: str) -> Handoff:
    """Return the handoff if the caller may see it, else raise `NotFound`."""
    handoff = Handoff.find(public_id, caller.workspace.id)
    if handoff is None or not may_see(caller, handoff):
        raise NotFound("There is no such handoff for you.", handoff=public_id)
    return handoff


def may_see(caller: Caller, handoff: Handoff) -> bool:
    """Say whether the caller sees the handoff: everybody, those who may claim it, or those it concerns."""
    me = caller.agent.id
    if (
        caller.is_operator
        or handoff.is_public
        or me in (handoff.creator_id, handoff.target_id, handoff.last_claimant_id)
    ):
        return True
    is_offered = not handoff.is_private or handoff.state_at(caller.now) == State.OPEN
    if is_offered and pool.is_eligible(caller.agent, handoff, caller.now):
        return True
    if handoff.state == State.VERIFYING and verification.may_verify(caller, handoff):
        return True
    return offers.is_shown(handoff, me)


def held(caller: Caller, public_id: str, epoch: int) -> Handoff:
    """Return the handoff that the caller claimed last with this epoch; what became of the claim is the caller's to ask."""
    handoff = find(caller, public_id)
    if epoch != handoff.epoch or handoff.last_claimant_id is None:
        raise stale(caller, handoff)
    if handoff.last_claimant_id != caller.agent.id:
        raise Forbidden("Another agent claimed it.", handoff=handoff.public_id)
    return handoff


def stale(caller: Caller, handoff: Handoff) -> StaleEpoch:
    """Return the refusal of a claim that is over."""
    state = handoff.state_at(caller.now)
    message = f"Your claim is over: the handoff is {state} with epoch {handoff.epoch}."
    return StaleEpoch(message, handoff=handoff.public_id, state=state, epoch=handoff.epoch)


def refuse_state(caller: Caller, handoff: Handoff, *allowed: State) -> None:
    """Raise `NotOpen` unless the handoff is in one of these states."""
    state = handoff.state_at(caller.now)
    if state not in allowed:
        raise NotOpen(f"The handoff is {state}.", handoff=handoff.public_id, state=state, epoch=handoff.epoch)
