"""What the creator, the target or an operator may do about a handoff from outside of a claim."""

from bus import mail
from bus.errors import Forbidden
from bus.identity import Caller
from handoffs import endings, log, offers, paths, pool, standing, views
from handoffs.endings import Ending, Outcome
from handoffs.models import Handoff, State
from handoffs.operations.creating import note_times
from handoffs.schemas.answers import Reassigned, Standing
from handoffs.schemas.handoffs import HandoffCancel, HandoffReassign, HandoffReject, LeaseBreak

__all__ = ["handoff_cancel", "handoff_reassign", "handoff_reject", "lease_break"]


def handoff_reject(caller: Caller, order: HandoffReject) -> Standing:
    """Decline a handoff that is directed to you; its creator learns why."""
    handoff = standing.find(caller, order.handoff)
    if handoff.target_id != caller.agent.id or handoff.pool != pool.NOBODY:
        raise Forbidden(
            "Only the agent it is directed to can decline.", hint="Leave it to others.", handoff=order.handoff
        )
    standing.refuse_state(caller, handoff, State.OPEN)
    if handoff.has_lapsed(caller.now):
        endings.end_lease(caller, handoff, offers_again=False)
    endings.close(caller, handoff, Outcome(State.REJECTED, order.reason))
    return views.standing(handoff)


def handoff_cancel(caller: Caller, order: HandoffCancel) -> Standing:
    """Take a handoff back that you created, whoever has it."""
    handoff = _own(caller, order.handoff)
    standing.refuse_state(caller, handoff, State.OPEN, State.CLAIMED, State.VERIFYING)
    endings.close(caller, handoff, Outcome(State.CANCELLED, order.reason), told=[handoff.claimant_id])
    return views.standing(handoff)


def handoff_reassign(caller: Caller, order: HandoffReassign) -> Reassigned:
    """Give a handoff that you created to somebody else; a claim on it ends at once."""
    handoff = _own(caller, order.handoff)
    standing.refuse_state(caller, handoff, State.OPEN, State.CLAIMED)
    address = pool.address(caller, order.to)
    executor = handoff.claimant_id
    handoff.redirect(**address.columns(caller.now))
    log.record(caller, handoff, "handoff.reassigned", agent=address.name, reason=order.reason)
    paths.give_back(caller, handoff)
    mail.withdraw(caller, handoff.public_id, reason="reassigned")
    if handoff.is_private:
        offers.hide(handoff)
    offers.tell(caller, handoff, [executor], "Reassigned", order.reason)
    reached = offers.offer(caller, handoff)
    note_times(caller, handoff)
    told = views.told(address, reached)
    return Reassigned(handoff=handoff.public_id, state=str(handoff.state), epoch=handoff.epoch, **told)


def _own(caller: Caller, public_id: str) -> Handoff:
    """Return a handoff that the caller created; operators may act for every creator."""
    handoff = standing.find(caller, public_id)
    if not caller.is_operator and handoff.creator_id != caller.agent.id:
        raise Forbidden("Only its creator or an operator may do that.", handoff=public_id)
    return handoff


def lease_break(caller: Caller, order: LeaseBreak) -> Standing:
    """End the claim of an agent that does not come back; the handoff returns to the pool, and no attempt is counted."""
    handoff = standing.find(caller, order.handoff)
    standing.refuse_state(caller, handoff, State.CLAIMED)
    executor = handoff.claimant_id
    reason = order.reason or "ended by an operator"
    endings.let_go(caller, handoff, Ending("handoff.released", reason, counts=False))
    offers.tell(caller, handoff, [executor], "Your claim was ended", reason)
    return views.standing(handoff)
