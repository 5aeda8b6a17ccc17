"""What each field of an order may name of somebody else, and orders that name it: generated, so that nothing is left out."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from bus import door

__all__ = ["CASES", "KINDS", "PLAIN", "UNKNOWN", "Case", "naming", "order", "told"]

# Fields that name a thing, by the kind of thing.
KINDS = {
    "message": "message",
    "messages": "message",
    "reply_to": "message",
    "handoff": "handoff",
    "session": "session",
    "topic": "topic",
    "agent": "agent",
    "peer": "agent",
    "to": "address",
    "verify_by": "address",
    "workspace": "workspace",
    "workspaces": "workspace",
    "project_root": "folder",
    "alias": "alias",
    "git_remote": "remote",
    "key": "key",
    "subjects": "subject",
    "globs": "glob",
    "paths": "glob",
    "query": "word",
    "from": "agent",
    "from_": "agent",
    "capability": "word",
    "role": "word",
    "tag": "tag",
    "idempotency_key": "once",
    "cursor": "cursor",
    "after": "cursor",
    "before": "cursor",
}
# Fields that name nothing of anybody: texts, numbers and choices of the caller's own.
PLAIN = frozenset(
    {
        *(
            "about",
            "acceptance_criteria",
            "any_workspace",
            "available",
            "body",
            "budget",
            "capabilities",
            "description",
        ),
        *("dry_run", "due_at", "epoch", "error", "expires_at", "feedback", "harness", "headers_only"),
        *("include_closed", "include_stale", "kind", "kinds", "label", "lane", "lease_seconds", "limit", "machine"),
        *("max_attempts", "metadata", "mine", "name", "note", "paused", "payload", "presence", "priority", "project"),
        *("reason", "references", "result", "scope", "seconds", "session_ref", "since", "states", "subject"),
        *("tags", "timeout_seconds", "title", "ttl", "types", "until", "urgent", "value", "verdict", "visibility"),
        *("wait", "waiter", "waking"),
        *("ack_through", "allow_closed", "archived", "auto_advance", "confirm", "include_self", "mode", "outbox"),
        *("reclaim_token", "seq", "session_only", "state", "window_seconds"),
    }
)
LISTS = frozenset({"messages", "subjects", "globs", "paths", "workspaces"})
UNKNOWN: dict[str, Any] = {
    "message": "msg_000000000000000000000a",
    "handoff": "hnd_000000000000000000000a",
    "session": "ses_000000000000000000000a",
    "topic": "top_000000000000000000000a",
    "agent": "nobody-here",
    "address": "nobody-here",
    "workspace": "wsp_00000000000000000000000000",
    "alias": "nowhere",
    "remote": "nowhere.example/no/where",
    "key": "0000000000",
    "subject": "hnd_000000000000000000000b",
    "glob": "unheld/**",
    "word": "unheardof",
    "tag": "unheard=of",
}
# What orders need beside the field, so that nothing but the field can be wrong with them.
FILLERS: dict[str, Any] = {
    "subject": "s",
    "body": "b",
    "title": "t",
    "epoch": 1,
    "globs": ["own/**"],
    "verdict": "pass",
    "value": 300,
    "query": "private",
    "message": UNKNOWN["message"],
    "messages": [UNKNOWN["message"]],
    "handoff": UNKNOWN["handoff"],
    "session": UNKNOWN["session"],
    "topic": UNKNOWN["topic"],
    "confirm": "c",
    "agent": UNKNOWN["agent"],
    "peer": UNKNOWN["agent"],
    "to": "operator",
    "key": UNKNOWN["key"],
}
MORE: dict[str, dict[str, Any]] = {
    "agent_update": {"agent": UNKNOWN["agent"], "role": "any"},
    "session_heartbeat": {"session": UNKNOWN["session"]},
    "session_close": {"session": UNKNOWN["session"]},
    "handoff_complete": {"result": "done"},
    "handoff_create": {"acceptance_criteria": ["It works"]},
    "message_create": {"to": "operator"},
    "workspace_resolve": {"alias": "nowhere"},
    "agent_create": {"name": "newcomer"},
    "setting_put": {"name": "presence_stale_after"},
    "topic_join": {"topic": UNKNOWN["topic"]},
    "topic_rename": {"name": "other"},
    "topic_resolve": {"topic": UNKNOWN["topic"]},
}
CHOICES = {"workspace_resolve": ("project_root", "alias", "git_remote")}
APART = ("cursor", "once")  # positions and keys of one's own are tried apart
IDS = re.compile(r"\b(?:(?:msg|hnd|ses|top)_[0-9a-z]{22}|cur_[\w-]+|evt_[0-9a-f]{20})")
TIMES = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class Case(NamedTuple):
    """An operation, and a field of it that names something of a kind."""

    operation: str
    field: str
    kind: str


CASES = [
    Case(name, field, KINDS[field])
    for name, entry in door.published().items()
    for field in entry.order.model_fields
    if KINDS.get(field, "cursor") not in APART
]


def naming(field: str, name: Any) -> Any:
    """Return a name as the field takes it."""
    return [name] if field in LISTS else name


def order(operation: str, field: str, name: Any) -> dict[str, Any]:
    """Return an order in which everything is well-formed, and one field names something."""
    fields = door.published()[operation].order.model_fields
    needed = {each: FILLERS[each] for each, info in fields.items() if info.is_required() and each in FILLERS}
    more = {} if field in CHOICES.get(operation, ()) else MORE.get(operation, {})
    hasty = {name: 0 for name in ("timeout_seconds", "wait") if name in fields}
    return needed | more | hasty | {field: naming(field, name)}


def told(answer: Mapping[str, Any], name: Any) -> str:
    """Return an answer without what was sent and without what is new each time, so that two can be compared."""
    words = name.values() if isinstance(name, dict) else [name]
    text = str(answer)
    for word in words:
        text = text.replace(str(word), "…")
    return TIMES.sub("…", IDS.sub("…", text))
