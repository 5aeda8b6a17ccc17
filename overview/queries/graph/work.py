"""The live handoffs of the graph."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any

from django.db.models import Case, IntegerField, QuerySet, Value, When

from bus.directory import AgentEntry, directory
from bus.models import Agent, Event
from handoffs import pool
from handoffs.models import LIVE, Handoff, State
from overview.queries.graph.shapes import MOST_WORK, Node, Work, label

__all__ = ["Held", "holders", "holding", "then", "with_eligible", "work_now"]

MOST_ELIGIBLE = 8
LEASES = ("handoff.claimed", "handoff.renewed", "handoff.failed_verification")
IN_HAND_FIRST = Case(When(claimant=None, then=Value(1)), default=Value(0), output_field=IntegerField())
Held = Mapping[str, Mapping[str, Any]]


def live(workspace: int | None) -> QuerySet[Handoff]:
    """Return the live handoffs of a workspace."""
    rows = Handoff.objects.filter(state__in=LIVE)
    return rows if workspace is None else rows.filter(workspace_id=workspace)


def work_now(workspace: int | None, now: datetime) -> list[Work]:
    """Return the live handoffs, those in hand first, then the newest; a claim whose lease is over is open."""
    rows = live(workspace).select_related("creator", "claimant").order_by(IN_HAND_FIRST, "-pk")[:MOST_WORK]
    return [found for row in rows if (found := _now(row, now)) is not None]


def _now(row: Handoff, now: datetime) -> Work | None:
    state = row.state_at(now)
    if state not in LIVE:
        return None
    is_held = state != State.OPEN
    return Work(
        handoff=row.public_id,
        title=row.title,
        state=state,
        from_=row.creator.name,
        to=label(row.to),
        claimant=row.claimant.name if is_held and row.claimant else None,
        lease_until=row.lease_until if is_held else None,
        lease_seconds=row.lease_seconds,
        created_at=row.created_at,
        claimed_at=row.claimed_at if is_held else None,
        priority=row.priority,
        note=row.note or None,
        eligible=[],
    )


def holders(workspace: int | None, now: datetime) -> list[str]:
    """Return who holds each handoff in hand, by name, one entry a handoff."""
    held = live(workspace).exclude(claimant=None).exclude(state=State.CLAIMED.value, lease_until__lte=now)
    return list(held.order_by().values_list("claimant__name", flat=True))


def holding(held: Held) -> list[str]:
    """Return the same from folded handoffs."""
    return [each["claimant"] for each in held.values() if each["claimant"]]


def then(workspace: int | None, held: Held, position: int) -> list[Work]:
    """Return folded handoffs as they were, with what their rows and the log up to a row id say of them."""
    shown = sorted(held, key=lambda name: (not held[name]["claimant"], name))[:MOST_WORK]
    rows = Handoff.objects.filter(public_id__in=shown).select_related("creator")
    leases, notes = _leases(shown, position)
    return [_then(row, held[row.public_id], leases.get(row.public_id), notes.get(row.public_id)) for row in rows]


def _leases(names: Iterable[str], position: int) -> tuple[dict[str, tuple[datetime, str | None]], dict[str, str]]:
    """Return when each was claimed and until when, and what was said last, up to a row id."""
    events = Event.objects.filter(handoff__in=list(names), type__in=LEASES, pk__lte=position).order_by("pk")
    leases: dict[str, tuple[datetime, str | None]] = {}
    notes: dict[str, str] = {}
    for handoff, type_, at, payload in events.values_list("handoff", "type", "at", "payload"):
        name = str(handoff)
        began = at if type_ == "handoff.claimed" or name not in leases else leases[name][0]
        leases[name] = (began, payload.get("lease_until"))
        notes[name] = payload.get("note") or notes.get(name, "")
    return leases, notes


def _then(row: Handoff, was: Mapping[str, Any], lease: tuple[datetime, str | None] | None, note: str | None) -> Work:
    began, until = lease if lease and was["claimant"] else (None, None)
    is_counted = was["state"] == State.CLAIMED and until is not None
    return Work(
        handoff=row.public_id,
        title=row.title,
        state=was["state"],
        from_=row.creator.name,
        to=label(row.to),
        claimant=was["claimant"] or None,
        lease_until=datetime.fromisoformat(str(until)) if is_counted else None,
        lease_seconds=row.lease_seconds,
        created_at=row.created_at,
        claimed_at=began,
        priority=row.priority,
        note=note or None,
        eligible=[],
    )


def with_eligible(found: list[Work], here: list[Node]) -> list[Work]:
    """Return the work, open pieces with the names of those present who may take them, at most eight."""
    present = [entry for node in here if node.presence == "present" and (entry := directory.agent_named(node.name))]
    open_ones = [each.handoff for each in found if each.state == State.OPEN]
    rows = Handoff.objects.filter(public_id__in=open_ones).values_list("public_id", "target__name", "pool")
    fitting = lru_cache(maxsize=None)(lambda text: _fitting(text, present))
    names = {public_id: [target] if target else fitting(text) for public_id, target, text in rows}
    return [replace(each, eligible=names.get(each.handoff, [])) for each in found]


def _fitting(text: str, present: list[AgentEntry]) -> list[str]:
    fits = (agent.name for agent in present if agent.kind == Agent.Kind.AGENT and pool.fits(agent, text))
    return list(islice(fits, MOST_ELIGIBLE))
