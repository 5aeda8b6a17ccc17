"""Looking at who holds which files."""

from bus.directory import directory
from bus.identity import Caller
from handoffs import globs, paths
from handoffs.models import PathClaim
from handoffs.schemas.paths import Checked, Holder, PathsCheck, PathsChecked

__all__ = ["paths_check"]

SHOWN = 20


def paths_check(caller: Caller, order: PathsCheck) -> PathsChecked:
    """See which files are free, and who holds the others until when."""
    wanted = list(dict.fromkeys(globs.check(glob, "globs") for glob in order.globs))
    held = list(PathClaim.objects.in_force(caller.now).filter(workspace_id=caller.workspace.id).order_by("pk"))
    return PathsChecked(paths=[_checked(caller, glob, held) for glob in wanted])


def _checked(caller: Caller, glob: str, held: list[PathClaim]) -> Checked:
    meeting = [claim for claim in held if paths.meet(glob, claim.glob)]
    free = all(claim.agent_id == caller.agent.id for claim in meeting)
    return Checked(glob=glob, free=free, holders=[_holder(claim) for claim in meeting[:SHOWN]])


def _holder(claim: PathClaim) -> Holder:
    agent = directory.agent(claim.agent_id).name
    return Holder(agent=agent, glob=claim.glob, until=claim.until, reason=claim.reason or None)
