"""Taking mail out of one's inbox: leases, receipts, and giving back."""

from datetime import datetime, timedelta
from typing import Any

from bus import audience, deadlines, events, knobs, leases, mail
from bus.errors import Conflict, InvalidInput, NotFound
from bus.identity import Caller
from bus.letters import COLUMNS, letter, page
from bus.models import Delivery
from bus.prepared import prepared
from bus.schemas.inbox import (
    Acked,
    Extended,
    InboxAck,
    InboxExtend,
    InboxPull,
    InboxRelease,
    InboxRequeue,
    NotAcked,
    Pulled,
    Released,
    Requeued,
)
from bus.schemas.messages import MessageView

__all__ = ["inbox_ack", "inbox_extend", "inbox_pull", "inbox_release", "inbox_requeue"]

WAITING = prepared(
    lambda agent, workspace: (
        Delivery.objects.filter(recipient_id=agent, workspace_id=workspace, lane="unread")
        .order_by("-priority", "message_id")
        .values_list("pk", "attempt", "expires_at", *COLUMNS)
    ),
    int,
    int,
)
LEASE = prepared(
    lambda until, now, attempt, pk: (
        Delivery.objects.filter(pk=pk, lane="unread"),
        {"lane": "delivered", "lease_until": until, "delivered_at": now, "attempt": attempt},
    ),
    datetime,
    datetime,
    int,
    int,
)
MINE = prepared(
    lambda message, agent, workspace: Delivery.objects.filter(
        message__public_id=message, recipient_id=agent, workspace_id=workspace
    ).values_list("pk", "lane", "reason", "attempt"),
    str,
    int,
    int,
)
READ = prepared(
    lambda now, pk: (
        Delivery.objects.filter(pk=pk, lane__in=("unread", "delivered", "parked")),
        {"lane": "read", "lease_until": None, "ended_at": now, "reason": ""},
    ),
    datetime,
    int,
)


def inbox_pull(caller: Caller, order: InboxPull) -> Pulled:
    """Take your unread messages, most urgent and oldest first, under a lease; `inbox_ack` them when done.

    What is not acknowledged before its lease ends comes back.
    """
    seconds = _lease_seconds(order.lease_seconds, "lease_seconds")
    until = caller.now + timedelta(seconds=seconds)
    leases.end_over(caller, agent_id=caller.agent.id)
    rows = _unexpired(caller, order.limit)
    letters = [letter(row[3:], lane="delivered", attempt=row[1] + 1, until=until) for row in rows]
    if order.headers_only:
        for view in letters:
            view.body = None
    taken = letters if order.limit == 1 else page(letters)
    for row, view in zip(rows, taken, strict=False):
        _lease(caller, row, view, until)
    if taken:
        deadlines.note(leases.LEASES, until, caller.now)
    return Pulled(messages=taken, waiting=audience.unread(caller.agent.id, caller.workspace.id))


def _lease_seconds(seconds: int | None, field: str) -> int:
    low, high = knobs.get("inbox_lease_min"), knobs.get("inbox_lease_max")
    if seconds is None:
        return min(max(knobs.get("inbox_lease_default"), low), high)
    if not low <= seconds <= high:
        raise InvalidInput(f"`{field}` takes {low} to {high} seconds, not {seconds}.", field=field, low=low, high=high)
    return seconds


def _unexpired(caller: Caller, limit: int) -> list[Any]:
    """Return up to `limit` unread rows; those past their time become expired on the way."""
    while True:
        rows = WAITING.rows(caller.agent.id, caller.workspace.id, most=limit)
        over = [row for row in rows if row[2] is not None and row[2] <= caller.now]
        if not over:
            return rows
        for row in over:
            mail.expire(caller, row[0], caller.agent.name, row[3], "expired")


def _lease(caller: Caller, row: Any, view: MessageView, until: datetime) -> None:
    LEASE.run(until, caller.now, row[1] + 1, row[0])
    payload = {"attempt": row[1] + 1, "lease_until": until.isoformat()}
    events.record(caller, "delivery.leased", payload, message=view.message, agent=caller.agent.name)


def inbox_ack(caller: Caller, order: InboxAck) -> Acked:
    """Mark messages as read, so that they do not come back; the sender can see it."""
    acked, refused = [], []
    for message, (pk, lane, reason, _) in _mine(caller, order.messages):
        if lane == "expired":
            refused.append(NotAcked(message=message, lane=lane, reason=reason or None))
            continue
        if READ.run(caller.now, pk):
            events.record(caller, "delivery.read", message=message, agent=caller.agent.name)
        acked.append(message)
    return Acked(acked=acked, not_acked=refused or None)


def _mine(caller: Caller, messages: list[str]) -> list[tuple[str, Any]]:
    """Return each message once with its row, or raise `NotFound` naming those that are not in the inbox."""
    found = [(each, MINE.first(each, caller.agent.id, caller.workspace.id)) for each in dict.fromkeys(messages)]
    missing = [message for message, row in found if row is None]
    if missing:
        raise NotFound("Some of these messages are not in your inbox.", messages=missing[:20])
    return found


def _leased(caller: Caller, messages: list[str]) -> list[tuple[str, Any]]:
    leases.end_over(caller, agent_id=caller.agent.id)
    found = _mine(caller, messages)
    others = {message: row[1] for message, row in found if row[1] != "delivered"}
    if others:
        raise Conflict("You hold no lease on some of these messages.", hint="Pull them again.", lanes=others)
    return found


def inbox_extend(caller: Caller, order: InboxExtend) -> Extended:
    """Lengthen your leases on messages that take longer; all or none."""
    until = caller.now + timedelta(seconds=_lease_seconds(order.seconds, "seconds"))
    found = _leased(caller, order.messages)
    deadlines.note(leases.LEASES, until, caller.now)
    for message, (pk, _, _, attempt) in found:
        Delivery.objects.filter(pk=pk, lane="delivered").update(lease_until=until)
        payload = {"attempt": attempt, "lease_until": until.isoformat(), "extended": True}
        events.record(caller, "delivery.leased", payload, message=message, agent=caller.agent.name)
    rows = Delivery.objects.filter(pk__in=[row[0] for _, row in found]).values_list("attempt", *COLUMNS)
    views = [letter(row[1:], lane="delivered", attempt=row[0], until=until) for row in rows]
    for view in views:
        view.body = None
    return Extended(messages=views)


def inbox_release(caller: Caller, order: InboxRelease) -> Released:
    """Give leased messages back unread; all or none, and the attempt counts."""
    found = _leased(caller, order.messages)
    for message, (pk, *_) in found:
        Delivery.objects.filter(pk=pk, lane="delivered").update(lane="unread", lease_until=None)
        events.record(caller, "delivery.returned", {"reason": "released"}, message=message, agent=caller.agent.name)
    return Released(released=[message for message, _ in found])


def inbox_requeue(caller: Caller, order: InboxRequeue) -> Requeued:
    """Deliver a parked message again, with its attempts counted anew."""
    parked = Delivery.objects.filter(
        message__public_id=order.message, message__workspace_id=caller.workspace.id, lane="parked"
    ).select_related("recipient")
    if order.agent is not None:
        parked = parked.filter(recipient__name__iexact=order.agent)
    rows = list(parked)
    if not rows:
        raise NotFound("No delivery of such a message is parked.", message=order.message)
    for delivery in rows:
        Delivery.objects.filter(pk=delivery.pk, lane="parked").update(
            lane="unread", attempt=0, ended_at=None, reason=""
        )
        if delivery.expires_at is not None:
            deadlines.note(leases.EXPIRY, delivery.expires_at, caller.now)
        events.record(caller, "delivery.requeued", message=order.message, agent=delivery.recipient.name)
    return Requeued(message=order.message, agents=[delivery.recipient.name for delivery in rows])
