"""Looking into one's own inbox without changing a lane."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from bus import audience, cursors, knobs
from bus.identity import Caller
from bus.letters import COLUMNS, letter, page
from bus.models import Delivery
from bus.prepared import prepared
from bus.schemas.inbox import Counts, InboxCount, InboxHistory, InboxPeek, Peeked
from bus.schemas.messages import Messages, MessageView

__all__ = ["inbox_count", "inbox_history", "inbox_peek"]

URGENT = 8
CAP = 100
AT_A_TIME = 20

UNREAD = prepared(
    lambda agent, workspace: (
        Delivery.objects.filter(recipient_id=agent, workspace_id=workspace, lane="unread")
        .order_by("-priority", "message_id")
        .values_list("pk", "attempt", "expires_at", "priority", "message_id")
    ),
    int,
    int,
)
OVER = prepared(
    lambda agent, workspace, now: (
        Delivery.objects.filter(recipient_id=agent, workspace_id=workspace, lane="delivered", lease_until__lte=now)
        .order_by("-priority", "message_id")
        .values_list("pk", "attempt", "expires_at", "priority", "message_id")
    ),
    int,
    int,
    datetime,
)
IN_FULL = prepared(
    lambda *deliveries: Delivery.objects.filter(pk__in=deliveries).values_list("pk", *COLUMNS), *[int] * AT_A_TIME
)
IN_LANE = prepared(
    lambda agent, workspace, lane: Delivery.objects.filter(
        recipient_id=agent, workspace_id=workspace, lane=lane
    ).values_list("priority"),
    int,
    int,
    str,
)


def pullable(caller: Caller) -> list[Any]:
    """Return up to 101 rows that a pull would take now, in its order, without what the messages say."""
    rows = UNREAD.rows(caller.agent.id, caller.workspace.id, most=CAP + 1)
    most = knobs.get("inbox_attempts")
    over = OVER.rows(caller.agent.id, caller.workspace.id, caller.now, most=CAP + 1)
    rows = sorted([*rows, *(row for row in over if row[1] < most)], key=_place)[: CAP + 1] if over else rows
    return [row for row in rows if row[2] is None or row[2] > caller.now]


def _place(row: Any) -> tuple[int, int]:
    """Return where a row stands in the queue: most urgent first, then in commit order."""
    return (-row[3], row[4])


def _letters(rows: Sequence[tuple[int, str, int]]) -> Iterator[MessageView]:
    """Yield the messages of deliveries, given with lane and attempt; few are read at a time, as a page is soon full."""
    for start in range(0, len(rows), AT_A_TIME):
        part = rows[start : start + AT_A_TIME]
        deliveries = [row[0] for row in part] + [0] * (AT_A_TIME - len(part))
        letters = {row[0]: row[1:] for row in IN_FULL.rows(*deliveries)}
        yield from (letter(letters[pk], lane=lane, attempt=attempt) for pk, lane, attempt in part if pk in letters)


def inbox_peek(caller: Caller, order: InboxPeek) -> Peeked:
    """Look at what a pull would give, without taking it."""
    rows = pullable(caller)
    after = cursors.decode("inbox", order.cursor, 2) if order.cursor is not None else None
    left = [row for row in rows if after is None or _place(row) > after]
    views = page(_letters([(row[0], "unread", row[1]) for row in left[: order.limit]]))
    more = len(views) < len(left)
    last = left[len(views) - 1] if more else None
    return Peeked(
        messages=views,
        waiting=min(len(rows), CAP),
        next_cursor=cursors.encode("inbox", -last[3], last[4]) if last else None,
    )


def inbox_count(caller: Caller, order: InboxCount) -> Counts:
    """Count your messages by lane, each up to 100."""
    return counts(caller)


def counts(caller: Caller) -> Counts:
    """Return the counts of the caller's lanes in its workspace."""
    unread, delivered, parked = (
        IN_LANE.rows(caller.agent.id, caller.workspace.id, lane, most=CAP) for lane in ("unread", "delivered", "parked")
    )
    urgent = sum(priority >= URGENT for (priority,) in unread)
    return Counts(unread=len(unread), delivered=len(delivered), parked=len(parked), urgent=urgent)


def inbox_history(caller: Caller, order: InboxHistory) -> Messages:
    """List what left your inbox, newest first: read, parked and expired messages."""
    over = Delivery.objects.filter(
        recipient_id=caller.agent.id, workspace_id=caller.workspace.id, ended_at__isnull=False
    )
    if order.cursor is not None:
        over = over.filter(message_id__lt=cursors.decode("history", order.cursor)[0])
    rows = list(over.order_by("-message_id").values_list("pk", "lane", "attempt", "message_id")[: order.limit + 1])
    views = page(_letters([row[:3] for row in rows[: order.limit]]))
    more = len(views) < len(rows)
    return Messages(messages=views, next_cursor=cursors.encode("history", rows[len(views) - 1][3]) if more else None)


def unread_elsewhere(caller: Caller) -> int:
    """Return how many messages wait in the caller's other workspaces, at most 100."""
    others = caller.agent.memberships - {caller.workspace.id}
    if caller.key is not None and not caller.key.any_workspace:
        others &= caller.key.workspaces
    return min(sum(audience.unread(caller.agent.id, workspace) for workspace in others), CAP)
