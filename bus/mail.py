"""Putting a message and its deliveries into the tables, and taking back what nobody needs to read any more."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bus import deadlines, events, ids
from bus.directory import AgentEntry, directory
from bus.identity import Caller
from bus.models import Delivery, Message
from bus.prepared import insert, prepared

__all__ = ["Draft", "expire", "post", "withdraw"]

MESSAGE = insert(
    Message,
    "public_id",
    "workspace",
    "kind",
    "sender",
    "to",
    "subject",
    "body",
    "priority",
    "metadata",
    "references",
    "reply_to",
    "handoff",
    "sent_at",
    "expires_at",
)
DELIVERY = insert(
    Delivery,
    "message",
    "recipient",
    "workspace",
    "lane",
    "priority",
    "attempt",
    "lease_until",
    "expires_at",
    "delivered_at",
    "ended_at",
    "reason",
)
PULLABLE = ("unread", "delivered")
OFFERS = prepared(
    lambda handoff: (
        # Lanes are told apart afterwards: by their index the database would walk all waiting mail.
        Delivery.objects.filter(message__handoff=handoff, message__kind="handoff")
        .order_by("pk")
        .values_list("pk", "recipient_id", "message__public_id", "lane")
    ),
    str,
)
EXPIRE = prepared(
    lambda now, reason, pk: (
        Delivery.objects.filter(pk=pk, lane__in=PULLABLE),
        {"lane": "expired", "lease_until": None, "ended_at": now, "reason": reason},
    ),
    datetime,
    str,
    int,
)


@dataclass(slots=True)
class Draft:
    """A message before it has an id."""

    kind: str
    subject: str
    body: str = ""
    to: Any = None
    priority: int = 5
    reply_to: int | None = None
    handoff: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    references: list[dict[str, Any]] = field(default_factory=list)
    expires_at: datetime | None = None


def post(caller: Caller, draft: Draft, recipients: Sequence[AgentEntry]) -> str:
    """Insert the message, a delivery a recipient and `message.created`; return the public id. Three statements."""
    public_id = ids.new("msg", caller.now)
    message = MESSAGE.one(
        public_id,
        caller.workspace.id,
        draft.kind,
        caller.agent.id,
        events.compact(draft.to),
        draft.subject,
        draft.body,
        draft.priority,
        events.compact(draft.metadata),
        events.compact(draft.references),
        draft.reply_to,
        draft.handoff,
        caller.now,
        draft.expires_at,
    )
    DELIVERY.many(
        (message, agent.id, caller.workspace.id, "unread", draft.priority, 0, None, draft.expires_at, None, None, "")
        for agent in recipients
    )
    payload: dict[str, Any] = {
        "kind": draft.kind,
        "to": [agent.name for agent in recipients],
        "priority": draft.priority,
    }
    if draft.expires_at is not None:
        payload["expires_at"] = draft.expires_at.isoformat()
        deadlines.note("message_expiry", draft.expires_at, caller.now)
    events.record(caller, "message.created", payload, message=public_id, handoff=draft.handoff)
    return public_id


def withdraw(caller: Caller, handoff: str, *, but: int | None = None, reason: str = "taken") -> int:
    """Expire what still asks to take or judge `handoff`, except of the agent `but`; return how many deliveries.

    Only messages of kind `handoff` ask; what tells of a handoff stays until it is read.
    """
    return sum(
        expire(caller, delivery, directory.agent(recipient).name, message, reason)
        for delivery, recipient, message, lane in OFFERS.rows(handoff)
        if lane in PULLABLE and recipient != but
    )


def expire(caller: Caller, delivery: int, agent: str, message: str, reason: str) -> bool:
    """Move one pullable delivery to `expired` and record it; False when somebody was faster."""
    if not EXPIRE.run(caller.now, reason, delivery):
        return False
    events.record(caller, "delivery.expired", {"reason": reason}, message=message, agent=agent)
    return True
