"""What a connection is made of on this machine: for one that is asked for, and for one that was made."""

import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from nexus_site.cli.command import USAGE, Failed
from nexus_site.cli.ways import configuration
from nexus_site.connect.record import Connection, Written
from nexus_site.connect.wanted import Place, Wanted

__all__ = ["SETS", "ago", "has_hooks", "here", "hook_program", "query_of", "said_in", "toolsets"]

ALIKE = {"agent-bus", "topics"}  # which have tools of the same names
SETS = ("core", "agents", "messages", "inbox", "events", "handoffs", "topics", "files", "operator", "agent-bus", "all")
WRITTEN = re.compile(r'"([a-z]+://[^"\s]+)/mcp(\?[^"\s]*)?"')
CARRIED = ("markdown", "SKILL.md")


def here() -> Place:
    """Return the folders and the environment of this command."""
    folder = Path.cwd()
    project = next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)
    return Place(Path.home(), project, configuration().home, os.environ, sys.platform)


def hook_program() -> str:
    """Return the program that hooks run, which stands beside this one; nothing where this Nexus comes without it."""
    program = Path(sys.executable).with_name("nexus-hook")
    return str(program) if program.exists() else ""


def toolsets(text: str) -> str:
    """Return the toolsets as they stand in a URL; end the command where there are none so called."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = next((name for name in names if name not in SETS), "")
    if unknown:
        said = f"There is no toolset named {unknown[:64]!r}."
        raise Failed.because(said, f"Some of: {', '.join(SETS)}.", USAGE, "invalid_input")
    if "agent-bus" in names and {"all", "topics"} & {*names}:
        said = "The toolsets `agent-bus` and `topics` have tools of the same names."
        raise Failed.because(said, "Name one of them; all has topics in it.", USAGE, "invalid_input")
    return ",".join(dict.fromkeys(names))


def said_in(file: Written) -> str:
    """Return what a connection put into a file."""
    return "\n".join([*(json.dumps(edit.value) for edit, _ in file.edits), *(piece.inserted for piece in file.pieces)])


def _configured(made: Connection) -> Iterator[str]:
    """Return what was put into each file but the skill and AGENTS.md, which speak of commands."""
    return (said_in(file) for file in made.files if not {file.kind, Path(file.path).name} & {*CARRIED})


def has_hooks(made: Connection) -> bool:
    """Say whether its files name the program that hooks run."""
    return any("nexus-hook" in said for said in _configured(made))


def query_of(made: Connection) -> str:
    """Return what follows the path in the address that was written, such as `?toolsets=core,inbox`."""
    found = WRITTEN.search("\n".join(_configured(made)))
    return (found[2] or "") if found else ""


def ago(made: Connection, place: Place, base: str, key: str) -> Wanted:
    """Return what was asked for when a connection was made; without a `base` the server is where it was then."""
    place = replace(place, project=Path(made.project)) if made.project else place
    said = "\n".join(_configured(made))
    written = WRITTEN.search(said)
    url = f"{base or (written[1] if written else '')}/mcp{query_of(made)}"
    paths = [Path(file.path) for file in made.files]
    return Wanted(
        *(made.harness, made.scope, made.agent, place, url, hook_program(), key),
        wake="--wake" in said,
        skill=any(path.name == "SKILL.md" for path in paths),
        agents_md=any(path.parent == place.project and path.name == "AGENTS.md" for path in paths),
        is_shared=bool(made.projects),
    )
