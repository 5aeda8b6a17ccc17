"""What became of a message for each recipient: told by the log, and by the delivery where the log was cut."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from bus.models import Delivery, Event
from overview.queries.mailbox.shapes import Receipt, Step, Who

__all__ = ["MOST", "receipts"]

MOST, MOST_EVENTS = 100, 2_000
COLUMNS = ("lane", "delivered_at", "ended_at", "lease_until", "reason", "attempt")
PERSON = ("recipient__name", "recipient__kind", "recipient__harness")
COLOURS = {"leased": "blue", "read": "green", "parked": "red"}


def receipts(pk: int, message: str, sent_at: Any) -> list[Receipt]:
    """Return the first hundred recipients of a message, those with trouble first, each with its steps."""
    rows = list(Delivery.objects.filter(message_id=pk).order_by("pk").values_list(*PERSON, *COLUMNS)[:MOST])
    told: defaultdict[str, list[Step]] = defaultdict(list)
    events = Event.objects.filter(message=message, type__startswith="delivery.").order_by("pk")
    for agent, type_, at, payload in events.values_list("agent", "type", "at", "payload")[:MOST_EVENTS]:
        told[agent].append(_step(type_.removeprefix("delivery."), at, payload))
    found = [_receipt(row, told[row[0]], sent_at) for row in rows]
    return sorted(found, key=lambda each: each.lane != Delivery.Lane.PARKED) if len(found) > 12 else found


def _step(what: str, at: Any, payload: dict[str, Any]) -> Step:
    return Step(_said(what, payload), at, COLOURS.get(what, "amber"), what in COLOURS)


def _said(what: str, payload: dict[str, Any]) -> str:
    reason = payload.get("reason", "")
    if what == "leased":
        return "Lease extended" if payload.get("extended") else f"Delivered, attempt {payload.get('attempt', 1)}"
    if what == "returned":
        return "Given back unread" if reason == "released" else "Not acknowledged in time, unread again"
    words = {"read": "Read", "parked": "Parked", "expired": "Expired", "requeued": "Queued again"}
    said = words.get(what, what.capitalize())
    return f"{said}: {reason}" if reason and reason != "expired" else said


def _receipt(row: Sequence[Any], told: list[Step], sent_at: Any) -> Receipt:
    who, (lane, delivered_at, ended_at, lease_until, reason, _) = Who(*row[:3]), row[3:]
    queued = Step("Queued", sent_at, "blue", is_reached=False)
    seconds = int((ended_at - sent_at).total_seconds()) if lane == Delivery.Lane.READ and ended_at else None
    return Receipt(who, lane, [queued, *(told or _kept(row[3:], delivered_at, ended_at))], reason, lease_until, seconds)


def _kept(row: Sequence[Any], delivered_at: Any, ended_at: Any) -> list[Step]:
    """Return the steps that the delivery itself remembers."""
    lane, *_, reason, attempt = row
    steps = [_step("leased", delivered_at, {"attempt": max(1, attempt)})] if delivered_at else []
    return [*steps, _step(lane, ended_at, {"reason": reason})] if ended_at else steps
