"""Agents of another program: enrolled under their names, as members of the workspace, without keys."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bus import people
from bus.directory import directory
from bus.foreign.settling import Settling
from bus.models import Agent, AgentTag, Capability, Workspace
from bus.schemas.agents import is_free

__all__ = ["Person", "enrol"]

LONGEST = 64
NOT_IN_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Person:
    """An agent of the other program; `is_operator` is the person in front of it."""

    name: str
    at: datetime
    role: str = ""
    description: str = ""
    capabilities: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    is_operator: bool = False


def enrol(settling: Settling, person: Person, rename: str = "") -> None:
    """Plan to enrol an agent, or to find the one of its name: whoever is called alike is the same."""
    settling.at(person.at, _enrol, person, rename)


def _enrol(settling: Settling, person: Person, rename: str) -> None:
    if person.is_operator:
        settling.people[person.name] = settling.operator.agent.name
        return
    wanted = rename or _plain(person.name)
    if wanted != person.name and not rename:
        settling.report.change("agents", "renamed, as names here are letters, digits, `.`, `_` and `-`")
    found = Agent.objects.filter(name__iexact=wanted).first()
    if found is not None and found.kind != Agent.Kind.AGENT:
        settling.people[person.name] = found.name
        return
    agent = found or _created(settling, person, wanted)
    settling.people[person.name] = agent.name
    settling.report.known["agents"] += found is not None
    settling.report.brought["agents"] += found is None
    row = Workspace.objects.get(pk=settling.workspace.id)
    if people.join(settling.caller(person.at), agent, row):
        directory.forget_all()


def _plain(name: str) -> str:
    plain = NOT_IN_NAME.sub("-", name).strip("-")[:LONGEST] or "agent"
    return plain if is_free(plain) else f"{plain[: LONGEST - 6]}-agent"


def _created(settling: Settling, person: Person, name: str) -> Agent:
    caller = settling.caller(person.at)
    agent = Agent.objects.create(
        name=name,
        home_id=settling.workspace.id,
        role=person.role[:LONGEST],
        description=person.description,
        created_at=person.at,
    )
    words = sorted({word[:LONGEST] for word in person.capabilities if word})
    Capability.objects.bulk_create(Capability(agent=agent, name=word) for word in words)
    AgentTag.objects.bulk_create(
        AgentTag(agent=agent, key=key[:LONGEST], value=value[:LONGEST]) for key, value in person.tags.items()
    )
    people.record_everywhere(caller, agent, "agent.created", {"kind": agent.kind})
    return agent
