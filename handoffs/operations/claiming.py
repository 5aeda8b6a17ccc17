"""Taking a job: exactly one claim wins."""

import json
from datetime import timedelta
from itertools import islice
from typing import Any

from bus import deadlines, mail
from bus.directory import directory
from bus.errors import Conflict, Forbidden, NotFound
from bus.identity import Caller
from handoffs import endings, log, offers, paths, pool, queue, standing, views
from handoffs.models import Handoff, State
from handoffs.schemas.answers import Claimed
from handoffs.schemas.claims import HandoffClaim

__all__ = ["AlreadyClaimed", "handoff_claim"]

TAKEN, NO_PATHS = "taken", "[]"
LOOKED_AT = 200


class AlreadyClaimed(Conflict):
    """Another agent was faster."""

    code = "already_claimed"
    hint = "Take other work: `handoff_claim` without a handoff gives the best that is left."


def handoff_claim(caller: Caller, order: HandoffClaim) -> Claimed:
    """Take a handoff, or without `handoff` the best you can have; keep the `epoch`, complete before the lease ends.

    One claim wins, the others learn who has it; `claimed` is false when there is nothing for you.
    """
    if order.handoff is None:
        return _best(caller)
    handoff = Handoff.find(order.handoff, caller.workspace.id)
    if handoff is None or not pool.is_eligible(caller.agent, handoff, caller.now):
        raise _not_eligible(caller, order.handoff, handoff)
    return _take(caller, handoff)


def _best(caller: Caller) -> Claimed:
    """Take the first in the queue whose files nobody else holds, of the first 200."""
    held: list[paths.Held] | None = None
    for waiting in islice(queue.claimable(caller), LOOKED_AT):
        if waiting.paths != NO_PATHS and held is None:
            held = paths.held_beside(caller, caller.agent.id)
        if not held or paths.are_free(json.loads(waiting.paths), held):
            return _take(caller, standing.find(caller, waiting.public_id))
    return Claimed(claimed=False)


def _not_eligible(caller: Caller, public_id: str, handoff: Handoff | None) -> Forbidden | NotFound:
    if handoff is None or not standing.may_see(caller, handoff):
        return NotFound("There is no such handoff for you.", handoff=public_id)
    hint = "Only the agent it is directed to, or one that fits `to`, can claim it."
    return Forbidden("This handoff is for others.", hint=hint, handoff=public_id, to=handoff.to)


def _take(caller: Caller, handoff: Handoff) -> Claimed:
    if handoff.state_at(caller.now) in (State.CLAIMED, State.VERIFYING):
        raise already_claimed(caller, handoff)
    standing.refuse_state(caller, handoff, State.OPEN)
    paths.check(caller, handoff.paths)
    if handoff.has_lapsed(caller.now):
        endings.end_lease(caller, handoff, offers_again=False)
    until = caller.now + timedelta(seconds=handoff.lease_seconds)
    if not handoff.claim(caller.agent.id, until, caller.now):
        raise AlreadyClaimed(handoff=handoff.public_id)
    _settle(caller, handoff)
    return views.claimed(handoff)


def _settle(caller: Caller, handoff: Handoff) -> None:
    """Do what follows from a won claim."""
    me = caller.agent.id
    if me not in (handoff.creator_id, handoff.target_id):
        offers.show(handoff, [me])
    mail.withdraw(caller, handoff.public_id, but=me, reason=TAKEN)
    until = handoff.lease_until
    if until is not None:
        deadlines.note(endings.LEASES, until, caller.now)
        log.record(caller, handoff, "handoff.claimed", lease_until=log.instant(until))
    paths.take(caller, handoff)


def already_claimed(caller: Caller, handoff: Handoff) -> AlreadyClaimed:
    """Return the refusal that names the winner and when its lease ends."""
    winner = directory.agent(handoff.claimant_id or 0)
    details: dict[str, Any] = {"handoff": handoff.public_id, "claimant": winner.name, "state": str(handoff.state)}
    if handoff.lease_until is not None:
        details["lease_until"] = log.instant(handoff.lease_until)
    if winner.id == caller.agent.id:
        message, hint = "You have claimed it already.", "Go on with the epoch in `details`."
        return AlreadyClaimed(message, hint=hint, epoch=handoff.epoch, **details)
    end = f" until {details['lease_until']}" if handoff.lease_until else ", and its result is verified"
    return AlreadyClaimed(f"{winner.name} has claimed it{end}.", **details)
