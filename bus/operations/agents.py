"""Enrolling agents, changing their profiles and archiving them."""

from typing import Any

from bus import people, presence
from bus.errors import Conflict, Forbidden, InvalidInput
from bus.identity import Caller
from bus.models import Agent, AgentTag, Capability, Session, Workspace
from bus.models.people import INSTALLATION
from bus.schemas.agents import AgentUpdate, AgentUpdated, ProfileOrder
from bus.schemas.operators import AgentArchive, AgentArchived, AgentCreate, AgentCreated

__all__ = ["NameTaken", "agent_archive", "agent_create", "agent_update"]

WORDS = ("harness", "role", "description")
PARTS = (*WORDS, "capabilities", "tags")


class NameTaken(Conflict):
    """An agent has that name already; names are unique whatever the case, and archived agents keep theirs."""

    hint = "Choose another name, or mint another key for that agent."


def agent_create(caller: Caller, order: AgentCreate) -> AgentCreated:
    """Enrol an agent and answer its first key, shown once; its home is `project_root`, else `workspace`."""
    if Agent.objects.filter(name__iexact=order.name).exists():
        raise NameTaken(name=order.name)
    home = _home(caller, order)
    agent = Agent.objects.create(name=order.name, home=home, created_at=caller.now)
    _write_profile(agent, order)
    people.record_everywhere(caller, agent, "agent.created", {"kind": agent.kind})
    if home is not None:
        people.join(caller, agent, home)
    terms = people.Terms(order.label, order.scope, order.expires_at, order.any_workspace, (home,) if home else ())
    return AgentCreated(agent=agent.name, key=people.mint(caller, agent, terms).text)


def _home(caller: Caller, order: AgentCreate) -> Workspace | None:
    if order.project_root is not None:
        return people.create_workspace(caller, order.project_root)
    if order.any_workspace and order.workspace is None:
        return None
    if caller.workspace.public_id == INSTALLATION:
        raise InvalidInput(
            "Say where the agent works.", hint="Send `project_root`, or `any_workspace: true`.", field="project_root"
        )
    return Workspace.objects.get(pk=caller.workspace.id)


def agent_update(caller: Caller, order: AgentUpdate) -> AgentUpdated:
    """Change your own profile: what you run in, your role, capabilities, tags and description."""
    agent = _subject(caller, order)
    if all(getattr(order, name) is None for name in PARTS):
        raise InvalidInput("Nothing to change was given.", hint=f"Give at least one of {', '.join(PARTS)}.")
    changed = _write_profile(agent, order)
    if changed:
        people.record_everywhere(caller, agent, "agent.updated", {"changed": changed})
    return AgentUpdated(**people.profile(agent))


def _subject(caller: Caller, order: AgentUpdate) -> Agent:
    if caller.is_operator:
        if order.agent is None:
            raise InvalidInput("Say whose profile.", hint="Operators name the agent.", field="agent")
        return people.found(order.agent)
    if order.agent is not None and order.agent.lower() != caller.agent.name.lower():
        raise Forbidden("Only operators change the profile of another agent.", hint="Leave `agent` out.")
    return people.found(caller.agent.name)


def _write_profile(agent: Agent, order: ProfileOrder) -> list[str]:
    """Write what the order gives and differs; return the names of what changed."""
    was = people.profile(agent)
    given = {name: value for name in PARTS if (value := _given(order, name)) is not None}
    changed = [name for name, value in given.items() if value != was[name] and (value or was[name])]
    words = [name for name in changed if name in WORDS]
    for name in words:
        setattr(agent, name, given[name])
    if words:
        agent.save(update_fields=words)
    if "capabilities" in changed:
        agent.capabilities.all().delete()
        Capability.objects.bulk_create(Capability(agent=agent, name=name) for name in given["capabilities"])
    if "tags" in changed:
        agent.tags.all().delete()
        AgentTag.objects.bulk_create(
            AgentTag(agent=agent, key=key, value=value) for key, value in given["tags"].items()
        )
    return changed


def _given(order: ProfileOrder, name: str) -> Any:
    """Return a part of a profile as it is kept: capabilities sorted and each once."""
    value = getattr(order, name)
    return sorted(set(value)) if isinstance(value, list) else value


def agent_archive(caller: Caller, order: AgentArchive) -> AgentArchived:
    """Retire an agent: its keys and sessions end, its open mail stays visible and its name stays taken."""
    agent = people.found(order.agent)
    keys, closed = people.revoke_keys(caller, agent, agent.keys.filter(revoked_at=None))
    closed += people.close_sessions(caller, Session.objects.filter(agent=agent), "agent archived")
    if agent.presence != Agent.Presence.OFFLINE:
        presence.record_change(caller, agent.pk, agent.name, Agent.Presence.OFFLINE.value)
    Agent.objects.filter(pk=agent.pk).update(
        archived_at=caller.now, presence=Agent.Presence.OFFLINE, connected_until=None
    )
    people.record_everywhere(caller, agent, "agent.archived", {})
    return AgentArchived(agent=agent.name, archived_at=caller.now, keys_revoked=keys, sessions_closed=closed)
