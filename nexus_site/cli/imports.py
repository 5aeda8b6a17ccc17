"""`nexus import`: an exported workspace, or what another program kept, into this installation."""

import argparse
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nexus_site.cli.command import USAGE, Command, Failed, Json, show
from nexus_site.cli.data import opened, refusals, workspace_of
from nexus_site.cli.places import is_path
from nexus_site.cli.progress import Bar

if TYPE_CHECKING:
    from bus.importing import Arrived, Wanted
    from bus.places import Place
    from nexus_site.foreign.bringing import Bringing, Brought

__all__ = ["COMMANDS"]

EXAMPLES = (
    "harbor-export",
    "harbor-export --workspace ~/code/harbor --rename ada=ada-2",
    "--from okto-nexus ~/.okto_nexus/nexus.db --dry-run",
    "--from agent-bus ~/.agent_bus/agent_bus.sqlite --workspace ~/code/harbor",
)
PROGRAMS = ("okto-nexus", "agent-bus")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", help="the folder of an export, or the database of another program")
    parser.add_argument("--from", dest="source", choices=PROGRAMS, default="", help="the program whose database it is")
    parser.add_argument(
        "--dry-run", action="store_true", help="with --from: report what would come, and change nothing"
    )
    parser.add_argument("--workspace", default="", help="alias, or path of its folder here; default: as it was there")
    parser.add_argument("--rename", metavar="OLD=NEW", action="append", default=[], help="give an agent another name")
    parser.add_argument("--same", metavar="NAME", action="append", default=[], help="this agent is the one here")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _import(given: argparse.Namespace) -> int:
    renames = dict(_pair(each) for each in given.rename)
    if not given.source and given.dry_run:
        raise Failed.because("--dry-run goes with --from.", "", USAGE, "invalid_input")
    with opened(), refusals():
        return _bring(given, renames) if given.source else _load(given, renames)


def _load(given: argparse.Namespace, renames: dict[str, str]) -> int:
    from bus import door, identity, importing

    bag = importing.check(Path(given.path).expanduser())
    bar = Bar({name.removesuffix(".jsonl"): file.lines for name, file in bag.files.items()})
    try:
        work = partial(importing.load, identity.operator("cli"), bag, _wanted(given, renames), bar)
        arrived: Arrived = door.run_work(work)
    finally:
        bar.end()
    lines = {name: count for name, count in arrived.lines.items() if count}
    data = {"workspace": arrived.workspace, "alias": arrived.alias, "lines": lines, "agents": arrived.agents}
    said = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in lines.items())
    show(given, data, [f"Imported {arrived.alias or arrived.workspace}: {said}.", *_next(arrived)])
    return 0


def _next(arrived: "Arrived") -> list[str]:
    if not arrived.agents:
        return []
    return ["Keys are not exported. To let an agent work here: nexus agent key mint " + arrived.agents[0]]


def _wanted(given: argparse.Namespace, renames: dict[str, str]) -> "Wanted":
    from bus.importing import Wanted

    place = _folder(given.workspace)
    return Wanted("" if place else given.workspace, place, renames, frozenset(given.same))


def _folder(named: str) -> "Place | None":
    from bus import places

    return places.at(str(Path(named).expanduser().resolve())) if named and is_path(named) else None


def _bring(given: argparse.Namespace, renames: dict[str, str]) -> int:
    from nexus_site.foreign import bringing

    bar = Bar()
    try:
        brought = bringing.bring(_bringing(given, renames), bar)
    finally:
        bar.end()
    data = {"dry_run": given.dry_run, "workspaces": [_facts(each) for each in brought]}
    show(given, data, [line for each in brought for line in _lines(each, is_dry=given.dry_run)])
    return 0


def _bringing(given: argparse.Namespace, renames: dict[str, str]) -> "Bringing":
    from nexus_site.foreign.bringing import Bringing

    folder = _folder(given.workspace)
    entry = workspace_of(given.workspace) if given.workspace and folder is None else None
    return Bringing(given.source, Path(given.path).expanduser(), entry, folder, renames, given.dry_run)


def _facts(each: "Brought") -> Json:
    left, changed = (
        [{"kind": kind, "why": why, "count": count} for (kind, why), count in sorted(found.items())]
        for found in (each.report.skipped, each.report.changed)
    )
    known, brought = (dict(sorted((+found).items())) for found in (each.report.known, each.report.brought))
    return {
        "from": each.name,
        "to": each.where,
        "brought": brought,
        "known": known,
        "changed": changed,
        "skipped": left,
    }


def _lines(each: "Brought", *, is_dry: bool) -> Iterator[str]:
    report, verb = each.report, "Would bring" if is_dry else "Brought"
    if each.where:
        yield f"{each.name} to {each.where}:"
        yield f"  {verb} {_counted(dict(+report.brought)) or 'nothing'}."
    else:
        yield f"{each.name}:"
    if +report.known:
        yield f"  Here already: {_counted(dict(+report.known))}."
    for (kind, how), count in sorted(report.changed.items()):
        yield f"  Changed {count:,} {kind}: {how}."
    for (kind, why), count in sorted(report.skipped.items()):
        yield f"  Skipped {count:,} {kind.replace('_', ' ')}: {why}."


def _counted(found: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in sorted(found.items()))


def _pair(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise Failed.because(f"--rename takes OLD=NEW, not {text!r}.", "", USAGE, "invalid_input")
    return old, new


COMMANDS = {"import": Command(_arguments, _import, EXAMPLES)}
