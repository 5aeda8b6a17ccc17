"""`nexus export`: a whole workspace as JSON lines, one conversation, or one incident as a page."""

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

from nexus_site.cli.command import USAGE, Command, Failed, Json, show
from nexus_site.cli.data import opened, refusals, workspace_of
from nexus_site.cli.places import add_workspace
from nexus_site.cli.progress import Bar

__all__ = ["COMMANDS"]

EXAMPLES = (
    "--out harbor-export",
    "--conversation ada boris --out talk.md",
    "--topic 'release 4' --format json --out topic.json",
    "--incident hnd_1jd0k7x… --redact '[a-z.]+@[a-z.]+' --out incident.html",
)
PARTS = ("conversation", "topic", "incident")


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_workspace(parser)
    parser.add_argument("--out", metavar="PATH", help="the folder or file to write; a folder goes on where it stopped")
    parser.add_argument("--conversation", metavar=("A", "B"), nargs=2, help="what two agents said to each other")
    parser.add_argument("--topic", metavar="TOPIC", help="the posts of a topic, by its id or name")
    parser.add_argument("--incident", metavar="ID", help="a message or handoff and all around it, as one HTML file")
    parser.add_argument("--redact", metavar="REGEX", action="append", default=[], help="take this out of an incident")
    parser.add_argument("--format", choices=("markdown", "json"), default="markdown", help="of a conversation or topic")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _export(given: argparse.Namespace) -> int:
    wanted = _wanted(given)
    if wanted in ("conversation", "topic"):
        with opened(), refusals():
            return _talk(given)
    if not given.out:
        raise Failed.because("Nothing says where to write.", "Name a path with --out.", USAGE, "invalid_input")
    with opened(), refusals():
        return _incident(given) if wanted == "incident" else _whole(given)


def _wanted(given: argparse.Namespace) -> str:
    """Return which part is wanted, empty for the whole workspace; refuse two at once, and redaction where there is none."""
    named = [name for name in PARTS if getattr(given, name) is not None]
    if len(named) > 1:
        message = f"--{named[1]} does not go with --{named[0]}."
        raise Failed.because(message, "Export them one after another.", USAGE, "invalid_input")
    if given.redact and named != ["incident"]:
        hint = "Only an incident can be redacted: name it with --incident, or leave --redact out and redact the file."
        raise Failed.because("--redact goes with --incident only.", hint, USAGE, "invalid_input")
    return named[0] if named else ""


def _whole(given: argparse.Namespace) -> int:
    from bus import exporting

    folder, bar = Path(given.out).expanduser(), Bar()
    try:
        made = exporting.export(workspace_of(given.workspace).id, folder, bar)
    finally:
        bar.end()
    counts = {name.removesuffix(".jsonl"): file.lines for name, file in made.files.items()}
    data: Json = {"out": str(folder), "workspace": made.workspace, "head": made.head, "lines": counts}
    said = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if count)
    where = made.workspace["alias"] or made.workspace["id"]
    show(given, data, [f"Exported {where} to {folder}: {said}."])
    return 0


def _incident(given: argparse.Namespace) -> int:
    from bus import clock
    from dashboard import incident as pages
    from overview.queries.incident import incident

    now = clock.now()
    found = incident(given.incident, now)
    written(given, pages.page(found, now, given.redact), len(found.said))
    return 0


def _talk(given: argparse.Namespace) -> int:
    from bus import audience, identity
    from overview import transcript
    from overview.queries import transcripts

    caller = replace(identity.operator("cli"), workspace=workspace_of(given.workspace))
    if given.topic is not None:
        found = transcripts.topic(caller.workspace, given.topic)
    else:
        a, b = (audience.known(caller, name) for name in given.conversation)
        found = transcripts.conversation(caller.workspace, a, b, caller.now)
    is_json = given.format == "json" or (given.json and not given.out)
    as_json = json.dumps(transcript.plain(found), ensure_ascii=False, indent=2) + "\n"
    written(given, as_json if is_json else transcript.markdown(found), len(found.posts))
    return 0


def written(given: argparse.Namespace, text: str, count: int) -> None:
    """Write a document to the file that was named, for its owner only, else to standard output."""
    if not given.out:
        sys.stdout.write(text)
        return
    path = Path(given.out).expanduser()
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    show(
        given, {"out": str(path), "messages": count}, [f"Wrote {count:,} message{'' if count == 1 else 's'} to {path}."]
    )


COMMANDS = {
    "export": Command(_arguments, _export, EXAMPLES),
}
