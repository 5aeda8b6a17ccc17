"""The command line, `nexus COMMAND`: each command is a module that is loaded when it is asked for."""

import argparse
import difflib
import os
import sys
from collections.abc import Sequence
from importlib import import_module, metadata

from nexus_site.cli.command import Command, Failed

__all__ = ["COMMANDS", "main"]

# Name, module and what it does, in the order of the help.
COMMANDS = {
    "serve": ("serving", "Run the server until Ctrl+C"),
    "status": ("status", "Show whether the server runs, where, and how it is"),
    "agent": ("agents", "Add and list agents, and make and revoke their keys"),
    "send": ("mail", "Send a message"),
    "inbox": ("mail", "Show the unread messages of an agent"),
    "search": ("finding", "Find messages, posts and handoffs by their words"),
    "wake": ("wake", "Show what an agent missed, or start a program when something comes for it"),
    "topic": ("topics", "List, read, follow, export and keep topics"),
    "call": ("calls", "Call any operation by its name"),
    "tail": ("follow", "Follow the log"),
    "seed": ("managed", "Fill a workspace with a lively example"),
    "verify": ("managed", "Check the log and that the tables say what it says"),
    "reindex": ("managed", "Build the index of the search anew"),
    "backup": ("managed", "Copy the database into a checked file"),
    "restore": ("managed", "Put a backup back"),
    "export": ("exports", "Write a workspace, a conversation or an incident to files"),
    "import": ("imports", "Read an exported workspace"),
    "prune": ("managed", "Delete what is older than the settings keep"),
    "stdio": ("stdio", "Serve MCP on standard input and output, for one agent"),
    "run": ("running", "Start a coding agent with its key in the environment"),
    "open": ("opening", "Open the dashboard by a link that logs in once"),
    "demo": ("demo", "Watch a scripted team at work on this repository"),
    "guard": ("guard", "Refuse commits of files that another agent holds"),
    "doctor": ("doctor", "Look for what is wrong and say how to mend it"),
    "connect": ("connect", "Connect a coding agent: write its configuration and hooks"),
    "disconnect": ("connect", "Take out again what connect wrote"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code: 0 done, 1 refused, 2 wrong usage, 3 no server or data."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    first = words[0] if words else ""
    if first in ("-h", "--help", "help", ""):
        print(_overview())
        return 0 if first else 2
    if first in ("-V", "--version"):
        print(f"nexus {metadata.version('nexus-bus')}")
        return 0
    if first not in COMMANDS:
        return _unknown(first)
    try:
        return _run(first, words[1:])
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(name: str, words: list[str]) -> int:
    module, summary = COMMANDS[name]
    try:
        loaded = import_module(f"nexus_site.cli.{module}")
        if module == "managed":
            return int(loaded.run(name, words))
        command: Command = loaded.COMMANDS[name]
        return command.run(_parsed(parser_of(name, summary, command), words))
    except Failed as failed:
        failed.show(as_json="--json" in words)
        return failed.code


def _parsed(parser: argparse.ArgumentParser, words: list[str]) -> argparse.Namespace:
    """Take options anywhere among the other words, where the command has no actions of its own."""
    return parser.parse_intermixed_args(words) if parser._subparsers is None else parser.parse_args(words)


def parser_of(name: str, summary: str, command: Command) -> argparse.ArgumentParser:
    """Return a command's parser, with its examples under the help."""
    examples = "\n".join(["examples:", *(f"  nexus {name} {words}".rstrip() for words in command.examples)])
    parser = argparse.ArgumentParser(
        prog=f"nexus {name}",
        description=f"{summary}.",
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.arguments(parser)
    return parser


def _overview() -> str:
    lines = ["usage: nexus COMMAND [options]", "", "Coordinate the coding agents of one computer.", "", "commands:"]
    lines += [f"  {name:<11}{summary}" for name, (_, summary) in COMMANDS.items()]
    lines += ["", "`nexus COMMAND --help` shows options and examples; every command takes --json."]
    lines += ["The data is in NEXUS_HOME; start with `nexus serve`, then `nexus agent add NAME` where an agent works."]
    return "\n".join(lines)


def _unknown(name: str) -> int:
    near = difflib.get_close_matches(name, COMMANDS, n=1)
    hint = f"Did you mean `nexus {near[0]}`?" if near else "`nexus --help` lists the commands."
    print(f"nexus: there is no command {name!r}. {hint}", file=sys.stderr)
    return 2
