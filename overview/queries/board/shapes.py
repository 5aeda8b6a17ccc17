"""A card of the board."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import Q

from bus import knobs
from bus.directory import AgentEntry, directory
from bus.models import Agent
from bus.text import shorten
from handoffs import pool, verification
from handoffs.models import CLOSED, Handoff, State
from overview.queries.graph.shapes import label

__all__ = ["Card", "Present", "card", "present"]

LONGEST = 140
Present = list[AgentEntry]


@dataclass(frozen=True, slots=True)
class Card:
    """What the board shows of a handoff; agents are entries of the directory."""

    pk: int
    handoff: str
    workspace: str
    title: str
    state: str
    priority: int
    creator: AgentEntry
    claimant: AgentEntry | None
    target: AgentEntry | None
    to: str
    created_at: datetime
    closed_at: datetime | None
    claimed_at: datetime | None
    lease_until: datetime | None
    lease_seconds: int
    epoch: int
    attempts: int
    max_attempts: int
    said: str
    has_lapsed: bool
    paths: list[str]
    eligible: int
    verifier: str
    capabilities: str

    @property
    def since(self) -> datetime:
        """Return the instant that the card's age counts from."""
        return self.closed_at or self.claimed_at or self.created_at

    @property
    def order(self) -> str:
        """Return what its column sorts by, as text: see `ORDERS`."""
        if self.state == State.OPEN:
            return f"{9 - self.priority}.{self.pk:012}"
        return (self.lease_until or self.since).astimezone(UTC).isoformat(timespec="microseconds")

    @property
    def urgency(self) -> int:
        """Return how many of three bars its priority fills."""
        return 3 if self.priority >= 8 else 2 if self.priority >= 5 else 1


def present(now: datetime) -> Present:
    """Return the agents that are present."""
    after = now - timedelta(seconds=knobs.get("presence_stale_after"))
    heard = Q(last_seen_at__gt=after) | Q(connected_until__gt=now)
    names = Agent.objects.filter(heard, kind=Agent.Kind.AGENT, archived_at=None).values_list("name", flat=True)
    return [entry for name in names if (entry := directory.agent_named(name)) is not None]


def card(rows: Iterable[Any], here: Present, now: datetime) -> list[Card]:
    """Return rows as cards, without a query."""
    count = lru_cache(maxsize=None)(lambda text, workspace: _fitting(text, workspace, here))
    return [_card(row, count, now) for row in rows]


def _fitting(text: str, workspace: int, here: Present) -> int:
    return sum(workspace in agent.memberships and pool.fits(agent, text) for agent in here)


def _card(row: Handoff, count: Any, now: datetime) -> Card:
    state = row.state_at(now)
    is_open = state == State.OPEN
    return Card(
        pk=row.pk,
        handoff=row.public_id,
        workspace=row.workspace.public_id,
        title=row.title,
        state=state,
        priority=row.priority,
        creator=directory.agent(row.creator_id),
        claimant=directory.agent(row.last_claimant_id) if row.last_claimant_id and not is_open else None,
        target=directory.agent(row.target_id) if row.target_id else None,
        to=label(row.to),
        created_at=row.created_at,
        closed_at=row.closed_at,
        claimed_at=None if is_open else row.claimed_at,
        lease_until=row.lease_until if state == State.CLAIMED else None,
        lease_seconds=row.lease_seconds,
        epoch=row.epoch,
        attempts=row.attempts,
        max_attempts=row.max_attempts,
        said=shorten(_said(row, state), LONGEST)[0],
        has_lapsed=is_open and (row.has_lapsed(now) or bool(row.last_claimant_id)),
        paths=row.paths,
        eligible=(1 if row.target_id else count(row.pool, row.workspace_id)) if is_open else 0,
        verifier=_verifier(row) if row.acceptance_criteria else "",
        capabilities=" ".join(_words(row.pool)),
    )


def _said(row: Handoff, state: str) -> str:
    """Return what was said of it last."""
    if state == State.COMPLETED:
        return row.feedback or _text(row.result)
    if state in CLOSED:
        return row.reason or _text(row.error)
    return row.note or row.reason


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {each}" for name, each in value.items() if isinstance(each, str | int | float))
    return "" if value is None else str(value)


def _verifier(row: Handoff) -> str:
    said = verification.described(row)
    return "you" if said == verification.HUMAN else label(said)


def _words(text: str) -> list[str]:
    """Return the capabilities that a pool names."""
    found: list[str] = []
    for part in pool.parts(text):
        wanted = getattr(part, "capability", None)
        if wanted:
            found += [wanted] if isinstance(wanted, str) else wanted
    return found
