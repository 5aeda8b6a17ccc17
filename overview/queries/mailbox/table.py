"""The table of messages: pages of fifty, newest first, by row id.

Invariant: a page costs the same however many messages there are. What an index finds is found exactly; any other filter
looks through at most the newest 20,000 messages from where the page begins, and the page says so and where to go on.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Substr

from bus import ids
from bus.directory import directory
from bus.models import Delivery, Message
from overview.queries.mailbox.recipients import recipients
from overview.queries.mailbox.shapes import Page, Recipients, Row, Tally, Wanted, Who
from overview.queries.mailbox.text import READ, line

__all__ = ["page", "rows_of", "tally"]

PAGE, SCANNED, CAP, MOST = 50, 20_000, 1_000, 100_000
OUT_OF_ORDER = 500  # messages may be stored a little out of the order of their times
PERSON = ("sender__name", "sender__kind", "sender__harness")
POSTED = ("post__topic__public_id", "post__topic__name")
COLUMNS = ("pk", "public_id", "workspace__public_id", "kind", *PERSON, "subject", "begin", "sent_at", *POSTED)
MIXED = (Delivery.Lane.READ, Delivery.Lane.EXPIRED)  # lanes that most mail ends in: never worth listing


def page(workspace: int | None, wanted: Wanted, before: int | None = None, after: int | None = None) -> Page:
    """Return the messages that fit, before a row or just after one, newest first."""
    scope, rest = _scope(_within(workspace), workspace, wanted)
    if after is not None:
        return _newer(scope.filter(rest), after)
    if before is not None:
        scope = scope.filter(pk__lt=before)
    floor = _floor(scope) if rest else None
    found = scope.filter(rest) if floor is None else scope.filter(rest, pk__gt=floor)
    rows = list(_columns(found.order_by("-pk"))[: PAGE + 1])
    is_cut = floor is not None and len(rows) <= PAGE
    older = floor + 1 if is_cut and floor else rows[PAGE - 1][0] if len(rows) > PAGE else None
    return Page(_rows(rows[:PAGE]), older, before is not None, SCANNED if is_cut else None)


def _newer(found: QuerySet[Message], after: int) -> Page:
    near = found.filter(pk__gt=after, pk__lte=after + SCANNED)
    rows = list(_columns(near.order_by("pk"))[: PAGE + 1])
    shown = rows[PAGE - 1 :: -1] if len(rows) > PAGE else rows[::-1]
    return Page(_rows(shown), (shown[-1][0] if shown else after + 1), len(rows) > PAGE, None)


def rows_of(names: Iterable[str]) -> list[Row]:
    """Return the rows of some messages by id, newest first."""
    return _rows(list(_columns(Message.objects.filter(public_id__in=list(names)).order_by("-pk"))))


def _within(workspace: int | None) -> QuerySet[Message]:
    rows = Message.objects.order_by()
    return rows if workspace is None else rows.filter(workspace_id=workspace)


def _columns(found: QuerySet[Message]) -> QuerySet[Message, tuple[Any, ...]]:
    return found.annotate(begin=Substr("body", 1, READ)).values_list(*COLUMNS)


def _rows(found: list[tuple[Any, ...]]) -> list[Row]:
    to = recipients([row[0] for row in found])
    return [_row(row, to[row[0]]) for row in found]


def _row(row: tuple[Any, ...], to: Recipients) -> Row:
    pk, message, place, kind, name, sort, harness, subject, begin, sent_at, topic, called = row
    who = Who(name, sort, harness)
    said = begin.strip().partition("\n")[2] if topic else begin  # the subject of a post is its first line
    return Row(pk, message, place, kind, who, to, subject, line(said), sent_at, topic or "", called or "")


def _scope(found: QuerySet[Message], workspace: int | None, wanted: Wanted) -> tuple[QuerySet[Message], Q]:
    """Return what indexes find exactly, and what is left to look through."""
    rest = Q()
    found = _in_time(found, wanted)
    if wanted.sender:
        by = Q(sender_id=_id(wanted.sender))
        found, rest = (found, rest & by) if workspace is None else (found.filter(by), rest)
    if wanted.lane:
        few = _few(workspace, wanted.lane)
        found, rest = (
            (found, rest & _received(lane__startswith=wanted.lane)) if few is None else (found.filter(pk__in=few), rest)
        )
    return found, rest & _rest(wanted)


def _rest(wanted: Wanted) -> Q:
    rest = Q()
    if wanted.kind:
        rest &= Q(kind=wanted.kind)
    if wanted.recipient:
        rest &= _received(recipient_id=_id(wanted.recipient))
    if wanted.agent:
        agent = _id(wanted.agent)
        rest &= Q(sender_id=agent) | _received(recipient_id=agent)
    if wanted.q:
        rest &= Q(subject__icontains=wanted.q) | Q(body__icontains=wanted.q)
    return rest


def _id(name: str) -> int:
    entry = directory.agent_named(name)
    return entry.id if entry else 0


def _received(**about: Any) -> Q:
    """Match what some recipient has; lanes by their beginning, as by their index the database would walk all mail."""
    return Q(Exists(Delivery.objects.filter(message_id=OuterRef("pk"), **about)))


def _few(workspace: int | None, lane: str) -> set[int] | None:
    """Return the messages in a lane where they are few, else None."""
    if lane in MIXED:
        return None
    found = list(_deliveries(workspace, lane).values_list("message_id", flat=True).distinct()[: CAP + 1])
    return None if len(found) > CAP else set(found)


def _deliveries(workspace: int | None, lane: str) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(lane=lane).order_by()
    return rows if workspace is None else rows.filter(workspace_id=workspace)


def _in_time(found: QuerySet[Message], wanted: Wanted) -> QuerySet[Message]:
    """Keep what was sent between two instants; ids begin with their time, so their index finds where to begin."""
    if wanted.since is not None:
        first = _first_from(wanted.since)
        found = found.none() if first is None else found.filter(pk__gte=first - OUT_OF_ORDER, sent_at__gte=wanted.since)
    if wanted.until is not None:
        first = _first_from(wanted.until)
        found = found.filter(sent_at__lt=wanted.until)
        found = found if first is None else found.filter(pk__lt=first + OUT_OF_ORDER)
    return found


def _first_from(at: datetime) -> int | None:
    return (
        Message.objects.filter(public_id__gte=ids.since("msg", at))
        .order_by("public_id")
        .values_list("pk", flat=True)
        .first()
    )


def _floor(scope: QuerySet[Message]) -> int | None:
    """Return the row down to which a page looks, or None where there is nothing below it."""
    return next(iter(scope.order_by("-pk").values_list("pk", flat=True)[SCANNED : SCANNED + 1]), None)


def tally(workspace: int | None) -> Tally:
    """Return how many messages there are, and how many with unread and with parked mail, each capped."""
    return Tally(
        _capped(_within(workspace), MOST),
        _capped(_deliveries(workspace, Delivery.Lane.UNREAD).values("message_id").distinct(), CAP),
        _capped(_deliveries(workspace, Delivery.Lane.PARKED).values("message_id").distinct(), CAP),
    )


def _capped(found: QuerySet[Any, Any], cap: int) -> str:
    count = found[: cap + 1].count()
    return f"{cap:,}+" if count > cap else f"{count:,}"
