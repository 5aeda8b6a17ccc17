"""The agents of a workspace or of all: who each is, whether it is here, what it said, what waits and what it holds."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Concat, Lower

from bus import presence
from bus.models import Agent, Capability, Delivery, Key, Membership, Session
from bus.queries.agents import Counted, in_presence
from handoffs.models import HELD, Handoff, State
from overview.queries import activity

__all__ = [
    "CAP",
    "Held",
    "Lanes",
    "People",
    "Person",
    "Wanted",
    "capabilities",
    "heads",
    "live_keys",
    "people",
    "presence_of",
]


CAP, MANY = 100, 1000
PAGE = 50
PRIORITIES = range(10)
HUMAN = "human"
WORDS = Prefetch("capabilities", Capability.objects.order_by("name"))
PLACE = Concat("kind", Value(":"), Lower("name"))


@dataclass(frozen=True, slots=True)
class Lanes:
    """An inbox: `read` counts mail of the last day and stops at 1,000, the others at 100."""

    unread: int
    delivered: int
    read: int
    parked: int


@dataclass(frozen=True, slots=True)
class Held:
    """Work in hand: `until` is the soonest end of a lease, `to_verify` waits for this person's verdict."""

    claimed: int = 0
    verifying: int = 0
    to_verify: int = 0
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """One agent as the list shows it; `workspace` is the id of its home."""

    pk: int
    name: str
    kind: str
    harness: str
    role: str
    description: str
    presence: str
    is_connected: bool
    last_seen_at: datetime | None
    archived_at: datetime | None
    wakes_by: str
    capabilities: tuple[str, ...]
    lanes: Lanes
    hours: tuple[int, ...]
    held: Held
    keys: int
    sessions: int
    workspace: str

    @property
    def is_agent(self) -> bool:
        """Say whether it is a coding agent, not a person."""
        return self.kind == "agent"


@dataclass(frozen=True, slots=True)
class People:
    """A page of agents by name; `after` is where the next page goes on."""

    rows: list[Person]
    after: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which agents to list; what is empty matches all."""

    presence: str = ""
    capability: str = ""
    text: str = ""
    after: str = ""
    names: Sequence[str] | None = None


ANYBODY = Wanted()


def people(workspace: int | None, now: datetime, wanted: Wanted = ANYBODY, limit: int = PAGE) -> People:
    """Return agents by name, operators last; five queries however many there are."""
    hours = activity.hours(now)
    found = _wanted(_members(workspace), wanted, now)
    if wanted.after:
        found = found.filter(place__gt=wanted.after)
    rows = list(_counted(found, workspace, hours, now).prefetch_related(WORDS).order_by("place")[: limit + 1])
    shown = _persons(rows[:limit], workspace, hours, now)
    return People(shown, rows[limit - 1].place if len(rows) > limit else None)


def _members(workspace: int | None) -> QuerySet[Any]:
    """Return the agents of a workspace and the operators, who belong everywhere."""
    agents = Agent.objects.exclude(kind=Agent.Kind.SYSTEM).annotate(place=PLACE)
    if workspace is None:
        return agents
    joined = Membership.objects.filter(agent_id=OuterRef("pk"), workspace_id=workspace)
    return agents.filter(Q(Exists(joined)) | Q(kind=Agent.Kind.OPERATOR))


def _wanted(agents: QuerySet[Any], wanted: Wanted, now: datetime) -> QuerySet[Any]:
    if wanted.names is not None:
        return agents.filter(name__in=wanted.names)
    agents = agents.filter(archived_at=None)
    if wanted.presence in Agent.Presence.values:
        agents = agents.filter(in_presence(wanted.presence, now), kind=Agent.Kind.AGENT)
    if wanted.capability:
        agents = agents.filter(Exists(Capability.objects.filter(agent_id=OuterRef("pk"), name=wanted.capability)))
    if wanted.text:
        text = wanted.text
        agents = agents.filter(Q(name__icontains=text) | Q(role__icontains=text) | Q(description__icontains=text))
    return agents


def _counted(agents: QuerySet[Any], workspace: int | None, hours: activity.Hours, now: datetime) -> QuerySet[Any]:
    """Count what waits, what was read, keys and sessions of each agent, inside the same query."""
    mail = Delivery.objects.filter(recipient_id=OuterRef("pk"))
    if workspace is not None:
        mail = mail.filter(workspace_id=workspace)
    keys = Key.objects.filter(live_keys(now), agent_id=OuterRef("pk"))
    sessions = Session.objects.filter(agent_id=OuterRef("pk"), closed_at=None)
    counted: QuerySet[Any] = agents.annotate(
        unread=_some(mail.filter(lane="unread")),
        delivered=_some(mail.filter(lane="delivered")),
        parked=_some(mail.filter(lane="parked")),
        # Every priority is named, as the index of inboxes has it before the message.
        read=_some(mail.filter(lane="read", priority__in=PRIORITIES, message_id__gte=hours.first), MANY),
        live_keys=_some(keys),
        open_sessions=_some(sessions),
    )
    return counted.select_related("home")


def _some(rows: QuerySet[Any], most: int = CAP) -> Counted:
    return Counted(rows.values("pk")[:most])


def live_keys(now: datetime) -> Q:
    """Return the filter of keys that still open something."""
    return Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))


def _persons(rows: list[Any], workspace: int | None, hours: activity.Hours, now: datetime) -> list[Person]:
    agents = [row.pk for row in rows]
    said = activity.said(agents, workspace, hours)
    held = _held(workspace, now, {row.pk for row in rows if row.kind == Agent.Kind.OPERATOR})
    return [_person(row, said[row.pk], held.get(row.pk, Held()), now) for row in rows]


def _person(row: Any, hours: tuple[int, ...], held: Held, now: datetime) -> Person:
    return Person(
        pk=row.pk,
        name=row.name,
        kind=row.kind,
        harness=row.harness,
        role=row.role,
        description=row.description,
        presence=presence_of(row, now),
        is_connected=row.connected_until is not None and row.connected_until > now,
        last_seen_at=row.last_seen_at,
        archived_at=row.archived_at,
        wakes_by=row.wakes_by,
        capabilities=tuple(word.name for word in row.capabilities.all()),
        lanes=Lanes(row.unread, row.delivered, row.read, row.parked),
        hours=hours,
        held=held,
        keys=row.live_keys,
        sessions=row.open_sessions,
        workspace=row.home.public_id if row.home else "",
    )


def presence_of(row: Any, now: datetime) -> str:
    """Return the presence of a coding agent; one that left for good is gone however lately it was heard."""
    if row.kind != Agent.Kind.AGENT:
        return ""
    return "offline" if row.archived_at else presence.of(row.last_seen_at, row.connected_until, now)


def _held(workspace: int | None, now: datetime, operators: set[int]) -> dict[int, Held]:
    """Return the work in hand of everybody; a claim whose lease is over is in nobody's hand."""
    held = Handoff.objects.by_state(workspace, HELD).in_states(HELD, now)
    rows = held.order_by().values_list("claimant_id", "state", "lease_until", "creator_id", "verify_by")[:MANY]
    claims: dict[int, list[datetime]] = defaultdict(list)
    verifying: dict[int, int] = defaultdict(int)
    verdicts: dict[int, int] = defaultdict(int)
    for claimant, state, until, creator, verifier in rows:
        if state == State.CLAIMED and until is not None:
            claims[claimant].append(until)
            continue
        verifying[claimant] += 1
        for judge in _judges(creator, verifier, operators):
            verdicts[judge] += 1
    everybody = {*claims, *verifying, *verdicts}
    return {each: _in_hand(claims[each], verifying[each], verdicts[each]) for each in everybody}


def _judges(creator: int, verifier: Any, operators: set[int]) -> Iterable[int]:
    """Return the operators that a finished job waits for."""
    if verifier == HUMAN:
        return operators
    return operators & {creator} if verifier is None else ()


def _in_hand(claims: list[datetime], verifying: int, verdicts: int) -> Held:
    return Held(len(claims), verifying, verdicts, min(claims, default=None))


def heads(workspace: int | None, now: datetime) -> tuple[int, int]:
    """Return how many coding agents are here, and how many are quiet."""
    agents = _members(workspace).filter(kind=Agent.Kind.AGENT, archived_at=None)
    counts = agents.aggregate(
        here=Count("pk", filter=in_presence("present", now)), quiet=Count("pk", filter=in_presence("stale", now))
    )
    return counts["here"], counts["quiet"]


def capabilities(workspace: int | None) -> list[str]:
    """Return the words for what agents can do, at most 100."""
    agents = _members(workspace).filter(archived_at=None).values("pk")
    words = Capability.objects.filter(agent_id__in=agents).order_by("name").values_list("name", flat=True)
    return list(words.distinct()[:CAP])
