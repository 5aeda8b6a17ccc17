"""The log: what operations record becomes rows in the same transaction, numbered and chained by hash.

Invariant: `id` rises in commit order over everything; `seq` counts 1, 2, 3 … in each workspace without gaps; each
event's hash covers the version, the hash before it and every public fact of the event, never a row number.
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypedDict, Unpack

from pydantic_core import to_json

from bus.identity import Caller
from bus.models import Event
from bus.prepared import insert, prepared

__all__ = [
    "GENESIS",
    "About",
    "Recorded",
    "canonical",
    "chain",
    "collected",
    "compact",
    "mark",
    "newest_id",
    "record",
    "undo",
]

VERSION = b"\x01"
GENESIS = b"\x00" * 32
ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)

HEAD = prepared(
    lambda workspace: Event.objects.filter(workspace_id=workspace).order_by("-seq").values_list("seq", "hash")[:1], int
)
NEWEST = prepared(lambda: Event.objects.order_by("-pk").values_list("pk")[:1])
FIELDS = (
    "at",
    "type",
    "origin",
    "person",
    "fleet",
    "surface",
    "address",
    "message",
    "handoff",
    "topic",
    "task",
    "agent",
)
INSERT = insert(Event, "workspace", "seq", "hash", "actor", "public", "payload", *FIELDS)


class About(TypedDict, total=False):
    """What an event is about: public ids, the agent's name, another workspace than the caller's, and who may see it."""

    message: str
    handoff: str
    topic: str
    task: str
    agent: str
    workspace: int
    public: bool


@dataclass(slots=True)
class Recorded:
    """One event on its way into the log."""

    caller: Caller
    type: str
    about: About
    payload: str

    @property
    def workspace(self) -> int:
        """Return the row number of the workspace whose log it joins."""
        return self.about.get("workspace", self.caller.workspace.id)

    def facts(self) -> tuple[Any, ...]:
        """Return the values of FIELDS."""
        caller, about = self.caller, self.about
        return (
            caller.now,
            self.type,
            caller.agent.kind,
            caller.person,
            caller.fleet,
            caller.surface,
            caller.address,
            about.get("message") or None,
            about.get("handoff") or None,
            about.get("topic") or None,
            about.get("task") or None,
            about.get("agent", ""),
        )


@dataclass
class Collected:
    """The events of one transaction, in order; written by one executemany just before the commit."""

    recorded: list[Recorded] = field(default_factory=list)

    def write(self) -> set[str]:
        """Number, chain and insert the events; return the nouns of their types."""
        heads: dict[int, tuple[int, bytes]] = {}
        rows = [self._row(event, heads) for event in self.recorded]
        if rows:
            INSERT.many(rows)
        return nouns(self.recorded)

    def _row(self, event: Recorded, heads: dict[int, tuple[int, bytes]]) -> tuple[Any, ...]:
        workspace, caller = event.workspace, event.caller
        seq, previous = heads.get(workspace) or HEAD.first(workspace) or (0, GENESIS)
        facts = event.facts()
        digest = chain(bytes(previous), seq + 1, caller.agent.name, facts, event.payload)
        heads[workspace] = (seq + 1, digest)
        return (workspace, seq + 1, digest, caller.agent.id, event.about.get("public", False), event.payload, *facts)


def chain(previous: bytes, seq: int, actor: str, facts: tuple[Any, ...], payload: str) -> bytes:
    """Return the hash of an event from the one before it and its public facts (the values of FIELDS)."""
    covered = to_json([seq, facts[0].isoformat(), actor, *facts[1:], payload])
    return hashlib.sha256(VERSION + previous + covered).digest()


def canonical(value: Any) -> str:
    """Return the one JSON text of a value: keys sorted, no spaces."""
    if value == {} or value == []:
        return "{}" if isinstance(value, dict) else "[]"
    return ENCODER.encode(value)


def compact(value: Any) -> str:
    """Return JSON text without spaces, keys as they come: for what is stored and never compared."""
    return to_json(value).decode()


def nouns(recorded: list[Recorded]) -> set[str]:
    """Return the nouns of the events' types, the part before the dot."""
    return {event.type.partition(".")[0] for event in recorded}


_open = threading.local()


def _collecting() -> Collected:
    collecting: Collected | None = getattr(_open, "collected", None)
    if collecting is None:
        raise RuntimeError("events are recorded in the writer lane or inside the door only")
    return collecting


@contextmanager
def collected() -> Iterator[Collected]:
    """Collect what this thread records until the end of the block."""
    before: Collected | None = getattr(_open, "collected", None)
    _open.collected = Collected()
    try:
        yield _open.collected
    finally:
        _open.collected = before


def newest_id() -> int:
    """Return the row number of the newest event of all, 0 where there is none."""
    return NEWEST.value() or 0


def record(caller: Caller, type_: str, payload: dict[str, Any] | None = None, **about: Unpack[About]) -> None:
    """Record `noun.past` by `caller`; `payload` is small and holds no secret and nothing confidential."""
    _collecting().recorded.append(Recorded(caller, type_, about, canonical(payload or {})))


def mark() -> int:
    """Return where the record of this thread stands."""
    return len(_collecting().recorded)


def undo(position: int) -> set[str]:
    """Forget what was recorded since `mark` gave `position`; return the nouns of what is forgotten."""
    recorded = _collecting().recorded
    dropped = nouns(recorded[position:])
    del recorded[position:]
    return dropped
