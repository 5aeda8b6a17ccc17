"""What waits for the operator: verdicts, parked mail, work that came back, work whose holder is gone, mail to read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from bus import presence
from bus.directory import AgentEntry, directory
from bus.models import Agent, Delivery, Event, Workspace
from handoffs import verification
from handoffs.models import Handoff, State

__all__ = ["Need", "needs", "needs_count"]

MOST = 50
LATELY = timedelta(hours=1)
PEOPLE = Q(recipient__kind=Agent.Kind.OPERATOR)


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that waits: `kind` is verify, parked, returned, gone or mail; `name` is what the inspector opens."""

    kind: str
    name: str
    title: str
    workspace: str
    who: AgentEntry
    since: datetime | None
    reason: str


def needs(workspace: int | None, now: datetime) -> list[Need]:
    """Return what waits for the operator, at most fifty, in six queries."""
    found: list[Need] = []
    for kind in (_verdicts, _gone, _parked, _returned, _mail):
        found += kind(workspace, now)
    return found[:MOST]


def needs_count(workspace: int | None, now: datetime) -> int:
    """Return how many things wait, at most fifty; what is counted without its rows comes first, as it may suffice."""
    count = 0
    for lane, more in ((Delivery.Lane.PARKED, None), (Delivery.Lane.UNREAD, PEOPLE)):
        count += _waiting(workspace, lane, more)[:MOST].count()
        if count >= MOST:
            return MOST
    return min(MOST, count + sum(1 for kind in (_verdicts, _gone, _returned) for _ in kind(workspace, now)))


def _within(workspace: int | None) -> Q:
    """Name all workspaces too, as the index of types of events begins with the workspace."""
    return Q(workspace_id__in=Workspace.objects.values("pk")) if workspace is None else Q(workspace_id=workspace)


def _live(workspace: int | None, state: State, more: Q | None = None) -> QuerySet[Handoff]:
    rows = Handoff.objects.by_state(workspace, [state.value]).filter(more or Q()).select_related("workspace")
    return rows.defer("body", "payload", "result", "error").order_by("-priority", "pk")[: 4 * MOST]


def _verdicts(workspace: int | None, now: datetime) -> Iterator[Need]:
    """Yield what is finished and waits for a person to verify it."""
    for row in _live(workspace, State.VERIFYING):
        asked = verification.asked(row)
        is_mine = asked is None or (isinstance(asked, AgentEntry) and asked.kind == Agent.Kind.OPERATOR)
        if is_mine and row.last_claimant_id:
            yield _need("verify", row, row.last_claimant_id, "finished it, you give the verdict")


def _gone(workspace: int | None, now: datetime) -> Iterator[Need]:
    """Yield claims whose holder went quiet or away."""
    for row in _live(workspace, State.CLAIMED).select_related("claimant"):
        holder: Any = row.claimant
        if row.has_lapsed(now) or holder.kind != Agent.Kind.AGENT:
            continue
        here = presence.of(holder.last_seen_at, holder.connected_until, now)
        if here != Agent.Presence.PRESENT:
            said = "went quiet" if here == Agent.Presence.STALE else "is gone"
            yield _need("gone", row, holder.pk, f"holds it and {said}", holder.last_seen_at)


def _returned(workspace: int | None, now: datetime) -> Iterator[Need]:
    """Yield open work whose lease ended in the last hour."""
    ended = Event.objects.filter(_within(workspace), type="handoff.lease_ended").order_by("-pk")
    recent = {
        str(name): (agent, at)
        for name, agent, at in reversed(ended.values_list("handoff", "agent", "at")[:MOST])
        if now - at < LATELY
    }
    for row in _live(workspace, State.OPEN, Q(public_id__in=recent)):
        agent, at = recent[row.public_id]
        holder = directory.agent_named(agent)
        if holder is not None:
            yield _need("returned", row, holder.id, "let its lease run out, it is back in the pool", at)


def _need(kind: str, row: Handoff, who: int, reason: str, since: datetime | None = None) -> Need:
    place = row.workspace.public_id
    return Need(kind, row.public_id, row.title, place, directory.agent(who), since or row.claimed_at, reason)


def _parked(workspace: int | None, now: datetime) -> Iterator[Need]:
    """Yield mail that nobody acknowledged."""
    for row in _deliveries(workspace, Delivery.Lane.PARKED):
        reason = f"parked: {row.reason or 'nobody acknowledged it'}"
        yield _letter("parked", row, row.recipient_id, row.ended_at, reason)


def _mail(workspace: int | None, now: datetime) -> Iterator[Need]:
    """Yield what agents wrote to operators."""
    for row in _deliveries(workspace, Delivery.Lane.UNREAD, PEOPLE):
        yield _letter("mail", row, row.message.sender_id, row.message.sent_at, "wrote to you")


def _deliveries(workspace: int | None, lane: str, more: Q | None = None) -> QuerySet[Delivery]:
    rows = _waiting(workspace, lane, more).order_by("-pk")
    return rows.select_related("message", "workspace").defer("message__body")[:MOST]


def _waiting(workspace: int | None, lane: str, more: Q | None) -> QuerySet[Delivery]:
    return Delivery.objects.filter(_within(workspace), more or Q(), lane=lane)


def _letter(kind: str, row: Delivery, who: int, since: datetime | None, reason: str) -> Need:
    message = row.message
    return Need(kind, message.public_id, message.subject, row.workspace.public_id, directory.agent(who), since, reason)
