"""`nexus stdio`: the MCP server on standard input and output, in a process of its own, with or without a running server."""

import argparse
import os
import signal
import sys
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from nexus_site.cli.command import REFUSED, USAGE, Command, Failed, Json
from nexus_site.cli.ways import Local, bring_up_to_date, configuration, load
from nexus_site.connect.files import write
from nexus_site.connect.keys import kept, workspace_of

if TYPE_CHECKING:
    from bus.directory import AgentEntry, KeyEntry, WorkspaceEntry

__all__ = ["COMMANDS"]

LABEL, FOLDER, SETTINGS = "nexus stdio", "keys", "nexus_site.piped"
GONE = "nexus: the database was taken away or replaced; this process ends, start it again."


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--agent", metavar="NAME", help="who speaks here; NEXUS_KEY names the agent too")
    parser.add_argument("--toolsets", default="", help="what the agent sees, such as core,inbox (core)")
    parser.add_argument(
        "--workspace",
        default="",
        metavar="ALIAS",
        help="where its calls go (the repository it is started in, else the agent's home)",
    )
    parser.add_argument("--json", action="store_true", help="say what went wrong as JSON")


def stdio(given: argparse.Namespace) -> int:
    """Serve one client until it closes standard input."""
    out = _own_output()
    home = configuration().home
    load(home, SETTINGS)
    bring_up_to_date(home)
    key = _key(home, given.agent or "", given.workspace)
    named = {"toolsets": given.toolsets, "workspace": given.workspace or _repository(key)}
    query = urllib.parse.urlencode({name: value for name, value in named.items() if value})
    _check(query)
    import asyncio

    asyncio.run(_serve(home, key, query, out))
    return 0


def _own_output() -> int:
    """Keep standard output for the protocol: whatever else is printed goes to standard error."""
    sys.stdout.flush()
    out = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return out


def _check(query: str) -> None:
    from bus.errors import InvalidInput
    from nexus_site.mcp import tools

    try:
        tools.choice(query.encode())
    except InvalidInput as refusal:
        raise Failed.because(refusal.message, "Name them like --toolsets core,inbox, or all.", USAGE) from None


async def _serve(home: Path, key: str, query: str, out: int) -> None:
    import asyncio
    import gc

    from bus.tail import tail
    from nexus_site.guard import LIMIT
    from nexus_site.mcp.stdio import Conversation
    from nexus_site.serving.pipes import Lines, Written

    lines = Lines(sys.stdin.fileno(), LIMIT)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, lines.stop)
    tail.ticks.append(_watching(home / "nexus.sqlite3", lines.stop))
    gc.freeze()
    await Conversation(key, query, Written(out, lines.stop).line).serve(aiter(lines))


def _watching(file: Path, end: Callable[[], None]) -> Callable[[], None]:
    """Return a look at the database's file: when it is another than the one that is open, this process must end."""
    opened = file.stat().st_ino

    def look() -> None:
        try:
            is_same = file.stat().st_ino == opened
        except OSError:
            is_same = False
        if not is_same:
            print(GONE, file=sys.stderr)
            end()

    return look


def _key(home: Path, name: str, workspace: str) -> str:
    """Return the key to speak with: the environment's, the agent's file's, or one made now for the agent.

    Whoever reads the data directory is the operator, and may make keys. The file's key is good for the workspaces in which
    it was asked for: where it does not open this one it is followed by one that does, and lives on, as other processes speak with it.
    """
    if given := os.environ.get("NEXUS_KEY", ""):
        _check_key(given, name, "NEXUS_KEY", "unset NEXUS_KEY")
        return given
    if not name:
        raise Failed.because("Say who speaks here.", "nexus stdio --agent NAME", USAGE, "invalid_input")
    agent, by = _enrolled(name), Local(home, "")
    path, place, others = home / FOLDER / agent.name, _place(by, agent, workspace), frozenset[int]()
    if key := kept(path):
        found = _check_key(key, name, str(path), f"rm {path}")
        if found.any_workspace or place is None or place.id in found.workspaces:
            return key
        others = found.workspaces
    return _made(by, path, place, others)


def _place(by: Local, agent: "AgentEntry", named: str) -> "WorkspaceEntry | None":
    """Return the workspace that is named, else that of the current folder, else the agent's home; None where it has none.

    A repository that is new gets its workspace, as with `nexus agent add`; a folder that is none has to be known.
    """
    from bus import places
    from bus.directory import directory

    if named:
        found = directory.workspace(named)
        if found is None:
            raise Failed.because(f"There is no workspace {named}.", "nexus call workspace_list", REFUSED, "not_found")
        return found
    here = places.at(os.getcwd())
    if (here.root / ".git").exists():
        return directory.workspace(workspace_of(by.call, str(here.root)))
    known = directory.workspace(here.public_id)
    return known or (directory.workspace_by_id(agent.home_id) if agent.home_id else None)


def _repository(key: str) -> str:
    """Return the workspace of the repository that this is started in, empty where there is none or the key stays outside."""
    from bus import places
    from bus.directory import directory

    here, entry = places.at(os.getcwd()), directory.key(key)
    known = directory.workspace(here.public_id)
    if entry is None or known is None or not (here.root / ".git").exists():
        return ""
    is_open = entry.any_workspace or known.id in entry.workspaces
    return known.public_id if is_open and known.id in directory.agent(entry.agent_id).memberships else ""


def _enrolled(name: str) -> "AgentEntry":
    """Return an agent, or say how to add one."""
    from bus.directory import directory

    found = directory.agent_named(name)
    if found is None or found.archived or found.kind != "agent":
        hint = f"Add it in the folder where it works: nexus agent add {name}"
        raise Failed.because(f"There is no agent named {name}.", hint, REFUSED, "unknown_agent")
    return found


def _check_key(key: str, name: str, where: str, fix: str) -> "KeyEntry":
    """Return a key, or refuse one that opens nothing, and one of another agent: who speaks is what the key says."""
    from bus.directory import directory

    found = directory.key(key)
    if found is None:
        raise Failed.because(f"The key in {where} is unknown or revoked.", f"Then a new one is made: {fix}", REFUSED)
    owner = directory.agent(found.agent_id).name
    if name and owner.lower() != name.lower():
        raise Failed.because(f"The key in {where} is that of {owner}, not of {name}.", fix, USAGE, "invalid_input")
    return found


def _made(by: Local, path: Path, place: "WorkspaceEntry | None", others: frozenset[int]) -> str:
    """Make the agent's key and keep it, for its owner only; of two first ones that are made at once one is kept."""
    name = path.name
    made = by.call("key_mint", {"agent": name, "label": LABEL, **_terms(place, others)})
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if others:
        write(path, made["key"], 0o600)
        return str(made["key"])
    part = path.with_name(f".{name}.{os.getpid()}")
    try:
        write(part, made["key"], 0o600)
        os.link(part, path)
    except FileExistsError:
        by.call("key_revoke", {"agent": name, "key": made["prefix"]})
    finally:
        part.unlink(missing_ok=True)
    return kept(path)


def _terms(place: "WorkspaceEntry | None", others: frozenset[int]) -> Json:
    """Return where a new key may enter: here, and where the one before it did."""
    from bus.directory import directory

    if place is None:
        return {"any_workspace": True}
    before = [found.public_id for each in others if (found := directory.workspace_by_id(each))]
    return {"workspaces": sorted({place.public_id, *before})}


COMMANDS = {"stdio": Command(_arguments, stdio, ("--agent alice", "--agent alice --toolsets core,inbox"))}
