"""Files that an agent holds by itself, without a handoff, until a time.

Invariant: a reservation is a row while it is held and no row afterwards; whoever deletes it records `paths.released`. Past
its time it keeps nobody out, swept or not.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from bus import deadlines, events
from bus.directory import directory
from bus.fold import Entry
from bus.identity import Caller
from handoffs import log
from handoffs.models import PathClaim
from handoffs.sweeps import CHUNK

__all__ = ["KIND", "actual", "end", "fold", "forget", "next_end", "reserve"]

KIND = "path_reservation"
READ = 2000


def reserve(caller: Caller, globs: list[str], until: datetime, reason: str) -> datetime:
    """Hold the globs until then, or as long as the caller has reserved them already; return when the first ends."""
    own = PathClaim.objects.reserved_by(caller.agent.id, caller.workspace.id)
    known = {glob: end or until for glob, end in own.filter(glob__in=globs).values_list("glob", "until")}
    by_end: dict[datetime, list[str]] = defaultdict(list)
    for glob in globs:
        by_end[max(until, known.get(glob, until))].append(glob)
    for end, part in by_end.items():
        own.filter(glob__in=part).update(until=end, reason=reason)
        _add(caller, [glob for glob in part if glob not in known], end, reason)
        said = {"reason": reason} if reason else {}
        _record(caller, "paths.reserved", caller.agent.id, globs=part, until=log.instant(end), **said)
    first = min(by_end)
    deadlines.note(KIND, first, caller.now)
    return first


def _add(caller: Caller, globs: list[str], until: datetime, reason: str) -> None:
    PathClaim.objects.bulk_create(
        PathClaim(
            workspace_id=caller.workspace.id,
            glob=glob,
            agent_id=caller.agent.id,
            until=until,
            reason=reason,
            created_at=caller.now,
        )
        for glob in globs
    )


def forget(caller: Caller, claims: Iterable[PathClaim], **why: Any) -> None:
    """Delete reservations of the caller's workspace, and record it by holder."""
    by_holder: dict[int, list[PathClaim]] = defaultdict(list)
    for claim in claims:
        by_holder[claim.agent_id].append(claim)
    for agent, held in by_holder.items():
        PathClaim.objects.filter(pk__in=[claim.pk for claim in held]).delete()
        _record(caller, "paths.released", agent, globs=[claim.glob for claim in held], **why)


def _record(caller: Caller, type_: str, agent: int, **payload: Any) -> None:
    events.record(caller, type_, payload, agent=directory.agent(agent).name, public=True)


def end(caller: Caller) -> int:
    """End the reservations whose time is over; return how many."""
    by_workspace: dict[int, list[PathClaim]] = defaultdict(list)
    for claim in PathClaim.objects.reserved().filter(until__lte=caller.now).order_by("until", "pk")[:CHUNK]:
        by_workspace[claim.workspace_id].append(claim)
    for workspace, claims in by_workspace.items():
        there = replace(caller, workspace=directory.workspace_by_id(workspace))
        forget(there, claims, reason="time is over")
    return sum(map(len, by_workspace.values()))


def next_end() -> datetime | None:
    """Return when the next reservation ends, or None."""
    return PathClaim.objects.reserved().order_by("until").values_list("until", flat=True).first()


def fold(state: dict[str, dict[str, str]], event: Entry) -> None:
    """Apply an event `paths.…` to what is reserved by agent and glob; those of a handoff are no reservations."""
    if event.handoff:
        return
    held = state.setdefault(event.agent, {})
    for glob in event.payload["globs"]:
        if event.type == "paths.reserved":
            held[glob] = event.payload["until"]
        else:
            held.pop(glob, None)
    if not held:
        del state[event.agent]


def actual(workspace: int) -> dict[str, dict[str, str]]:
    """Return the same from the tables."""
    state: dict[str, dict[str, str]] = {}
    rows = PathClaim.objects.reserved().filter(workspace_id=workspace, until__isnull=False)
    for agent, glob, until in rows.values_list("agent__name", "glob", "until").iterator(READ):
        if until is not None:
            state.setdefault(agent, {})[glob] = log.instant(until)
    return state
