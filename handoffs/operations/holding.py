"""Keeping a claim, and ending it with or without a result."""

from datetime import timedelta

from bus import deadlines, mail
from bus.identity import Caller
from handoffs import endings, log, offers, paths, standing, verification, views
from handoffs.endings import Ending, Outcome
from handoffs.models import Handoff, State
from handoffs.schemas.answers import Standing
from handoffs.schemas.claims import HandoffComplete, HandoffRelease, HandoffRenew

__all__ = ["handoff_complete", "handoff_release", "handoff_renew"]


def handoff_renew(caller: Caller, order: HandoffRenew) -> Standing:
    """Keep your claim for another lease; `note` shows the others how far you are."""
    handoff = _mine(caller, order.handoff, order.epoch)
    until = caller.now + timedelta(seconds=handoff.lease_seconds)
    handoff.renew(until, handoff.note if order.note is None else order.note)
    paths.keep(handoff)
    deadlines.note(endings.LEASES, until, caller.now)
    log.record(caller, handoff, "handoff.renewed", lease_until=log.instant(until), note=order.note or "")
    return views.standing(handoff)


def handoff_release(caller: Caller, order: HandoffRelease) -> Standing:
    """Give your claim back to the pool without a result; it counts as an attempt."""
    handoff = _mine(caller, order.handoff, order.epoch)
    endings.let_go(caller, handoff, Ending("handoff.released", order.reason or "released"))
    return views.standing(handoff)


def _mine(caller: Caller, public_id: str, epoch: int) -> Handoff:
    """Return the handoff that the caller holds now under this epoch."""
    handoff = standing.held(caller, public_id, epoch)
    if handoff.has_lapsed(caller.now) or handoff.state in (State.OPEN, State.FAILED):
        raise standing.stale(caller, handoff)
    standing.refuse_state(caller, handoff, State.CLAIMED)
    return handoff


def handoff_complete(caller: Caller, order: HandoffComplete) -> Standing:
    """Finish with a `result`, or an `error` if it failed; a result counts late too while nobody else has claimed it.

    With acceptance criteria the result is verified first.
    """
    if order.error is not None:
        handoff = _mine(caller, order.handoff, order.epoch)
        endings.close(caller, handoff, Outcome(State.FAILED, error=order.error))
        return views.standing(handoff)
    handoff = standing.held(caller, order.handoff, order.epoch)
    without_result = () if handoff.error is not None else (State.FAILED,)
    standing.refuse_state(caller, handoff, State.CLAIMED, State.OPEN, *without_result)
    if handoff.acceptance_criteria:
        _submit(caller, handoff, order.result)
    else:
        endings.close(caller, handoff, Outcome(State.COMPLETED, result=order.result))
    return views.standing(handoff)


def _submit(caller: Caller, handoff: Handoff, result: object) -> None:
    """Ask for a verdict; the lease pauses, and the files stay held unless it was over."""
    is_late = handoff.state_at(caller.now) != State.CLAIMED
    handoff.submit(result)
    if is_late:
        paths.give_back(caller, handoff)
    else:
        paths.keep(handoff)
    log.record(caller, handoff, "handoff.verifying")
    mail.withdraw(caller, handoff.public_id, reason="done")
    verifiers = verification.asked_agents(caller, handoff)
    offers.show(handoff, verifiers)
    criteria = "\n".join(f"- {each}" for each in handoff.acceptance_criteria)
    ask = f"Give your verdict with `handoff_verify` and epoch {handoff.epoch}. It is good if:\n{criteria}"
    offers.ask(caller, handoff, verifiers, "To verify", ask, result)
