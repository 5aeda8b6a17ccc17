"""Holding files without a handoff."""

from datetime import timedelta

from bus import knobs
from bus.errors import Conflict, InvalidInput
from bus.identity import Caller
from handoffs import globs, paths, reservations
from handoffs.models import PathClaim
from handoffs.schemas.paths import PathsRelease, PathsReserve, Released, Reserved

__all__ = ["paths_release", "paths_reserve"]

DEFAULT, LONGEST, HELD = 3600, 86_400, 200


class TooManyPaths(Conflict):
    """You hold as many path globs as one agent may."""

    code = "too_many_paths"
    hint = "Release some with `paths_release`, or hold a folder above them."


def paths_reserve(caller: Caller, order: PathsReserve) -> Reserved:
    """Hold files for yourself without a handoff; repeat it to hold them longer. An overlap with another's is refused."""
    wanted = list(dict.fromkeys(globs.check(glob, "globs") for glob in order.globs))
    until = caller.now + timedelta(seconds=_ttl(order.ttl))
    paths.check(caller, wanted)
    _refuse_too_many(caller, wanted)
    return Reserved(globs=wanted, until=reservations.reserve(caller, wanted, until, order.reason))


def _ttl(asked: int | None) -> int:
    low = knobs.get("path_lease_min")
    seconds = max(DEFAULT, low) if asked is None else asked
    if not low <= seconds <= LONGEST:
        raise InvalidInput(
            f"`ttl` is {low} to {LONGEST} s, not {seconds}.",
            hint="Repeat `paths_reserve` to hold them longer.",
            field="ttl",
            low=low,
            high=LONGEST,
        )
    return seconds


def _refuse_too_many(caller: Caller, wanted: list[str]) -> None:
    mine = PathClaim.objects.reserved_by(caller.agent.id, caller.workspace.id)
    held = mine.in_force(caller.now).exclude(glob__in=wanted).count()
    if held + len(wanted) > HELD:
        raise TooManyPaths(f"You hold {held} other path globs; at most {HELD} are allowed.", held=held, limit=HELD)


def paths_release(caller: Caller, order: PathsRelease) -> Released:
    """Give back files that you reserved: those you name, or all. What came with a claim ends with the claim."""
    mine = PathClaim.objects.reserved_by(caller.agent.id, caller.workspace.id).order_by("pk")
    named = None if order.globs is None else {globs.check(glob, "globs") for glob in order.globs}
    claims = list(mine if named is None else mine.filter(glob__in=named))
    reservations.forget(caller, claims)
    released = [claim.glob for claim in claims]
    return Released(released=released, not_held=sorted((named or set()).difference(released)))
