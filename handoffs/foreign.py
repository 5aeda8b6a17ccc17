"""Handoffs of another program: what they were, where they stand, and who may take those that are still open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bus import ids, knobs
from bus.errors import Refusal
from bus.foreign import Settling
from bus.identity import Caller
from handoffs import log, offers, pool
from handoffs.models import CLOSED, Handoff, State, Visibility
from handoffs.schemas.address import HandoffTo

__all__ = ["Job", "hand_over"]

ADDRESS: TypeAdapter[Any] = TypeAdapter(HandoffTo)
LONGEST, LONGEST_REASON = 200, 500


@dataclass(frozen=True, slots=True)
class Job:
    """A handoff as the other program kept it; `to` is the address in our words, `moved_at` when it came to its state."""

    id: str
    creator: str
    at: datetime
    title: str
    to: Any
    state: str
    moved_at: datetime
    body: str = ""
    payload: Any = None
    visibility: str = "eligible"
    claimant: str = ""
    lease_until: datetime | None = None
    result: Any = None
    reason: str = ""
    feedback: str = ""
    criteria: Sequence[str] = ()


def hand_over(settling: Settling, job: Job) -> None:
    """Plan a handoff and what became of it."""
    settling.at(job.at, _create, job)
    if job.state != State.OPEN:
        settling.at(max(job.moved_at, job.at), _move, job)


def _create(settling: Settling, job: Job) -> None:
    caller = settling.caller(job.at, job.creator)
    title = " ".join(job.title.split())[:LONGEST] or "No title"
    here = Handoff.objects.filter(workspace_id=settling.workspace.id, creator_id=caller.agent.id, title=title)
    if here.filter(created_at=job.at).exists():
        settling.report.known["handoffs"] += 1
        return
    try:
        address = pool.address(caller, ADDRESS.validate_python(job.to))
    except (Refusal, ValidationError):
        settling.report.skip("handoffs", "nobody here fits whom it is for")
        return
    handoff = Handoff.drafted(
        public_id=ids.new("hnd", caller.now),
        workspace_id=settling.workspace.id,
        creator_id=caller.agent.id,
        title=title,
        body=job.body,
        payload=job.payload,
        visibility=job.visibility if job.visibility in Visibility.values else Visibility.ELIGIBLE.value,
        state=State.OPEN.value,
        lease_seconds=knobs.get("handoff_lease_default"),
        max_attempts=knobs.get("handoff_attempts"),
        acceptance_criteria=list(job.criteria),
        paths=[],
        created_at=job.at,
        **address.columns(caller.now),
    )
    handoff.add()
    settling.ids[job.id] = handoff.public_id
    settling.report.brought["handoffs"] += 1
    log.record(caller, handoff, "handoff.created", agent=address.name, title=handoff.title)
    _show(caller, handoff, job)


def _show(caller: Caller, handoff: Handoff, job: Job) -> None:
    """Offer an open one anew, and let those concerned see any other."""
    if job.state == State.OPEN:
        offers.offer(caller, handoff, is_new=True)
    else:
        seeing = [handoff.creator_id, handoff.target_id]
        offers.show(handoff, [each for each in seeing if each is not None], is_new=True)


def _move(settling: Settling, job: Job) -> None:
    """Bring a handoff to its state; one that was brought before is left as it is by now."""
    if job.id not in settling.ids:
        return
    handoff = Handoff.find(settling.ids[job.id], settling.workspace.id)
    caller = settling.caller(job.moved_at, job.claimant or job.creator)
    if handoff is None:
        return
    if job.claimant and not _claim(settling, caller, handoff, job):
        return
    if job.state == State.VERIFYING:
        handoff.submit(job.result)
        log.record(caller, handoff, "handoff.verifying")
    elif job.state in CLOSED:
        handoff.close(job.state, caller.now, reason=job.reason[:LONGEST_REASON], result=job.result)
        log.record(caller, handoff, f"handoff.{job.state}", reason=job.reason)


def _claim(settling: Settling, caller: Caller, handoff: Handoff, job: Job) -> bool:
    """Let the claimant have it; False where it stays open, as the lease is over."""
    until = job.lease_until or caller.now
    if job.state == State.CLAIMED and until <= settling.operator.now:
        settling.report.change("handoffs", "open again, as the lease of whoever had it is over")
        offers.offer(settling.caller(job.moved_at, job.creator), handoff)
        return False
    handoff.claim(caller.agent.id, until, caller.now)
    offers.show(handoff, [caller.agent.id])
    log.record(caller, handoff, "handoff.claimed", lease_until=log.instant(until))
    return True
