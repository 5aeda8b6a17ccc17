"""`nexus run`: start a coding agent with the key in its environment, and nowhere else."""

import argparse
import os
import re
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from nexus_site.cli.command import REFUSED, USAGE, Command, Failed
from nexus_site.cli.leaving import end_unheld
from nexus_site.cli.naming import agent_name
from nexus_site.cli.wanting import said_in
from nexus_site.cli.ways import configuration, way
from nexus_site.cli.written import again, connected
from nexus_site.connect import keys
from nexus_site.connect.detect import BINARIES
from nexus_site.connect.harnesses import HARNESSES
from nexus_site.connect.jsonc import Unreadable
from nexus_site.connect.record import known

__all__ = ["COMMANDS"]

GENERIC = "generic"
HELD = re.compile(r"Bearer (nxs_|\{file:)")  # a key that NEXUS_KEY does not go before


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("harness", choices=HARNESSES, metavar="HARNESS", help=", ".join(HARNESSES))
    parser.add_argument(
        "words", nargs="*", metavar="-- WORD", help="what the program is given; generic: the program too"
    )
    parser.add_argument("--agent", help="who that is on the bus (the harness's name)")
    parser.add_argument("--json", action="store_true", help="say what went wrong as JSON")


def run(given: argparse.Namespace) -> int:
    """Become the program, which finds the key as NEXUS_KEY."""
    agent, home = agent_name(given.agent or given.harness), configuration().home
    program, words = _program(given.harness, given.words)
    by = way()
    path = home / "keys" / agent
    key = keys.key_of(by.call, path, given.harness, "")
    with suppress(Unreadable):
        end_unheld(path, known(home))
    _warn(given.harness, agent)
    sys.stdout.flush()
    os.execve(program, words, {**os.environ, "NEXUS_KEY": key})


def _program(harness: str, words: Sequence[str]) -> tuple[str, list[str]]:
    names = words[:1] if harness == GENERIC else BINARIES[harness]
    if not names:
        raise Failed.because("Say what to run.", "nexus run generic -- PROGRAM …", USAGE, "invalid_input")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise Failed.because(f"There is no {' or '.join(names)} on the PATH.", "Install it first.", REFUSED)
    return found, [found, *(words[1:] if harness == GENERIC else words)]


def _warn(harness: str, agent: str) -> None:
    """Say when nothing tells the program where the server is, or its file tells it another agent's key."""
    try:
        mine = connected(configuration().home, harness)
    except Unreadable:
        return
    if not mine and harness != GENERIC:
        print(f"nexus: {harness} does not know the server yet: nexus connect {harness}", file=sys.stderr)
    others = (each for each in mine[:1] if not each.project and each.agent != agent)
    for other, file in ((each, file) for each in others for file in each.files if HELD.search(said_in(file))):
        said = f"{file.path} holds the key of {other.agent}: with its tools it speaks as {other.agent}, not as {agent}."
        print(f"nexus: {said}\nTo be one agent: {again(replace(other, agent=agent))}", file=sys.stderr)


COMMANDS = {
    "run": Command(
        _arguments, run, ("claude-code", "codex --agent bob -- exec 'Read your mail'", "generic -- ./agent.py")
    )
}
