"""Workspaces and who belongs to them, keys and sessions: the steps that several operations share.

Everything that takes a caller runs inside the writer lane and records its own events.
"""

import hashlib
import itertools
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet

from bus import deadlines, door, events, identity, ids, places
from bus.directory import directory
from bus.errors import InvalidInput, NotFound
from bus.identity import Caller
from bus.models import Agent, Key, Membership, Session, Workspace
from bus.schemas.agents import NAME, is_free

__all__ = [
    "KEY_EXPIRY",
    "Minted",
    "Terms",
    "close_sessions",
    "create_workspace",
    "found",
    "join",
    "log_of",
    "mint",
    "operator_for",
    "profile",
    "record_everywhere",
    "revoke_keys",
    "workspace_at",
]

KEY_EXPIRY = "key_expiry"
PREFIX_CHARS = 10
SECRET_BYTES = 32


def found(name: str, *kinds: str) -> Agent:
    """Return the agent of this name, whatever the case, that is not archived; else raise `NotFound`."""
    agent = Agent.objects.filter(name__iexact=name, kind__in=kinds or ["agent"], archived_at=None).first()
    if agent is None:
        raise NotFound("There is no such agent.", agent=name)
    return agent


def profile(agent: Agent) -> dict[str, Any]:
    """Return what an agent says of itself, as the fields of a `Profile`."""
    return {
        "agent": agent.name,
        "harness": agent.harness or None,
        "role": agent.role or None,
        "capabilities": list(agent.capabilities.order_by("name").values_list("name", flat=True)),
        "tags": dict(agent.tags.order_by("key").values_list("key", "value")) or None,
        "description": agent.description or None,
    }


def log_of(agent: Agent) -> int:
    """Return the row number of the workspace whose log tells of the agent: its home, else the installation."""
    return agent.home_id or directory.workspace_by_id(None).id


def record_everywhere(caller: Caller, agent: Agent, type_: str, payload: dict[str, Any]) -> None:
    """Record an event about an agent for the members of each of its workspaces; without any for operators."""
    joined = list(agent.memberships.order_by("pk").values_list("workspace_id", flat=True))
    public = bool(joined or agent.home_id)
    for workspace in joined or [log_of(agent)]:
        events.record(caller, type_, payload, agent=agent.name, workspace=workspace, public=public)


def workspace_at(path: str) -> Workspace | None:
    """Return the workspace that holds a path of this machine, or None."""
    return Workspace.objects.filter(public_id=places.at(path).public_id).first()


def create_workspace(caller: Caller, path: str) -> Workspace:
    """Return the workspace that holds a path, new where there is none yet."""
    known = workspace_at(path)
    if known is not None:
        return known
    place = places.at(path)
    workspace = Workspace.objects.create(
        public_id=place.public_id,
        path=str(place.root),
        alias=_free_alias(place.alias),
        git_remote=place.git_remote,
        created_at=caller.now,
    )
    events.record(caller, "workspace.created", {"alias": workspace.alias}, workspace=workspace.pk, public=True)
    return workspace


def _free_alias(wanted: str) -> str:
    """Return an alias that no workspace has in any case, nor `any`, which stands for all of them."""
    alike = Workspace.objects.filter(alias__istartswith=wanted[:56]).values_list("alias", flat=True)
    taken = {"any", *(alias.lower() for alias in alike if alias)}
    numbered = (f"{wanted[:56]}-{number}" for number in itertools.count(2))
    return next(alias for alias in itertools.chain([wanted], numbered) if alias.lower() not in taken)


def join(caller: Caller, agent: Agent, workspace: Workspace) -> bool:
    """Make a coding agent a member, at home where it is its first; False when it was one or needs not be."""
    if agent.kind != Agent.Kind.AGENT:
        return False
    _, joined = Membership.objects.get_or_create(agent=agent, workspace=workspace, defaults={"joined_at": caller.now})
    if joined:
        if agent.home_id is None:
            agent.home = workspace
            agent.save(update_fields=["home"])
        events.record(caller, "workspace.joined", agent=agent.name, workspace=workspace.pk, public=True)
    return joined


@dataclass(frozen=True, slots=True)
class Terms:
    """What a key is for and where it may enter."""

    label: str = ""
    scope: str = Key.Scope.AGENT.value
    expires_at: datetime | None = None
    any_workspace: bool = False
    workspaces: tuple[Workspace, ...] = ()


@dataclass(frozen=True, slots=True)
class Minted:
    """A new key: its text, kept nowhere, and the prefix that names it."""

    text: str
    prefix: str


def mint(caller: Caller, agent: Agent, terms: Terms) -> Minted:
    """Make a key for an agent; of its text only the hash is kept."""
    _check_expiry(caller, terms)
    prefix = ids.base32(secrets.randbits(5 * PREFIX_CHARS), PREFIX_CHARS)
    text = f"nxs_{prefix}_{secrets.token_hex(SECRET_BYTES)}"
    key = Key.objects.create(
        agent=agent,
        prefix=prefix,
        secret_hash=hashlib.sha256(text.encode()).digest(),
        label=terms.label,
        scope=terms.scope,
        any_workspace=terms.any_workspace,
        created_at=caller.now,
        expires_at=terms.expires_at,
    )
    key.workspaces.set(terms.workspaces)
    _record_key(caller, agent, key, "key.minted")
    return Minted(text, prefix)


def _check_expiry(caller: Caller, terms: Terms) -> None:
    """Refuse an expiry that has passed, and see to it that the sweep records a coming one."""
    if terms.expires_at is None:
        return
    if terms.expires_at <= caller.now:
        raise InvalidInput("`expires_at` has passed already.", field="expires_at", now=caller.now.isoformat())
    deadlines.note(KEY_EXPIRY, terms.expires_at, caller.now)


def _record_key(caller: Caller, agent: Agent, key: Key, type_: str) -> None:
    payload = {"prefix": key.prefix, "label": key.label}
    events.record(caller, type_, payload, agent=agent.name, workspace=log_of(agent))


def revoke_keys(caller: Caller, agent: Agent, keys: QuerySet[Key]) -> tuple[int, int]:
    """Revoke those of an agent's keys that live, and close their sessions; return how many of both."""
    revoked = [key for key in keys if Key.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=caller.now)]
    for key in revoked:
        _record_key(caller, agent, key, "key.revoked")
    return len(revoked), close_sessions(caller, Session.objects.filter(key__in=revoked), "key revoked")


def close_sessions(caller: Caller, sessions: QuerySet[Session], reason: str) -> int:
    """Close those sessions that are open; return how many."""
    closed = 0
    for session in sessions.filter(closed_at=None).select_related("agent").order_by("pk"):
        if Session.objects.filter(pk=session.pk, closed_at=None).update(closed_at=caller.now):
            payload = {"session": session.public_id, "reason": reason}
            events.record(caller, "session.closed", payload, agent=session.agent.name, workspace=session.workspace_id)
            closed += 1
    return closed


def operator_for(user: AbstractBaseUser) -> str:
    """Return the name of the operator agent behind a Django user, made at the user's first call."""
    name: str | None = directory.look_up("name", ("user", user.pk), lambda: _operator_of(user))
    return name or str(door.run_work(lambda: _operator_of(user) or _create_operator(user)))


def _operator_of(user: AbstractBaseUser) -> str | None:
    return Agent.objects.filter(user_id=user.pk).values_list("name", flat=True).first()


def _create_operator(user: AbstractBaseUser) -> str:
    caller = identity.system("login")
    taken = {name.lower() for name in Agent.objects.values_list("name", flat=True)}
    name = next(name for name in _operator_names(user.get_username()) if name.lower() not in taken)
    agent = Agent.objects.create(name=name, kind=Agent.Kind.OPERATOR, user_id=user.pk, created_at=caller.now)
    record_everywhere(caller, agent, "agent.created", {"kind": agent.kind})
    return name


def _operator_names(username: str) -> Iterator[str]:
    """Yield names for a user's operator agent, best first: the user's own where an agent may have it."""
    if re.fullmatch(NAME, username) and is_free(username):
        yield username
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", username)[:48]
    yield f"{plain}-operator"
    for number in itertools.count(2):
        yield f"{plain}-operator-{number}"
