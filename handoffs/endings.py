"""How a claim ends, and how a handoff does: the same steps whether somebody asks, time runs out, or a sweep looks.

Invariant: each ending is one guarded UPDATE and its event; whoever comes second changes nothing and records nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bus import deadlines, mail
from bus.directory import directory
from bus.identity import Caller
from handoffs import log, offers, paths
from handoffs.models import Handoff, State

__all__ = ["DUE", "FALLBACKS", "LEASES", "Ending", "Outcome", "close", "end_lease", "expire", "fall_back", "let_go"]

REASON = 100
LEASES, DUE, FALLBACKS = "handoff_lease", "handoff_due", "handoff_fallback"


@dataclass(frozen=True)
class Outcome:
    """How a handoff closes."""

    state: State
    reason: str = ""
    result: Any = None
    error: Any = None


@dataclass(frozen=True)
class Ending:
    """How a claim ends without a result: the event that says so, why, and whether it was an attempt."""

    event: str
    reason: str
    counts: bool = True


LEASE_ENDED = Ending("handoff.lease_ended", "lease ended")


def close(caller: Caller, handoff: Handoff, outcome: Outcome, *, told: Iterable[int | None] = ()) -> bool:
    """Close the handoff; the creator and `told` learn of it. False when somebody else moved it first."""
    state = outcome.state.value
    if not handoff.close(state, caller.now, reason=outcome.reason, result=outcome.result, error=outcome.error):
        return False
    log.record(caller, handoff, f"handoff.{state}", reason=outcome.reason)
    _clear(caller, handoff, state)
    about = (outcome.reason, outcome.result, outcome.error)
    offers.tell(caller, handoff, [handoff.creator_id, *told], state.capitalize(), *about)
    return True


def expire(caller: Caller, handoff: Handoff) -> bool:
    """Close the handoff as its time is over."""
    outcome = Outcome(State.EXPIRED, "not done by its due time")
    return close(caller, handoff, outcome, told=[handoff.claimant_id])


def let_go(caller: Caller, handoff: Handoff, ending: Ending, *, offers_again: bool = True) -> bool:
    """End the claim without a result: it goes back to the pool, or has failed if that was the last attempt."""
    executor = handoff.claimant_id
    if ending.counts and handoff.is_last_attempt:
        return _exhaust(caller, handoff)
    if not handoff.reopen(attempts=handoff.attempts + ending.counts, reason=ending.reason):
        return False
    log.record(caller, handoff, ending.event, agent=_name(executor), reason=ending.reason)
    _clear(caller, handoff, ending.reason)
    if offers_again and not _falls_back(caller, handoff):
        offers.offer(caller, handoff, but=(executor,))
    return True


def end_lease(caller: Caller, handoff: Handoff, *, offers_again: bool = True) -> bool:
    """End a claim whose lease is over."""
    return let_go(caller, handoff, LEASE_ENDED, offers_again=offers_again)


def fall_back(caller: Caller, handoff: Handoff) -> bool:
    """Offer it to the fallback beside the agent it was directed to."""
    told = (handoff.target_id, handoff.last_claimant_id)
    if not handoff.fall_back():
        return False
    log.record(caller, handoff, "handoff.reassigned", reason="fallback")
    offers.offer(caller, handoff, but=told)
    return True


def _falls_back(caller: Caller, handoff: Handoff) -> bool:
    """Fall back if it is time to, else see to it that a sweep does."""
    if handoff.fallback_at is None:
        return False
    if handoff.fallback_at <= caller.now:
        return fall_back(caller, handoff)
    deadlines.note(FALLBACKS, handoff.fallback_at, caller.now)
    return False


def _exhaust(caller: Caller, handoff: Handoff) -> bool:
    executor, claims = handoff.claimant_id, handoff.attempts + 1
    reason = f"no result after {claims} {'claim' if claims == 1 else 'claims'}"
    if not handoff.exhaust(caller.now, reason):
        return False
    log.record(caller, handoff, "handoff.failed", agent=_name(executor), reason=reason)
    _clear(caller, handoff, reason)
    offers.tell(caller, handoff, [handoff.creator_id], "Failed", reason)
    return True


def _clear(caller: Caller, handoff: Handoff, reason: str) -> None:
    """Free its files and take what still offers it out of inboxes."""
    paths.give_back(caller, handoff)
    mail.withdraw(caller, handoff.public_id, reason=reason[:REASON])


def _name(agent: int | None) -> str:
    return directory.agent(agent).name if agent is not None else ""
