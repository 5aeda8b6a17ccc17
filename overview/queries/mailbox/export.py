"""A thread as plain data, to keep or to send on."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from bus.models import Delivery, Message
from overview.queries.mailbox.thread import members

__all__ = ["exported"]

COLUMNS = (
    *("pk", "public_id", "kind", "sender__name", "sender__kind", "to", "subject", "body", "priority", "metadata"),
    *("references", "reply_to__public_id", "handoff", "sent_at", "expires_at"),
)
NAMES = (
    *("message", "kind", "from", "origin", "to", "subject", "body", "priority", "metadata"),
    *("references", "reply_to", "handoff", "sent_at", "expires_at"),
)


def exported(public_id: str) -> list[dict[str, Any]] | None:
    """Return the thread of a message, oldest first, each with what became of it; None for an unknown message."""
    message = Message.objects.filter(public_id=public_id).values_list("pk", flat=True).first()
    if message is None:
        return None
    rows, _ = members(message)
    receipts = _receipts(rows)
    found = Message.objects.filter(pk__in=rows).order_by("pk").values_list(*COLUMNS)
    return [_plain(dict(zip(NAMES, row[1:], strict=True))) | {"recipients": receipts[row[0]]} for row in found]


def _receipts(rows: list[int]) -> defaultdict[int, list[dict[str, Any]]]:
    found: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    names = ("lane", "attempt", "delivered_at", "ended_at", "reason")
    deliveries = Delivery.objects.filter(message_id__in=rows).order_by("pk")
    for message, agent, *facts in deliveries.values_list("message_id", "recipient__name", *names):
        found[message].append(_plain({"agent": agent, **dict(zip(names, facts, strict=True))}))
    return found


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    """Write instants as text and leave out what is empty."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in facts.items()
        if value not in (None, "", [], {})
    }
