"""Looking at one's own messages; operators see all of a workspace."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from bus import audience, cursors
from bus.errors import NotFound
from bus.identity import Caller
from bus.letters import COLUMNS, letter, page
from bus.models import Delivery, Message
from bus.schemas.messages import (
    DeliveryView,
    MessageGet,
    MessageGot,
    MessageList,
    Messages,
    MessageStatus,
    MessageView,
    Status,
)

__all__ = ["message_get", "message_list", "message_status"]

PLAIN = tuple(column.removeprefix("message__") for column in COLUMNS)


def visible_to(caller: Caller) -> QuerySet[Message]:
    """Return the messages of the workspace that the caller sent or received; all for operators."""
    messages = Message.objects.filter(workspace_id=caller.workspace.id)
    if caller.is_operator:
        return messages
    return messages.filter(Q(sender_id=caller.agent.id) | Exists(_deliveries().filter(recipient_id=caller.agent.id)))


def _deliveries() -> QuerySet[Delivery]:
    return Delivery.objects.filter(message_id=OuterRef("pk"))


def message_get(caller: Caller, order: MessageGet) -> MessageGot:
    """Read one message you sent or received, in full."""
    row = visible_to(caller).filter(public_id=order.message).values_list("pk", *PLAIN).first()
    if row is None:
        raise NotFound("There is no such message for you.", message=order.message)
    own = Delivery.objects.filter(message_id=row[0], recipient_id=caller.agent.id).first()
    view = letter(row[1:])
    if own is not None:
        view.lane, view.attempt, view.lease_until = own.lane, own.attempt, own.lease_until
    return MessageGot(**dict(view))


def message_status(caller: Caller, order: MessageStatus) -> Status:
    """See what became of a message you sent: one line a recipient with its lane, attempts and times."""
    messages = Message.objects.filter(workspace_id=caller.workspace.id, public_id=order.message)
    if not caller.is_operator:
        messages = messages.filter(sender_id=caller.agent.id)
    message = messages.first()
    if message is None:
        raise NotFound("You sent no such message.", message=order.message)
    deliveries = message.deliveries.select_related("recipient").order_by("pk")
    return Status(
        message=message.public_id, sent_at=message.sent_at, recipients=[_receipt(each) for each in deliveries]
    )


def _receipt(delivery: Delivery) -> DeliveryView:
    return DeliveryView(
        agent=delivery.recipient.name,
        lane=delivery.lane,
        attempt=delivery.attempt,
        delivered_at=delivery.delivered_at,
        lease_until=delivery.lease_until,
        read_at=delivery.ended_at if delivery.lane == Delivery.Lane.READ else None,
        ended_at=delivery.ended_at,
        reason=delivery.reason or None,
    )


def message_list(caller: Caller, order: MessageList) -> Messages:
    """List messages you sent or received, newest first; filter by peer, kind, lane, time or text."""
    messages = visible_to(caller).filter(**_filters(order))
    if order.query is not None:
        messages = messages.filter(Q(subject__icontains=order.query) | Q(body__icontains=order.query))
    if order.peer is not None:
        messages = messages.filter(_with_peer(caller, order.peer))
    if order.lane is not None:
        mine = Q() if caller.is_operator else Q(recipient_id=caller.agent.id) | Q(message__sender_id=caller.agent.id)
        messages = messages.filter(Exists(_deliveries().filter(mine, lane=order.lane)))
    if order.cursor is not None:
        messages = messages.filter(pk__lt=cursors.decode("messages", order.cursor)[0])
    return _page(caller, messages, order.limit)


def _filters(order: MessageList) -> dict[str, object]:
    wanted = {"kind": order.kind, "sent_at__gte": order.since}
    return {name: value for name, value in wanted.items() if value is not None}


def _with_peer(caller: Caller, peer: str) -> Q:
    """Match messages between the caller and a peer; for operators those of the peer."""
    other = audience.known(caller, peer).id
    received = Q(Exists(_deliveries().filter(recipient_id=other)))
    if caller.is_operator and other != caller.agent.id:
        return Q(sender_id=other) | received
    return Q(sender_id=other) | (Q(sender_id=caller.agent.id) & received)


def _page(caller: Caller, messages: QuerySet[Message], limit: int) -> Messages:
    rows = list(messages.order_by("-pk").values_list("pk", *PLAIN)[: limit + 1])
    views = page(_with_lanes(caller, rows[:limit]))
    more = len(views) < len(rows)
    return Messages(messages=views, next_cursor=cursors.encode("messages", rows[len(views) - 1][0]) if more else None)


def _with_lanes(caller: Caller, rows: list[tuple[Any, ...]]) -> list[MessageView]:
    """Return the views, each with the lane of the caller's own delivery where there is one."""
    own = Delivery.objects.filter(message_id__in=[row[0] for row in rows], recipient_id=caller.agent.id)
    lanes: dict[int, tuple[Any, ...]] = {
        row[0]: row[1:] for row in own.values_list("message_id", "lane", "attempt", "lease_until")
    }
    views = []
    for row in rows:
        lane, attempt, until = lanes.get(row[0], (None, None, None))
        views.append(letter(row[1:], lane=lane, attempt=attempt, until=until))
    return views


def between(caller: Caller, peer: int, *, limit: int, before: int | None) -> tuple[list[MessageView], list[int]]:
    """Return the messages of the caller and a peer, newest first, and their row numbers."""
    own = caller.agent.id
    received = _deliveries()
    both = Q(sender_id=own) & Q(Exists(received.filter(recipient_id=peer)))
    both |= Q(sender_id=peer) & Q(Exists(received.filter(recipient_id=own)))
    messages = Message.objects.filter(both, workspace_id=caller.workspace.id)
    if before is not None:
        messages = messages.filter(pk__lt=before)
    rows = list(messages.order_by("-pk").values_list("pk", *PLAIN)[:limit])
    return _with_lanes(caller, rows), [row[0] for row in rows]
