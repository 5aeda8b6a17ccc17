"""Unread mail and posts that came after a position: what an agent has not been told of."""

from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum
from typing import Any, Literal, NamedTuple

from django.db.models import Case, F, Q, QuerySet, Value, When

from bus.identity import Caller
from bus.letters import letter
from bus.models import Delivery, Message, Post
from bus.prepared import Prepared, prepared
from bus.queries.inbox import AT_A_TIME, CAP, IN_FULL
from bus.schemas.messages import MessageView

__all__ = ["News", "Place", "Posted", "Reading", "Told", "letters", "newest_message", "news", "posted", "waking_sender"]

MOST_TOPICS = 10
URGENT = Q(priority__gte=8) | Q(message__sender__kind="operator")
WAKING = URGENT | Q(message__kind__in=("direct", "handoff"))

Reading = Literal["all", "urgent", "waking"]


class Place(IntEnum):
    """Where a message stands in the order of what is told."""

    URGENT = 0
    DIRECT = 1
    EVERYBODY = 2


PLACE = Case(
    When(URGENT, then=Value(Place.URGENT)),
    When(message__kind="broadcast", then=Value(Place.EVERYBODY)),
    default=Value(Place.DIRECT),
)


def _waiting(agent: int, workspace: int, now: datetime) -> "QuerySet[Delivery]":
    waiting = Delivery.objects.filter(recipient_id=agent, workspace_id=workspace, lane="unread")
    return waiting.filter(Q(expires_at=None) | Q(expires_at__gt=now))


def _since(asked: Q) -> Prepared:
    """Return the statement for what is asked for and was not told yet, the first 101 rows of it.

    Every condition stands in it, so that what was told or is not asked for takes the place of nothing that is new.
    """

    def build(agent: int, workspace: int, now: datetime, upto: int, *told: int) -> Any:
        everything, urgent, waking = told
        new = _waiting(agent, workspace, now).filter(message_id__gt=everything, message_id__lte=upto)
        new = new.exclude(URGENT & Q(message_id__lte=urgent)).exclude(WAKING & Q(message_id__lte=waking))
        placed = new.filter(asked).annotate(place=PLACE).order_by("place", "-priority", "message_id")
        return placed.values_list("pk", "place")[: CAP + 1]

    return prepared(build, int, int, datetime, int, int, int, int)


NEWEST = prepared(lambda: Message.objects.order_by("-pk").values_list("pk")[:1])
SINCE, SINCE_URGENT, SINCE_WAKING = _since(Q()), _since(URGENT), _since(WAKING)
STATEMENTS: dict[Reading, Prepared] = {"all": SINCE, "urgent": SINCE_URGENT, "waking": SINCE_WAKING}
WAKES = prepared(
    lambda agent, workspace, now: (
        _waiting(agent, workspace, now).filter(WAKING).order_by("-message_id").values_list("message__sender__name")[:1]
    ),
    int,
    int,
    datetime,
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


class Told(NamedTuple):
    """Up to which message an agent was told of everything, of what is urgent, and of what may wake it."""

    all: int = 0
    urgent: int = 0
    waking: int = 0


class News(NamedTuple):
    """One waiting message, without what it says."""

    delivery: int
    place: Place


def newest_message() -> int:
    """Return the row number of the newest message of all, 0 where there is none."""
    return NEWEST.value() or 0


def news(caller: Caller, told: Told, upto: int, reading: Reading) -> list[News]:
    """Return up to 101 unread messages that were not told yet: urgent ones first, then direct ones, then broadcasts.

    Among those the most urgent and oldest come first. The readings `urgent` and `waking` are of such messages alone.
    """
    # All that it asks for was told up to here, and the index alone passes over it.
    behind = {"all": told.all, "urgent": max(told), "waking": max(told.all, told.waking)}[reading]
    mine = (caller.agent.id, caller.workspace.id, caller.now, upto)
    rows = STATEMENTS[reading].rows(*mine, behind, told.urgent, told.waking)
    return [News(delivery, Place(place)) for delivery, place in rows]


def waking_sender(caller: Caller) -> str | None:
    """Return who sent the newest of the unread mail that may wake the caller, None where there is none."""
    name: str | None = WAKES.value(caller.agent.id, caller.workspace.id, caller.now)
    return name


def posted(caller: Caller, after: int) -> list[Posted]:
    """Return at most 10 topics that the caller follows and in which others posted behind a position."""
    rows = POSTED.rows(caller.agent.id, caller.workspace.id, after, caller.agent.id, most=MOST_TOPICS)
    return [Posted._make(row) for row in rows]


def letters(rows: Sequence[News]) -> list[MessageView]:
    """Return at most the first 20 of these messages, as their recipient reads them."""
    wanted = [row.delivery for row in rows[:AT_A_TIME]]
    found: dict[int, Any] = {row[0]: row[1:] for row in IN_FULL.rows(*wanted, *[0] * (AT_A_TIME - len(wanted)))}
    return [letter(found[each]) for each in wanted if each in found]
