"""Who is reached: names always, selectors and broadcast the members that are present at that moment."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bus import presence
from bus.directory import AgentEntry, directory
from bus.errors import Refusal
from bus.identity import Caller
from bus.models import Agent, Capability, Delivery, Membership
from bus.prepared import counted, prepared
from bus.schemas.address import Selector

__all__ = [
    "NoRecipients",
    "Reached",
    "Selection",
    "UnknownAgent",
    "known",
    "matches",
    "members",
    "named",
    "select",
    "unread",
]

CAP = 100
MEMBERS = prepared(
    lambda workspace: (
        Membership.objects.filter(workspace_id=workspace, agent__kind="agent", agent__archived_at=None)
        .order_by("agent_id")
        .values_list("agent_id", "agent__last_seen_at", "agent__connected_until")
    ),
    int,
)
ABLE = prepared(
    lambda workspace, capability: (
        Capability.objects.filter(
            name=capability,
            agent__memberships__workspace=workspace,
            agent__kind="agent",
            agent__archived_at=None,
        )
        .order_by("agent_id")
        .values_list("agent_id", "agent__last_seen_at", "agent__connected_until")
    ),
    int,
    str,
)
STAMPS = prepared(lambda agent: Agent.objects.filter(pk=agent).values_list("last_seen_at", "connected_until"), int)
UNREAD = prepared(
    lambda agent, workspace: counted(
        Delivery.objects.filter(recipient_id=agent, workspace_id=workspace, lane="unread"), CAP
    ),
    int,
    int,
)


class UnknownAgent(Refusal):
    """There is no such agent in this workspace."""

    code, status = "unknown_agent", 422
    hint = "Call `agent_list` for the names; names are exact."


class NoRecipients(Refusal):
    """Nobody was reached."""

    code, status = "no_recipients", 422
    hint = "Name an agent (a name always queues), or repeat with `include_stale`."


@dataclass(frozen=True, slots=True)
class Reached:
    """One recipient and how present it is."""

    agent: AgentEntry
    presence: str
    last_seen_at: datetime | None


@dataclass
class Selection:
    """Whom selectors reached, and the names of those left out because they were quiet."""

    reached: list[Reached] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    offline: list[str] = field(default_factory=list)


def named(caller: Caller, name: str) -> AgentEntry:
    """Return the member (or operator) of this name, whatever the case; else raise `UnknownAgent` with suggestions."""
    agent = known(caller, name)
    if agent.archived:
        raise _unknown(caller, name)
    return agent


def known(caller: Caller, name: str) -> AgentEntry:
    """Do as `named`, but return an archived member too: what it wrote can still be read."""
    agent = directory.agent_named(name)
    if agent is None or (agent.kind != "operator" and caller.workspace.id not in agent.memberships):
        raise _unknown(caller, name)
    return agent


def _unknown(caller: Caller, name: str) -> UnknownAgent:
    names = [member.name for member in members(caller) if member.id != caller.agent.id]
    close = difflib.get_close_matches(name.lower(), [each.lower() for each in names], n=5, cutoff=0.5)
    suggestions = [each for each in names if each.lower() in close]
    return UnknownAgent(
        f"There is no agent named {name[:64]!r} in this workspace.", sent=name[:64], suggestions=suggestions
    )


def reached(agent: AgentEntry, now: datetime) -> Reached:
    """Return how present one agent is; one statement."""
    seen, until = STAMPS.first(agent.id) or (None, None)
    return Reached(agent, presence.of(seen, until, now), seen)


def members(caller: Caller) -> list[AgentEntry]:
    """Return the coding agents of the caller's workspace."""
    return [directory.agent(row[0]) for row in MEMBERS.rows(caller.workspace.id)]


def matches(agent: AgentEntry, selector: Selector) -> bool:
    """Say whether the agent fits every part of a selector."""
    if selector.capability is not None and agent.capabilities.isdisjoint(_words(selector.capability)):
        return False
    if selector.role is not None and agent.role not in _words(selector.role):
        return False
    return all(agent.tags.get(key) in _words(values) for key, values in (selector.tag or {}).items())


def select(caller: Caller, selectors: Sequence[Selector | None], *, include_stale: bool = False) -> Selection:
    """Return the present members that fit any selector (None fits all) but the caller; one statement."""
    selection = Selection()

    def fits(row: Any) -> bool:
        agent = directory.agent(row[0])
        return agent.id != caller.agent.id and any(each is None or matches(agent, each) for each in selectors)

    for agent_id, seen, until in _candidates(caller.workspace.id, selectors, fits):
        agent, state = directory.agent(agent_id), presence.of(seen, until, caller.now)
        if state == "present" or (state == "stale" and include_stale):
            selection.reached.append(Reached(agent, state, seen))
        else:
            (selection.stale if state == "stale" else selection.offline).append(agent.name)
    return selection


def _candidates(workspace: int, selectors: Sequence[Selector | None], fits: Callable[[Any], bool]) -> list[Any]:
    """Return the members that fit, with their stamps; one statement, by the capability where one is all that is asked."""
    asked = [each.capability if each is not None else None for each in selectors]
    if len(asked) == 1 and isinstance(asked[0], str):
        return ABLE.rows(workspace, asked[0], keep=fits)
    return MEMBERS.rows(workspace, keep=fits)


def unread(agent: int, workspace: int) -> int:
    """Return how many messages wait unread, at most 100."""
    return int(UNREAD.value(agent, workspace))


def _words(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
