"""Judging a result: never by the one who made it."""

from datetime import timedelta
from typing import Any

from bus import deadlines, mail
from bus.errors import Forbidden
from bus.identity import Caller
from handoffs import endings, log, offers, paths, standing, verification, views
from handoffs.endings import Ending, Outcome
from handoffs.models import Handoff, State
from handoffs.schemas.answers import Standing
from handoffs.schemas.claims import HandoffVerify

__all__ = ["handoff_verify"]

FILES_TAKEN = Ending(
    "handoff.released", "the result came late and was not good, and others hold its files", counts=False
)


def handoff_verify(caller: Caller, order: HandoffVerify) -> Standing:
    """Say whether a result meets the acceptance criteria; on `fail` the executor goes on with your `feedback`."""
    handoff = standing.find(caller, order.handoff)
    if order.epoch != handoff.epoch:
        raise standing.stale(caller, handoff)
    standing.refuse_state(caller, handoff, State.VERIFYING)
    if not verification.may_verify(caller, handoff):
        raise _forbidden(caller, handoff)
    if order.verdict == "pass":
        _pass(caller, handoff, order.feedback)
    else:
        _fail(caller, handoff, order.feedback)
    return views.standing(handoff)


def _forbidden(caller: Caller, handoff: Handoff) -> Forbidden:
    details: dict[str, Any] = {"handoff": handoff.public_id, "verify_by": verification.described(handoff)}
    if caller.agent.id == handoff.last_claimant_id:
        return Forbidden("Who did the job never verifies it.", hint="Wait for the verdict.", **details)
    return Forbidden("You are not asked to verify this.", hint="`verify_by` says who is.", **details)


def _pass(caller: Caller, handoff: Handoff, feedback: str) -> None:
    executor = handoff.claimant_id
    log.record(caller, handoff, "handoff.verified", feedback=feedback)
    endings.close(caller, handoff, Outcome(State.COMPLETED, result=handoff.result), told=[executor])


def _fail(caller: Caller, handoff: Handoff, feedback: str) -> None:
    until = caller.now + timedelta(seconds=handoff.lease_seconds)
    executor = handoff.claimant_id
    handoff.resume(until, feedback)
    log.record(caller, handoff, "handoff.failed_verification", lease_until=log.instant(until), feedback=feedback)
    mail.withdraw(caller, handoff.public_id, reason="verified")
    if paths.take_again(caller, handoff):
        deadlines.note(endings.LEASES, until, caller.now)
        what = f"It is still yours, with epoch {handoff.epoch}; complete it again before {log.instant(until)}."
    else:
        endings.let_go(caller, handoff, FILES_TAKEN)
        what = (
            "Your lease had ended and others hold its files by now, so it is open again; claim it when they are free."
        )
    offers.tell(caller, handoff, [executor], "Not good yet", what, feedback)
