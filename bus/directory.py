"""A cache of who is who: keys, agents, memberships, capabilities, workspaces, sessions.

Entries are read with the ORM at first use and dropped by family when an event says that they changed: after a commit of
this process at once, after one of another process by the tail. So a revoked key dies within a second everywhere.
"""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from bus.models import Agent, Key, Session, Workspace
from bus.models.people import INSTALLATION

__all__ = ["AgentEntry", "Directory", "KeyEntry", "SessionEntry", "WorkspaceEntry", "directory"]


@dataclass(frozen=True, slots=True)
class WorkspaceEntry:
    """What a call needs of a workspace."""

    id: int
    public_id: str
    alias: str
    path: str


@dataclass(frozen=True, slots=True)
class AgentEntry:
    """What a call needs of an agent."""

    id: int
    name: str
    kind: str
    home_id: int | None
    harness: str
    role: str
    wakes_by: str
    capabilities: frozenset[str]
    tags: dict[str, str]
    memberships: frozenset[int]
    person: str
    archived: bool

    def __hash__(self) -> int:
        """Hash by row, as tags are a dictionary."""
        return self.id


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """What a call needs of a key."""

    id: int
    prefix: str
    agent_id: int
    scope: str
    any_workspace: bool
    workspaces: frozenset[int]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """What a call needs of an open session."""

    id: int
    public_id: str
    key_id: int | None
    agent_id: int
    workspace_id: int
    ref: str


# Which entries an event of this noun makes stale.
STALE = {
    "agent": ("agent", "name", "key"),
    "key": ("key",),
    "workspace": ("agent", "name", "workspace", "key"),
    "session": ("session", "newest", "ref"),
    "setting": ("setting",),
}
KEPT = 20_000
MISSING: Any = object()
NOTHING: dict[Any, Any] = {}


class Directory:
    """Loads an entry once and keeps it until its family is forgotten; safe from any thread."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self._families: dict[str, dict[Any, Any]] = {}
        self._generation = 0

    def forget(self, nouns: set[str]) -> None:
        """Drop what events of these nouns (the part before the dot) make stale."""
        families = {family for noun in nouns for family in STALE.get(noun, ())}
        if families:
            with self._lock:
                self._generation += 1
                for family in families:
                    self._families.pop(family, None)

    def forget_all(self) -> None:
        """Drop everything."""
        self.forget(set(STALE))

    def look_up(self, family: str, name: Any, load: Callable[[], Any]) -> Any:
        """Return the kept entry, or load it; what a change overtook while loading is not kept."""
        found = self._families.get(family, NOTHING).get(name, MISSING)
        if found is not MISSING:
            return found
        generation = self._generation
        entry = load()
        with self._lock:
            if generation == self._generation and not (family == "key" and entry is None):
                kept = self._families.setdefault(family, {})
                if len(kept) >= KEPT:
                    kept.clear()
                kept[name] = entry
        return entry

    def key(self, secret: str) -> KeyEntry | None:
        """Return the live key whose text is `secret`, or None."""
        digest = hashlib.sha256(secret.encode("utf-8", "replace")).digest()
        entry: KeyEntry | None = self.look_up("key", digest, lambda: _load_key(secret, digest))
        return entry

    def owner(self, secret: str) -> tuple[str, Any] | None:
        """Return who seems to send this secret: a key that was seen, or one that exists; None for a stranger."""
        digest = hashlib.sha256(secret.encode("utf-8", "replace")).digest()
        seen: KeyEntry | None = self._families.get("key", NOTHING).get(digest)
        if seen is not None:
            return ("key", seen.id)
        prefix = secret.split("_")[1] if secret.count("_") == 2 else ""
        prefixes: frozenset[str] = self.look_up("key", "prefixes", _load_prefixes)
        return ("prefix", prefix) if prefix in prefixes else None

    def agent(self, agent_id: int) -> AgentEntry:
        """Return the agent with this row number."""
        entry: AgentEntry = self.look_up("agent", agent_id, lambda: _load_agent(Q(pk=agent_id)))
        return entry

    def agent_named(self, name: str) -> AgentEntry | None:
        """Return the agent of this name, whatever the case, or None."""
        entry: AgentEntry | None = self.look_up("name", name.lower(), lambda: _load_agent(Q(name__iexact=name)))
        return entry

    def workspace_by_id(self, workspace_id: int | None) -> WorkspaceEntry:
        """Return the workspace with this row number; without one the installation itself."""
        where = Q(public_id=INSTALLATION) if workspace_id is None else Q(pk=workspace_id)
        entry: WorkspaceEntry = self.look_up("workspace", workspace_id, lambda: _load_workspace(where))
        return entry

    def workspace(self, name: str) -> WorkspaceEntry | None:
        """Return the workspace with this public id or alias, or None."""
        where = Q(public_id=name) | Q(alias=name)
        entry: WorkspaceEntry | None = self.look_up("workspace", name, lambda: _load_workspace(where))
        return entry

    def first_workspace(self) -> WorkspaceEntry:
        """Return the workspace that operators see first: the oldest, or the installation where there is none."""
        entry: WorkspaceEntry = self.look_up("workspace", "", _load_first_workspace)
        return entry

    def newest_session(self, key_id: int) -> SessionEntry | None:
        """Return the newest open session of a key, or None."""
        entry: SessionEntry | None = self.look_up("newest", key_id, lambda: _load_session(Q(key_id=key_id)))
        return entry

    def session(self, public_id: str) -> SessionEntry | None:
        """Return the open session with this id, or None."""
        entry: SessionEntry | None = self.look_up("session", public_id, lambda: _load_session(Q(public_id=public_id)))
        return entry

    def session_with_ref(self, key_id: int, surface: str, refs: tuple[str, ...]) -> SessionEntry | None:
        """Return the open session of a key and surface whose `session_ref` is one of these, or None."""
        where = Q(key_id=key_id, surface=surface, session_ref__in=refs)
        entry: SessionEntry | None = self.look_up("ref", (key_id, surface, *refs), lambda: _load_session(where))
        return entry


def _load_key(secret: str, digest: bytes) -> KeyEntry | None:
    parts = secret.split("_")
    if len(parts) != 3 or parts[0] != "nxs":
        return None
    key = Key.objects.filter(prefix=parts[1], revoked_at=None, agent__archived_at=None).first()
    if key is None or bytes(key.secret_hash) != digest:
        return None
    allowed = frozenset(key.workspaces.values_list("pk", flat=True))
    return KeyEntry(key.pk, key.prefix, key.agent_id, key.scope, key.any_workspace, allowed, key.expires_at)


def _load_prefixes() -> frozenset[str]:
    return frozenset(Key.objects.filter(revoked_at=None).values_list("prefix", flat=True))


def _load_agent(where: Q) -> AgentEntry | None:
    agent = Agent.objects.filter(where).select_related("user").first()
    if agent is None:
        return None
    return AgentEntry(
        id=agent.pk,
        name=agent.name,
        kind=agent.kind,
        home_id=agent.home_id,
        harness=agent.harness,
        role=agent.role,
        wakes_by=agent.wakes_by,
        capabilities=frozenset(agent.capabilities.values_list("name", flat=True)),
        tags=dict(agent.tags.values_list("key", "value")),
        memberships=frozenset(agent.memberships.values_list("workspace_id", flat=True)),
        person=agent.user.get_username() if agent.user else "",
        archived=agent.archived_at is not None,
    )


def _load_workspace(where: Q) -> WorkspaceEntry | None:
    row = Workspace.objects.filter(where).first()
    return WorkspaceEntry(row.pk, row.public_id, row.alias or "", row.path) if row else None


def _load_first_workspace() -> WorkspaceEntry | None:
    return _load_workspace(~Q(public_id=INSTALLATION)) or _load_workspace(Q(public_id=INSTALLATION))


def _load_session(where: Q) -> SessionEntry | None:
    row = Session.objects.filter(where, closed_at=None).order_by("-pk").first()
    if row is None:
        return None
    return SessionEntry(row.pk, row.public_id, row.key_id, row.agent_id, row.workspace_id, row.session_ref)


directory = Directory()
