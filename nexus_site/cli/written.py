"""Whether the files of a connection still hold what `nexus connect` wrote, and the command that writes it again."""

import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from nexus_site.cli.findings import FAIL, OK, Finding
from nexus_site.cli.wanting import ago, here, query_of
from nexus_site.connect.jsonc import Unreadable
from nexus_site.connect.keys import kept
from nexus_site.connect.plan import CannotEdit, plan
from nexus_site.connect.record import Connection, known
from nexus_site.connect.wanted import Place
from nexus_site.serving import lock

__all__ = ["again", "agent_of", "connected", "files"]

TOOLSETS = "?toolsets="


def connected(home: Path, harness: str, agent: str = "") -> list[Connection]:
    """Return the connections of a harness, as this agent or as any: those of this project first."""
    project = here().project
    found = [each for each in known(home) if each.harness == harness and agent in ("", each.agent)]
    return sorted(found, key=lambda each: (not each.is_of(project), bool(each.project)))


def agent_of(home: Path, harness: str) -> str:
    """Return as whom a harness is connected, here before elsewhere; it is called like the harness where it is not."""
    try:
        return next((each.agent for each in connected(home, harness)), harness)
    except Unreadable:
        return harness


def again(made: Connection) -> str:
    """Return the command that makes a connection once more, with the options that it was made with."""
    wanted = ago(made, place := here(), "", "")
    query = query_of(made)
    options = {
        "--scope project": bool(made.project or made.projects),
        f"--toolsets {query.removeprefix(TOOLSETS)}": query.startswith(TOOLSETS),
        "--wake": wanted.wake,
        "--skill": wanted.skill,
        "--agents-md": wanted.agents_md,
    }
    words = [f"nexus connect {made.harness} --agent {made.agent}", *(word for word, is_on in options.items() if is_on)]
    where = next(iter(filter(None, (made.project, *made.projects))), "")
    is_elsewhere = where and not made.is_of(place.project)
    return (f"cd {shlex.quote(where)} && " if is_elsewhere else "") + " ".join(words)


def files(home: Path, mine: Sequence[Connection]) -> Iterator[Finding]:
    """Say which files are gone or hold something else."""
    faults = [fault for each in mine for fault in _faults(home, each)]
    paths = [written.path for each in mine for written in each.files]
    yield from faults or [Finding(OK, "files", f"{len(paths)} written: {', '.join(paths)}")]


def _faults(home: Path, made: Connection) -> Iterator[Finding]:
    gone = next((file.path for file in made.files if not Path(file.path).exists()), "")
    if gone:
        yield Finding(FAIL, "files", f"{gone} is gone.", again(made))
        return
    base = _server(home)
    said = "".join(Path(file.path).read_text(errors="replace") for file in made.files)
    if base and f"{base}/mcp" not in said:
        yield Finding(FAIL, "address", f"The files do not name {base}/mcp, where the server is.", again(made))
        return
    if key := kept(home / "keys" / made.agent):
        yield from _changed(home, made, here(), base, key)


def _server(home: Path) -> str:
    running = lock.running(home)
    return os.environ.get("NEXUS_URL", "").rstrip("/") or (running.url if running else "")


def _changed(home: Path, made: Connection, place: Place, base: str, key: str) -> Iterator[Finding]:
    """Say what connecting once more would change."""
    try:
        changes = plan(ago(made, place, base, key), known(home)).changes
    except CannotEdit as error:
        yield Finding(FAIL, "files", str(error), again(made))
        return
    for change in changes:
        yield Finding(FAIL, "files", f"{change.path} does not hold what connect writes.", again(made))
