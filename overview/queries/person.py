"""One agent: its keys, its tags and its day, beside what the list shows of it."""

from dataclasses import dataclass, field
from datetime import datetime

from bus import wakes
from bus.errors import NotFound
from bus.models import Agent, AgentTag, Key
from bus.wakes import Wake
from overview.queries.people import CAP, Person, Wanted, live_keys, people
from overview.queries.presences import Strip, strip

__all__ = ["Detail", "KeyRow", "detail"]

WAKES = 20


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key that still opens something."""

    prefix: str
    label: str
    scope: str
    any_workspace: bool
    workspaces: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything about one agent but its talk."""

    person: Person
    keys: list[KeyRow]
    strip: Strip
    tags: dict[str, str] = field(default_factory=dict)
    wakes: list[Wake] = field(default_factory=list)
    woken: int = 0
    paused_at: datetime | None = None


def detail(name: str, workspace: int | None, now: datetime) -> Detail:
    """Return one agent with its keys and its day; a name that is not of this workspace is not found."""
    agent = Agent.objects.filter(name__iexact=name).values_list("name", "home_id", "wakes", "paused_at").first()
    found = people(workspace, now, Wanted(names=[agent[0]])).rows if agent else []
    if not agent or not found:
        raise NotFound("There is no agent of that name here.", agent=name)
    person = found[0]
    tags = dict(AgentTag.objects.filter(agent_id=person.pk).values_list("key", "value"))
    day = strip(person.name, workspace or agent[1] or 0, person.presence or "offline", now)
    woken = wakes.told(agent[2])
    lately = len(wakes.in_the_last(wakes.HOUR, woken, now))
    return Detail(person, _keys(person.pk, now), day, tags, woken[:WAKES], lately, agent[3])


def _keys(agent: int, now: datetime) -> list[KeyRow]:
    rows = Key.objects.filter(live_keys(now), agent_id=agent).prefetch_related("workspaces").order_by("-pk")[:CAP]
    return [
        KeyRow(
            prefix=key.prefix,
            label=key.label,
            scope=key.scope,
            any_workspace=key.any_workspace,
            workspaces=tuple(each.alias or each.public_id for each in key.workspaces.all()),
            created_at=key.created_at,
            expires_at=key.expires_at,
            last_used_at=key.last_used_at,
        )
        for key in rows
    ]
