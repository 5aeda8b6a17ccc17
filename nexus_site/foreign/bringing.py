"""Another program's database brought into a workspace: in one transaction, so whole or, as a dry run, not at all."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from bus import door, identity, people, places
from bus.directory import WorkspaceEntry, directory
from bus.errors import InvalidInput
from bus.foreign import DryRun, Report, Settling, begun, settle
from bus.places import Place
from nexus_site.foreign import agent_bus, okto

__all__ = ["SOURCES", "Bringing", "Brought", "bring"]

SOURCES = (okto.SOURCE, agent_bus.SOURCE)
Say = Callable[[str, int, int], None]
Plan = Callable[[Settling], None]


@dataclass(frozen=True)
class Bringing:
    """What to bring: from which program and file, into which workspace or folder here, under which names."""

    source: str
    path: Path
    workspace: WorkspaceEntry | None = None
    folder: Place | None = None
    renames: Mapping[str, str] = field(default_factory=dict)
    is_dry: bool = False


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of one workspace of the source: where it went, empty where it went nowhere, and the report."""

    name: str
    where: str
    report: Report


def bring(wanted: Bringing, say: Say) -> list[Brought]:
    """Bring everything, or try to and undo it; raises what is wrong with the file or the workspace."""
    found: list[Brought] = []

    def work() -> None:
        found.extend(_all(wanted, say))
        if wanted.is_dry:
            raise DryRun

    with suppress(DryRun):
        door.run_work(work)
    directory.forget_all()
    return found


def _all(wanted: Bringing, say: Say) -> Iterator[Brought]:
    if wanted.source == agent_bus.SOURCE:
        plan = partial(agent_bus.plan, wanted.path, renames=wanted.renames)
        if not (wanted.workspace or wanted.folder):
            raise InvalidInput("Agent Bus knows no workspaces.", hint="Name one with --workspace: an alias or a path.")
        yield _one(wanted, wanted.path.name, wanted.folder, plan, say)
        return
    for place in okto.places(wanted.path):
        folder = wanted.folder or (_folder(place.root) if wanted.workspace is None else None)
        name = place.name or place.root or place.id
        if folder is None and wanted.workspace is None:
            report = Report()
            report.skip("workspaces", "its folder is not on this machine; name one with --workspace")
            yield Brought(name, "", report)
        else:
            plan = partial(okto.plan, wanted.path, place, renames=wanted.renames)
            yield _one(wanted, name, folder, plan, say)
    if (rest := okto.rest(wanted.path)).skipped:
        yield Brought(wanted.path.name, "", rest)


def _folder(root: str) -> Place | None:
    """Return the place of a folder, None where it is not on this machine."""
    try:
        return places.at(root) if root else None
    except InvalidInput:
        return None


def _one(wanted: Bringing, name: str, folder: Place | None, plan: Callable[..., None], say: Say) -> Brought:
    """Plan what is in one workspace there, make the one here where it is new, and do it."""
    caller = identity.operator("import")
    settling = Settling(caller, wanted.workspace or caller.workspace, wanted.source, Report())
    plan(settling=settling)
    if wanted.workspace is None and folder is not None:
        row = people.create_workspace(replace(caller, now=min(begun(settling), caller.now)), str(folder.root))
        directory.forget_all()
        settling.workspace = directory.workspace_by_id(row.pk)
    settle(settling, say)
    return Brought(name, settling.workspace.alias or settling.workspace.public_id, settling.report)
