"""Unread mail and posts that came after a position: what an agent has not been told of."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import F

from bus.identity import Caller
from bus.letters import letter
from bus.models import Delivery, Message, Post
from bus.prepared import prepared
from bus.queries.inbox import AT_A_TIME, CAP, IN_FULL
from bus.schemas.messages import MessageView

__all__ = ["News", "Posted", "is_urgent", "letters", "may_wake", "newest_message", "news", "posted"]

URGENT, MOST_TOPICS = 8, 10

NEWEST = prepared(lambda: Message.objects.order_by("-pk").values_list("pk")[:1])
SINCE = prepared(
    lambda agent, workspace, after: (
        Delivery.objects.filter(recipient_id=agent, workspace_id=workspace, lane="unread", message_id__gt=after)
        .order_by("-priority", "message_id")
        .values_list("pk", "attempt", "expires_at", "priority", "message_id", "message__kind", "message__sender__kind")
    ),
    int,
    int,
    int,
)


POSTED = prepared(
    lambda agent, workspace, after, me: (
        Post.objects.filter(
            topic__peers__agent_id=agent,
            topic__peers__holder__isnull=False,
            topic__peers__seq__lt=F("topic__latest_seq"),
            topic__workspace_id=workspace,
            seq=F("topic__latest_seq"),
            message_id__gt=after,
        )
        .exclude(message__sender_id=me)
        .values_list(
            *("topic__public_id", "topic__name", "topic__peers__seq", "seq", "peer__name", "message__subject"),
        )
    ),
    int,
    int,
    int,
    int,
)


class Posted(NamedTuple):
    """A topic in which somebody posted what the agent has not read, and the newest of it."""

    topic: str
    name: str
    read: int
    latest: int
    peer: str
    said: str


class News(NamedTuple):
    """One waiting message, without what it says."""

    delivery: int
    attempt: int
    expires_at: datetime | None
    priority: int
    message: int
    kind: str
    origin: str


def is_urgent(each: News) -> bool:
    """Say whether a message is urgent: by its priority, or as the operator wrote it."""
    return each.priority >= URGENT or each.origin == "operator"


def may_wake(each: News) -> bool:
    """Say whether a message may wake an idle agent."""
    return is_urgent(each) or each.kind in ("direct", "handoff")


def newest_message() -> int:
    """Return the row number of the newest message of all, 0 where there is none."""
    return NEWEST.value() or 0


def news(caller: Caller, after: int, upto: int) -> list[News]:
    """Return up to 101 unread messages behind one position and not behind another, the most urgent and oldest first."""
    rows = SINCE.rows(caller.agent.id, caller.workspace.id, after, most=CAP + 1)
    found = [News._make(row) for row in rows]
    return [each for each in found if each.message <= upto and not _is_over(each, caller.now)]


def _is_over(each: News, now: datetime) -> bool:
    return each.expires_at is not None and each.expires_at <= now


def posted(caller: Caller, after: int) -> list[Posted]:
    """Return at most 10 topics that the caller follows and in which others posted behind a position."""
    rows = POSTED.rows(caller.agent.id, caller.workspace.id, after, caller.agent.id, most=MOST_TOPICS)
    return [Posted._make(row) for row in rows]


def letters(rows: Sequence[News]) -> list[MessageView]:
    """Return at most the first 20 of these messages, as their recipient reads them."""
    wanted = [row.delivery for row in rows[:AT_A_TIME]]
    found: dict[int, Any] = {row[0]: row[1:] for row in IN_FULL.rows(*wanted, *[0] * (AT_A_TIME - len(wanted)))}
    return [letter(found[each]) for each in wanted if each in found]
