"""`nexus connect` and `nexus disconnect`: write Nexus into the configuration of coding agents, and take it out again."""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace

from nexus_site.cli.checkup import client_lines
from nexus_site.cli.command import REFUSED, USAGE, Command, Failed, Json, show
from nexus_site.cli.findings import lines_of
from nexus_site.cli.leaving import end_unheld, let_go
from nexus_site.cli.naming import agent_name
from nexus_site.cli.wanting import has_hooks, here, hook_program, toolsets
from nexus_site.cli.ways import Remote, Way, configuration, way
from nexus_site.connect import detect, diffs, keys
from nexus_site.connect.files import apply, back_up
from nexus_site.connect.harnesses import HARNESSES, scope_of, who_wakes
from nexus_site.connect.jsonc import Unreadable
from nexus_site.connect.plan import CannotEdit, Plan, plan, plan_end, plan_leave
from nexus_site.connect.record import Connection, known, remember
from nexus_site.connect.wanted import Place, Wanted

__all__ = ["COMMANDS"]

SHOWN = "nxs_…"
NOTHING = "Nothing is connected there. What all your projects share ends with --scope user."
FAULTS = (CannotEdit, Unreadable, OSError)


def _choosing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("harness", nargs="?", choices=HARNESSES, metavar="HARNESS", help=", ".join(HARNESSES))
    parser.add_argument("--all", action="store_true", help="all that are installed, or all that are connected")
    parser.add_argument("--scope", choices=("user", "project"), help="a person's own files (user), or the repository's")
    parser.add_argument("--print", action="store_true", help="show what would change and write nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true", help="print JSON; asks nothing")


def _connecting(parser: argparse.ArgumentParser) -> None:
    _choosing(parser)
    parser.add_argument("--agent", help="the agent's name (the harness's)")
    parser.add_argument(
        "--wake",
        action="store_true",
        help="let direct or urgent mail, and handoffs it may claim, begin a turn that nobody typed. "
        f"{who_wakes()} Others refuse it; with --all they are connected without it. A wake of an idle session "
        "counts in the wake budget, and the agent's page can pause it.",
    )
    parser.add_argument("--toolsets", default="", help="what the agent sees, such as core,inbox (core)")
    parser.add_argument("--skill", action="store_true", help="install the Agent Skill too")
    parser.add_argument("--agents-md", action="store_true", help="add a paragraph to the repository's AGENTS.md")


def connect(given: argparse.Namespace) -> int:
    """Connect harnesses one after the other; what cannot be edited safely is left alone."""
    _check(given)
    place, by = here(), way()
    done: list[Json] = []
    lines: list[str] = []
    for harness in _harnesses(given):
        wanted = _wanted(given, harness, place, by)
        lines += _connected(given, wanted, by, done)
    show(given, {"connected": done}, lines)
    return REFUSED if any(each.get("failed") for each in done) else 0


def _check(given: argparse.Namespace) -> None:
    if bool(given.harness) == given.all:
        raise Failed.because(
            "Name a harness, or say --all.", f"One of: {', '.join(HARNESSES)}.", USAGE, "invalid_input"
        )
    if getattr(given, "agent", None):
        agent_name(given.agent)
    toolsets(getattr(given, "toolsets", ""))
    if getattr(given, "wake", False):
        _check_waking(given)


def _check_waking(given: argparse.Namespace) -> None:
    """Refuse to wake what cannot be woken, unless it is one of all."""
    if not hook_program():
        raise Failed.because(
            "This Nexus comes without `nexus-hook`, so nothing can go on with a turn.", "Leave --wake out.", USAGE
        )
    if given.all or scope_of(given.harness, given.scope or "user") in HARNESSES[given.harness].wakes_in:
        return
    raise Failed.because(
        f"{HARNESSES[given.harness].title} has no hook there that could begin a turn, so it cannot be woken.",
        f"{who_wakes()} For any other program: nexus wake NAME --command LINE.",
        USAGE,
        "invalid_input",
    )


def _harnesses(given: argparse.Namespace) -> list[str]:
    if given.harness:
        return [given.harness]
    found = [each.harness for each in detect.found()]
    if not found:
        raise Failed.because("No harness is installed that Nexus knows.", "Name one: nexus connect HARNESS.", REFUSED)
    return found


def _wanted(given: argparse.Namespace, harness: str, place: Place, by: Way) -> Wanted:
    base = by.url if isinstance(by, Remote) else f"http://127.0.0.1:{configuration().port}"
    query = f"?toolsets={sets}" if (sets := toolsets(given.toolsets)) else ""
    wanted = Wanted(
        harness=harness,
        scope=scope_of(harness, given.scope or "user"),
        agent=given.agent or harness,
        place=place,
        url=f"{base}/mcp{query}",
        hook=hook_program(),
        key=SHOWN,
    )
    wanted = replace(wanted, wake=given.wake and wanted.scope in HARNESSES[harness].wakes_in)
    is_shared = given.scope == "project" and wanted.is_user
    wanted = replace(wanted, skill=given.skill, agents_md=given.agents_md, is_shared=is_shared)
    return replace(wanted, key=keys.kept(wanted.key_file) or SHOWN)


def _connected(given: argparse.Namespace, wanted: Wanted, by: Way, done: list[Json]) -> list[str]:
    harness, said = HARNESSES[wanted.harness], [f"{HARNESSES[wanted.harness].title} as {wanted.agent}:"]
    if given.wake and not wanted.wake:
        said.append("  It cannot be woken: connected without --wake.")
    if wanted.is_shared:
        said.append("  Its project file cannot name a variable for the key: your own file is used instead.")
    result: Json = {"harness": wanted.harness, "agent": wanted.agent, "scope": wanted.scope, "files": []}
    done.append(result)
    try:
        preview = plan(wanted, known(wanted.place.data))
        said += diffs.shown(preview.changes)
        said += [f"  It is {agent} no more: that key ends if no other connection uses it." for agent in preview.leaving]
        if not _may_write(given, preview, said):
            return [*said, "  Nothing was written."]
        ended = _replaced(wanted, by, result)
    except FAULTS as error:
        result["failed"] = str(error)
        return [*said, f"  {error}"]
    said += ["  Nothing to change." if not result["files"] else f"  Wrote {len(result['files'])} files."]
    said += ended
    if not wanted.is_user:
        said.append(
            f"  Its key is in {wanted.key_file}: start the program with it in NEXUS_KEY, or paste it where it asks."
        )
    said += _told_of_home(preview.connections[-1])
    checked = [f"  {line}" for line in lines_of(client_lines(wanted.harness, wanted.agent))]
    return [*said, *checked, f"  Next: {harness.next}"]


def _told_of_home(made: Connection) -> list[str]:
    """Say what the hooks need where the data directory is named, as their lines stay the same for ever without it."""
    named = os.environ.get("NEXUS_HOME", "")
    if not (named and has_hooks(made)):
        return []
    return [f"  Start the program with NEXUS_HOME={shlex.quote(os.path.abspath(named))}: its hooks look there."]


def _replaced(wanted: Wanted, by: Way, result: Json) -> list[str]:
    """Write everything with a key that is good for it, and only then end the keys that it took the place of.

    Until then they are in the record, so that they end with the next attempt where this one fails.
    """
    place = wanted.place
    key = keys.key_of(by.call, wanted.key_file, wanted.harness, "" if wanted.is_user else str(place.project))
    made = plan(replace(wanted, key=key), known(place.data))
    _write(place, made, result)
    end_unheld(wanted.key_file, made.connections)
    said, stuck = let_go(place.data, made.leaving, made.connections)
    if made.leaving:
        *others, own = made.connections
        remember(place.data, [*others, replace(own, leaving=stuck)])
    return said


def _may_write(given: argparse.Namespace, shown: Plan, said: list[str]) -> bool:
    """Ask once; what was said is printed before."""
    if given.print:
        return False
    if given.yes or given.json or not (shown.changes or shown.leaving):
        return True
    if not sys.stdin.isatty():
        raise Failed.because("Nobody is there to ask.", "Say --yes to write, --print to look.", USAGE, "invalid_input")
    show(given, {}, said)
    said.clear()
    return input("Write this? [y/N] ").strip().lower() in ("y", "yes")


def _write(place: Place, made: Plan, result: Json) -> None:
    for change in made.changes:
        back_up(place.data, change)
    remember(place.data, made.connections)  # first: what is written down and not there does no harm
    for change in made.changes:
        apply(change)
        result["files"].append(str(change.path))


def disconnect(given: argparse.Namespace) -> int:
    """Take out what `connect` put in, and end the keys that nothing uses any more."""
    _check(given)
    place, done = here(), []
    lines: list[str] = []
    for ending in _ending(given, place):
        result: Json = {"harness": ending.harness, "agent": ending.agent, "scope": ending.scope, "files": []}
        done.append(result)
        try:
            lines += _disconnected(given, place, ending, result)
        except FAULTS as error:
            result["failed"] = str(error)
            lines.append(f"{HARNESSES[ending.harness].title}: {error}")
    show(given, {"disconnected": done}, lines or [NOTHING])
    return REFUSED if any(each.get("failed") for each in done) else 0


def _disconnected(given: argparse.Namespace, place: Place, ending: Connection, result: Json) -> list[str]:
    before, is_whole = known(place.data), given.scope == "user" or ending.is_for_all
    made = plan_end(ending, before) if is_whole else plan_leave(ending, before, place.project)
    wide = ", for all your projects" if is_whole and not ending.project else ""
    said = [f"{HARNESSES[ending.harness].title} as {ending.agent}{wide}:", *diffs.shown(made.changes)]
    shared = [each.projects for each in made.connections if each.place == ending.place]
    said += [f"  Your own file stays for {', '.join(each)}; --scope user ends it for all." for each in shared]
    if not _may_write(given, made, said):
        return [*said, "  Nothing was written."]
    _write(place, made, result)
    told, _ = let_go(place.data, (ending.agent, *ending.leaving), made.connections)
    return [*said, f"  Restored {len(result['files'])} files.", *told]


def _ending(given: argparse.Namespace, place: Place) -> Sequence[Connection]:
    """Return the connections that are meant: this project's, and of harnesses that have none here the person's own."""
    try:
        found = [each for each in known(place.data) if given.all or each.harness == given.harness]
    except Unreadable as error:
        raise Failed.because(f"{error}.", "") from None
    own = [each for each in found if each.is_of(place.project)]
    if given.scope == "project":
        return own
    if given.scope == "user":
        return [each for each in found if each.scope == "user"]
    have = {each.harness for each in own}
    return [*own, *(each for each in found if each.is_for_all and each.harness not in have)]


COMMANDS = {
    "connect": Command(
        _connecting,
        connect,
        ("claude-code", "--all --yes", "codex --agent bob --wake", "cursor --scope project --print"),
    ),
    "disconnect": Command(_choosing, disconnect, ("claude-code", "--all --yes")),
}
