"""The live handoffs of the graph."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Case, IntegerField, Value, When

from bus.models import Event
from handoffs.models import LIVE, Handoff, HandoffQuerySet, State
from overview.queries.graph.shapes import ADDRESSING, MOST_WORK, Work, label

__all__ = ["Held", "holders", "holding", "then", "work_now"]

MOST_SAID = 200  # as many characters of a note as the log keeps
OTHERS = "others"
TELLING = (*ADDRESSING, "handoff.claimed", "handoff.renewed", "handoff.failed_verification")
TOLD = ("pk", "handoff", "type", "at", "agent", "payload")
IN_HAND_FIRST = Case(When(claimant=None, then=Value(1)), default=Value(0), output_field=IntegerField())
Held = Mapping[str, Mapping[str, Any]]


def live(workspace: int | None) -> HandoffQuerySet:
    """Return the live handoffs of a workspace."""
    return Handoff.objects.by_state(workspace, LIVE)


def work_now(workspace: int | None, now: datetime) -> list[Work]:
    """Return the live handoffs, those in hand first, then the newest; a claim whose lease is over is open."""
    rows = live(workspace).select_related("creator", "claimant").order_by(IN_HAND_FIRST, "-pk")[:MOST_WORK]
    found = (_work(row, row.claimant.name if row.claimant else "", now) for row in rows)
    return [work for work in found if work is not None]


def _work(row: Handoff, claimant: str, now: datetime) -> Work | None:
    """Return a row as the graph shows it at an instant, or None where it is over."""
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
        claimant=claimant if is_held else None,
        lease_until=row.lease_until if is_held else None,
        lease_seconds=row.lease_seconds,
        created_at=row.created_at,
        claimed_at=row.claimed_at if is_held else None,
        priority=row.priority,
        note=row.note[:MOST_SAID] or None,
        eligible=[],
    )


def holders(workspace: int | None, now: datetime) -> list[str]:
    """Return who holds each handoff in hand, by name, one entry a handoff."""
    held = live(workspace).in_time(now).exclude(claimant=None).exclude(state=State.CLAIMED.value, lease_until__lte=now)
    return list(held.order_by().values_list("claimant__name", flat=True))


def holding(held: Held, work: Iterable[Work]) -> list[str | None]:
    """Return the same from folded handoffs: of those that are shown from the `work`, which knows whose lease is over."""
    return [each.claimant for each in work] + [held[name]["claimant"] for name in _in_hand_first(held)[MOST_WORK:]]


def _in_hand_first(held: Held) -> list[str]:
    return sorted(sorted(held, reverse=True), key=lambda name: not held[name]["claimant"])


def then(held: Held, position: int, at: datetime) -> list[Work]:
    """Return folded handoffs as they were at an instant, with what their rows and the log up to a row id say of them."""
    shown = _in_hand_first(held)[:MOST_WORK]
    told = _told(shown, position)
    rows = list(Handoff.objects.filter(public_id__in=shown).select_related("creator").order_by("-pk"))
    rows.sort(key=lambda row: not held[row.public_id]["claimant"])
    found = (_then(row, held[row.public_id], told[row.public_id], at) for row in rows)
    return [work for work in found if work is not None]


@dataclass(slots=True)
class Told:
    """What the log says of a handoff up to an instant; `to` is set where it was given to somebody else later."""

    claimed_at: datetime | None = None
    lease_until: datetime | None = None
    note: str = ""
    to: str | None = None


def _told(names: Iterable[str], position: int) -> dict[str, Told]:
    """Return what the log says of handoffs up to a row id, and to whom each was directed then."""
    told: dict[str, Told] = defaultdict(Told)
    directed: dict[str, str] = {}
    events = Event.objects.filter(handoff__in=list(names), type__in=TELLING).order_by("pk")
    for pk, handoff, type_, at, agent, payload in events.values_list(*TOLD):
        each = told[str(handoff)]
        is_address = type_ in ADDRESSING and payload.get("reason") != "fallback"
        if pk > position:
            each.to = directed.get(str(handoff), "") or OTHERS if is_address and each.to is None else each.to
        elif is_address:
            directed[str(handoff)] = agent
        elif type_ not in ADDRESSING:
            each.claimed_at = at if type_ == "handoff.claimed" else each.claimed_at
            each.lease_until = datetime.fromisoformat(payload["lease_until"])
            each.note = payload.get("note") or each.note
    return told


def _then(row: Handoff, was: Mapping[str, Any], told: Told, at: datetime) -> Work | None:
    """Return a handoff as it was: its row is put back to what the log says, and never saved."""
    row.state, row.attempts, row.note = was["state"], was["attempts"], told.note
    row.claimed_at = told.claimed_at
    row.lease_until = told.lease_until if was["state"] == State.CLAIMED else None
    row.to = row.to if told.to is None else told.to
    work = _work(row, was["claimant"], at)
    if work is None or work.state != State.OPEN or told.to in (None, OTHERS):
        return work
    return replace(work, eligible=[str(told.to)])
