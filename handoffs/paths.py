"""Files that come with a claim: nobody else gets an overlapping glob until the claim ends."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from bus.directory import directory
from bus.errors import Conflict
from bus.identity import Caller
from bus.prepared import insert, prepared
from handoffs import globs, log
from handoffs.models import Handoff, PathClaim

__all__ = ["Held", "PathTaken", "are_free", "check", "give_back", "held_beside", "keep", "meet", "take", "take_again"]

Held = tuple[str, int, datetime | None]
HELD = prepared(
    lambda workspace, now, agent: (
        PathClaim.objects.in_force(now)
        .filter(workspace_id=workspace)
        .exclude(agent_id=agent)
        .order_by("pk")
        .values_list("glob", "agent_id", "until")
    ),
    int,
    datetime,
    int,
)
INSERT = insert(PathClaim, "workspace", "glob", "agent", "handoff", "until", "reason", "created_at", "released_at")
WILD = "*?"


class PathTaken(Conflict):
    """Another agent holds some of these files."""

    code = "path_taken"
    hint = "Take other work, or wait until the holder is done."


def check(caller: Caller, wanted: list[str]) -> None:
    """Raise `PathTaken` when another agent holds a glob that overlaps; own ones are no obstacle."""
    for glob, held, agent, until in _meeting(wanted, held_beside(caller, caller.agent.id) if wanted else []):
        raise _taken(glob, held, directory.agent(agent).name, until)


def held_beside(caller: Caller, agent: int) -> list[Held]:
    """Return what others than `agent` hold now in the caller's workspace: glob, holder, until when; one statement."""
    return HELD.rows(caller.workspace.id, caller.now, agent)


def are_free(wanted: Sequence[str], held: Sequence[Held]) -> bool:
    """Say whether no held glob overlaps a wanted one."""
    return next(_meeting(wanted, held), None) is None


def _meeting(wanted: Sequence[str], held: Sequence[Held]) -> Iterator[tuple[str, str, int, datetime | None]]:
    """Yield each wanted glob with one that is held and overlaps, its holder, and until when."""
    for other, agent, until in held:
        for glob in wanted:
            if meet(glob, other):
                yield glob, other, agent, until


def meet(a: str, b: str) -> bool:
    """Say whether some path matches both globs."""
    return _may_meet(a, b) and _compared(a, b)


@lru_cache(maxsize=16_384)
def _compared(a: str, b: str) -> bool:
    """Walk both globs; whoever asks again, as agents do while they wait, is answered without another walk."""
    return globs.overlap(a, b)


def _may_meet(a: str, b: str) -> bool:
    """Say cheaply whether two globs begin alike, up to the first wildcard, and end alike, from the last one on."""
    (head, tail), (other_head, other_tail) = _fixed(a), _fixed(b)
    begin_alike = head.startswith(other_head) or other_head.startswith(head)
    return begin_alike and (tail.endswith(other_tail) or other_tail.endswith(tail))


@lru_cache(maxsize=4096)
def _fixed(glob: str) -> tuple[str, str]:
    """Return what stands before the first wildcard and after the last; `**` may mean nothing, so without its slash."""
    first = min((place for place in map(glob.find, WILD) if place >= 0), default=len(glob))
    last = max(map(glob.rfind, WILD))
    return glob[:first].rstrip("/"), glob[last + 1 :].lstrip("/")


def _taken(glob: str, held: str, agent: str, until: datetime | None) -> PathTaken:
    details: dict[str, Any] = {"until": log.instant(until)} if until else {}
    end = f" until {details['until']}" if until else " while it is verified"
    return PathTaken(
        f"{agent} holds {held!r}{end}, which overlaps {glob!r}.", agent=agent, glob=held, wanted=glob, **details
    )


def take(caller: Caller, handoff: Handoff) -> None:
    """Hold the handoff's globs for its claimant as long as the lease lasts."""
    if not handoff.paths:
        return
    INSERT.many(
        (handoff.workspace_id, glob, handoff.claimant_id, handoff.pk, handoff.lease_until, "", caller.now, None)
        for glob in handoff.paths
    )
    until = log.instant(handoff.lease_until) if handoff.lease_until else ""
    log.record(caller, handoff, "paths.reserved", globs=handoff.paths, until=until)


def keep(handoff: Handoff) -> bool:
    """Hold them as long as the lease lasts now, or without an end while there is no lease; False if none are held."""
    return bool(handoff.paths and PathClaim.objects.of(handoff).update(until=handoff.lease_until))


def take_again(caller: Caller, handoff: Handoff) -> bool:
    """Hold them for the claimant's new lease; False if they were given back and another agent holds some by now."""
    if keep(handoff):
        return True
    claimant = handoff.claimant_id
    if handoff.paths and claimant is not None and not are_free(handoff.paths, held_beside(caller, claimant)):
        return False
    take(caller, handoff)
    return True


def give_back(caller: Caller, handoff: Handoff) -> None:
    """Let others have them."""
    if handoff.paths and PathClaim.objects.of(handoff).update(released_at=caller.now):
        log.record(caller, handoff, "paths.released", globs=handoff.paths)
