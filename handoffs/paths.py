"""Files that come with a claim: nobody else gets an overlapping glob until the claim ends."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bus.directory import directory
from bus.errors import Conflict
from bus.identity import Caller
from bus.prepared import insert, prepared
from handoffs import globs, log
from handoffs.models import Handoff, PathClaim

__all__ = ["PathTaken", "are_free", "check", "give_back", "keep", "take"]

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
    for glob, held, agent, until in _meeting(caller, wanted):
        raise _taken(glob, held, directory.agent(agent).name, until)


def are_free(caller: Caller, wanted: list[str]) -> bool:
    """Say whether nobody else holds a glob that overlaps."""
    return next(_meeting(caller, wanted), None) is None


def _meeting(caller: Caller, wanted: list[str]) -> Iterator[tuple[str, str, int, datetime | None]]:
    """Yield each wanted glob with one that another agent holds and that overlaps, its holder, and until when."""
    for held, agent, until in HELD.rows(caller.workspace.id, caller.now, caller.agent.id) if wanted else ():
        for glob in wanted:
            if _may_meet(glob, held) and globs.overlap(glob, held):
                yield glob, held, agent, until


def _may_meet(a: str, b: str) -> bool:
    """Say cheaply whether two globs begin alike, up to the first wildcard."""
    first, second = _fixed(a), _fixed(b)
    return first.startswith(second) or second.startswith(first)


def _fixed(glob: str) -> str:
    end = min((place for place in map(glob.find, WILD) if place >= 0), default=len(glob))
    return glob[:end].rstrip("/")


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


def keep(handoff: Handoff) -> None:
    """Hold them as long as the lease lasts now; without an end while there is no lease."""
    if handoff.paths:
        PathClaim.objects.of(handoff).update(until=handoff.lease_until)


def give_back(caller: Caller, handoff: Handoff) -> None:
    """Let others have them."""
    if handoff.paths and PathClaim.objects.of(handoff).update(released_at=caller.now):
        log.record(caller, handoff, "paths.released", globs=handoff.paths)
