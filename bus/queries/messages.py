"""Looking at one's own messages; operators see all of a workspace."""

from collections.abc import Iterable
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
    """Return the messages of the workspace that the caller sent or received, and what was posted in topics; all for operators."""
    messages = Message.objects.filter(workspace_id=caller.workspace.id)
    if caller.is_operator:
        return messages
    got = Exists(_deliveries().filter(recipient_id=caller.agent.id))
    return messages.filter(Q(sender_id=caller.agent.id) | Q(kind=Message.Kind.TOPIC) | got)


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
    before = cursors.decode("messages", order.cursor)[0] if order.cursor is not None else None
    sources = [each.filter(_wanted(caller, order)) for each in _own(caller)]
    rows = _newest(sources, order.limit + 1, before)
    views = page(_with_lanes(caller, rows[: order.limit]))
    more = len(views) < len(rows)
    return Messages(messages=views, next_cursor=cursors.encode("messages", rows[len(views) - 1][0]) if more else None)


def _own(caller: Caller) -> list[QuerySet[Message]]:
    """Return what the caller sent, what waits for it and what left its inbox, each in the order of an index of its own."""
    me, workspace = caller.agent.id, caller.workspace.id
    if caller.is_operator:
        return [visible_to(caller).order_by("-pk")]
    inbox: dict[str, Any] = {"deliveries__recipient_id": me, "deliveries__workspace_id": workspace}
    return [
        _sent(workspace, me),
        Message.objects.filter(**inbox, deliveries__lane__in=("unread", "delivered")).order_by("-pk"),
        Message.objects.filter(**inbox, deliveries__ended_at__isnull=False).order_by("-deliveries__message_id"),
    ]


def _sent(workspace: int, sender: int) -> QuerySet[Message]:
    return Message.objects.filter(sender_id=sender, workspace_id=workspace).order_by("-pk")


def own_numbers(caller: Caller, rows: Q, most: int) -> list[int]:
    """Return the numbers of the newest messages that the caller may see, that many of those among `rows`; newest first."""
    found = {pk for source in _own(caller) for pk in source.filter(rows).values_list("pk", flat=True)[:most]}
    return sorted(found, reverse=True)[:most]


def _newest(sources: Iterable[QuerySet[Message]], most: int, before: int | None) -> list[Any]:
    """Return the newest rows of several sources, before one where it is given: their number and PLAIN."""
    older = Q() if before is None else Q(pk__lt=before)
    found = {pk for source in sources for pk in source.filter(older).values_list("pk", flat=True)[:most]}
    newest = sorted(found, reverse=True)[:most]
    return list(Message.objects.filter(pk__in=newest).order_by("-pk").values_list("pk", *PLAIN))


def _wanted(caller: Caller, order: MessageList) -> Q:
    """Match what the order's filters leave."""
    wanted = Q(**{name: value for name, value in (("kind", order.kind), ("sent_at__gte", order.since)) if value})
    if order.query is not None:
        wanted &= Q(subject__icontains=order.query) | Q(body__icontains=order.query)
    if order.peer is not None:
        wanted &= _with_peer(caller, order.peer)
    if order.lane is not None:
        mine = Q() if caller.is_operator else Q(recipient_id=caller.agent.id) | Q(message__sender_id=caller.agent.id)
        wanted &= Q(Exists(_deliveries().filter(mine, lane=order.lane)))
    return wanted


def _with_peer(caller: Caller, peer: str) -> Q:
    """Match messages between the caller and a peer; for operators those of the peer."""
    other = audience.known(caller, peer).id
    received = Q(Exists(_deliveries().filter(recipient_id=other)))
    if caller.is_operator and other != caller.agent.id:
        return Q(sender_id=other) | received
    return Q(sender_id=other) | (Q(sender_id=caller.agent.id) & received)


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
    own, workspace = caller.agent.id, caller.workspace.id
    sources = [
        _sent(workspace, sender).filter(Exists(_deliveries().filter(recipient_id=recipient)))
        for sender, recipient in ((own, peer), (peer, own))
    ]
    rows = _newest(sources, limit, before)
    return _with_lanes(caller, rows), [row[0] for row in rows]
