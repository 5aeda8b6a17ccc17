"""Tool lists: what every agent pays for in every turn, so every byte is weighed.

A listed schema is shaped from the operation's order: references inlined, titles, null branches, bounds that the
description names, empty defaults and the two fields of every order left out. What is left out is still accepted.
"""

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from bus import door
from bus.door import OPERATOR_TOOLSET, Published
from bus.errors import InvalidInput
from nexus_site.agent_bus import tools as agent_bus

__all__ = ["CORE", "Choice", "choice", "input_schema", "instructions", "listed", "tool"]

MOST_WORDS = 4  # of a longer choice the refusal of a wrong word names them all
CORE, TOPICS, EVERYTHING = "core", "topics", "all"
UNLISTED = {"workspace", "idempotency_key"}
TERSE = {
    "about": "A tool or toolset.",
    "paths": "Globs, e.g. src/**.",
    "payload": "Any JSON.",
    "priority": "0 to 9, 9 first.",
    "project_root": "Absolute path.",
    "references": "{kind: file|url|message|handoff|task|document, id}",
    "tag": "key=value",
    "to": "A name, {capability|role|tag: word}, a list of these, or broadcast.",
    "verify_by": "A name, {capability: word} or human.",
}
SPEAKING = frozenset(
    [
        "acceptance_criteria",
        "agent",
        "available",
        "body",
        "capability",
        "cursor",
        "due_at",
        "epoch",
        "error",
        "expires_at",
        "feedback",
        "handoff",
        "headers_only",
        "include_stale",
        "lease_seconds",
        "limit",
        "max_attempts",
        "message",
        "messages",
        "metadata",
        "mine",
        "note",
        "payload",
        "peer",
        "presence",
        "query",
        "reason",
        "reply_to",
        "result",
        "role",
        "states",
        "subject",
        "timeout_seconds",
        "title",
        "visibility",
    ]
)
Schema = dict[str, Any]


class Choice(NamedTuple):
    """What the URL says: the toolsets to list, in the catalogue's order, and the workspace."""

    toolsets: tuple[str, ...]
    workspace: str


@lru_cache(maxsize=512)
def choice(query: bytes) -> Choice:
    """Read `?toolsets=core,inbox&workspace=…`, or raise `InvalidInput` naming the toolsets there are."""
    fields = parse_qs(query.decode("latin-1"))
    asked = {name.strip() for part in fields.get("toolsets", ()) for name in part.split(",")} - {""}
    known = [*dict.fromkeys(entry.toolset for entry in door.published().values()), agent_bus.TOOLSET]
    unknown = asked - {*known, EVERYTHING}
    if unknown:
        raise InvalidInput(
            f"There is no toolset named {min(unknown)[:64]!r}.",
            hint="Name toolsets in the URL, e.g. /mcp?toolsets=core,inbox, or all.",
            toolsets=[*known, EVERYTHING],
        )
    if EVERYTHING in asked:
        asked |= set(known) - {OPERATOR_TOOLSET, agent_bus.TOOLSET}
    if asked >= {agent_bus.TOOLSET, TOPICS}:
        raise InvalidInput(
            f"The toolsets `{agent_bus.TOOLSET}` and `{TOPICS}` have tools of the same names.",
            hint=f"Name one of them in the URL, e.g. /mcp?toolsets=core,{agent_bus.TOOLSET}.",
            toolsets=[agent_bus.TOOLSET, TOPICS],
        )
    return Choice(tuple(name for name in known if name in (asked or {CORE})), fields.get("workspace", [""])[-1])


@cache
def listed(toolsets: tuple[str, ...]) -> tuple[Schema, ...]:
    """Return the tools of these toolsets as they are listed."""
    own = tuple(tool(entry) for entry in door.published().values() if entry.toolset in toolsets)
    return own + agent_bus.listed() if agent_bus.TOOLSET in toolsets else own


def instructions(toolsets: tuple[str, ...], usual: str) -> str:
    """Return what a client is told about the tools that its URL lists."""
    if agent_bus.TOOLSET not in toolsets:
        return usual
    return f"{usual} {agent_bus.INSTRUCTIONS}" if CORE in toolsets else agent_bus.INSTRUCTIONS


def tool(entry: Published) -> Schema:
    """Return one operation as a listed tool; the first paragraph of its docstring is enough, `help` has the rest."""
    shaped: Schema = {"name": entry.name, "description": " ".join(entry.description.partition("\n\n")[0].split())}
    if entry.is_read_only:
        shaped["annotations"] = {"readOnlyHint": True}
    return {**shaped, "inputSchema": input_schema(entry.name)}


@cache
def input_schema(name: str) -> Schema | None:
    """Return the listed schema of a tool's arguments, None for an unknown tool."""
    entry = door.published().get(name)
    if entry is None:
        return None
    whole = entry.order.model_json_schema()
    references = whole.get("$defs", {})
    fields = whole["properties"].items()
    shaped: Schema = {"type": "object"}
    shaped["properties"] = {key: _field(key, part, references) for key, part in fields if key not in UNLISTED}
    if required := whole.get("required"):
        shaped["required"] = required
    return shaped


def _field(name: str, part: Schema, references: Mapping[str, Schema]) -> Schema:
    """Return the schema of one field, with a description where its name does not say enough."""
    shaped = _shape(part, references)
    said = TERSE.get(name) or ("" if name in SPEAKING else part.get("description", ""))
    return {**shaped, "description": said} if said else shaped


def _shape(part: Schema, references: Mapping[str, Schema]) -> Schema:
    """Return the kind of value, without references, null branches, bounds and the insides of objects."""
    if "$ref" in part:
        part = references[part["$ref"].rpartition("/")[2]]
    if "anyOf" in part:
        branches = [_shape(branch, references) for branch in part["anyOf"] if branch.get("type") != "null"]
        kinds = list({json.dumps(branch): branch for branch in branches}.values())
        return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    shaped: Schema = {"type": part["type"]} if "type" in part else {}
    if len(part.get("enum", ())) in range(1, MOST_WORDS + 1):
        shaped["enum"] = part["enum"]
    if "items" in part:
        item = _shape(part["items"], references)
        shaped["items"] = {} if "anyOf" in item else item
    return shaped
