"""`nexus call`: any operation by its name."""

import argparse
import json
import os
from pathlib import Path
from typing import Any

from nexus_site.cli.command import USAGE, Command, Failed, show
from nexus_site.cli.places import here
from nexus_site.cli.ways import way

__all__ = ["COMMANDS", "add_key", "key_of", "value_of"]


def add_key(parser: argparse.ArgumentParser) -> None:
    """Add the option that says who calls."""
    parser.add_argument("--key", default="", help="call as the agent of this key (NEXUS_KEY); default: the operator")


def key_of(given: argparse.Namespace) -> str:
    """Return the key to call with; empty for the operator."""
    return given.key or os.environ.get("NEXUS_KEY", "")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("operation", help="the operation, such as whoami; `nexus call help` lists them")
    parser.add_argument(
        "fields",
        nargs="*",
        metavar="key=value",
        help='a field; lists and objects as JSON (["a"], {"role": "x"}); key=@FILE takes a file\'s text',
    )
    add_key(parser)
    parser.add_argument("--json", action="store_true", help="print the answer on one line")


def call(given: argparse.Namespace) -> int:
    """Call the operation and print its answer; the operator's call is about the current folder's workspace."""
    by = way(key_of(given))
    fields = dict(map(_field, given.fields))
    place = {} if key_of(given) or fields.keys() & {"workspace", "project_root"} else here(by, "")
    answer = by.call(given.operation, place | fields)
    show(given, answer, json.dumps(answer, indent=2, ensure_ascii=False).split("\n"))
    return 0


def _field(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not (name and sign):
        raise Failed.because(f"{text!r} is no key=value.", "Write fields like subject=Hello.", USAGE, "invalid_input")
    return name, _file(value[1:]) if value.startswith("@") else value_of(value)


def value_of(text: str) -> Any:
    """Return a text as JSON where it looks like an object, a list, a quoted text or null; the server reads numbers."""
    if text == "null" or text[:1] in ("{", "[", '"'):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _file(name: str) -> str:
    try:
        return Path(name).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Failed.because(f"{name} cannot be read: {error}.", "Name a text file.", USAGE, "invalid_input") from error


EXAMPLES = (
    "whoami",
    "help about=message_create",
    'message_create to=bob subject=Hello body="Are you there?"',
    'handoff_create title="Fix the login" to=\'{"capability": "python"}\'',
)
COMMANDS: dict[str, Command] = {"call": Command(_arguments, call, EXAMPLES)}
