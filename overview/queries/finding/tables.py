"""The tables that are searched, and by which rule a caller sees their rows."""

from django.db.models import Q, QuerySet

from bus import search
from bus.models import Message
from bus.queries.messages import own_numbers, visible_to
from handoffs.models import Handoff
from handoffs.queries import visible_to as handoffs_visible_to
from overview.queries.finding.shapes import Wanted
from overview.queries.finding.windows import Table

__all__ = ["TABLES", "places"]

TOPIC = Message.Kind.TOPIC.value


def _kind(word: str) -> str:
    return "topic" if word == TOPIC else "message"


def _mail(wanted: Wanted) -> QuerySet[Message]:
    """Return what an agent sent or got but for posts of topics; of operators all, with the posts that are wanted."""
    rows = Message.objects.all() if wanted.is_everywhere else visible_to(wanted.caller)
    if not (wanted.caller.is_operator and "topic" in wanted.kinds):
        rows = rows.exclude(kind=TOPIC)
    elif "message" not in wanted.kinds:
        rows = rows.filter(kind=TOPIC)
    return _within(rows, wanted)


def _own_mail(wanted: Wanted, rows: Q, most: int) -> list[int] | None:
    """Return the newest of the caller's own; None where no index lists them, as what one agent got from another."""
    if wanted.is_everywhere or "message" not in wanted.kinds:
        return None
    if wanted.sender is not None:
        if not wanted.caller.is_operator:
            return None
        rows &= Q(sender_id=wanted.sender)
    return own_numbers(wanted.caller, rows, most)


def _posts(wanted: Wanted) -> QuerySet[Message]:
    """Return the posts of topics, which every member of the workspace sees."""
    rows = Message.objects.filter(workspace_id=wanted.caller.workspace.id, kind=TOPIC)
    return _within(rows, wanted)


def _handoffs(wanted: Wanted) -> QuerySet[Handoff]:
    """Return the handoffs that the caller may see, as their list shows them."""
    rows = Handoff.objects.all() if wanted.is_everywhere else handoffs_visible_to(wanted.caller)
    if wanted.sender is not None:
        rows = rows.filter(creator_id=wanted.sender)
    if wanted.since is not None:
        rows = rows.filter(created_at__gte=wanted.since)
    return rows if wanted.until is None else rows.filter(created_at__lt=wanted.until)


def _within(rows: QuerySet[Message], wanted: Wanted) -> QuerySet[Message]:
    """Keep the messages of a topic, of a sender and of a time."""
    if wanted.topic is not None:
        rows = rows.filter(post__topic__public_id=wanted.topic)
    if wanted.sender is not None:
        rows = rows.filter(sender_id=wanted.sender)
    if wanted.since is not None:
        rows = rows.filter(sent_at__gte=wanted.since)
    return rows if wanted.until is None else rows.filter(sent_at__lt=wanted.until)


def places(wanted: Wanted) -> tuple[bool, ...]:
    """Return which of the tables to look in; operators find posts among the mail."""
    kinds, by_operator = wanted.kinds, wanted.caller.is_operator
    return (
        "message" in kinds or (by_operator and "topic" in kinds),
        "topic" in kinds and not by_operator,
        "handoff" in kinds,
    )


PLACE = ("workspace__public_id", "workspace__alias")
COLUMNS = ("pk", "kind", "public_id", *PLACE, "subject", "begin", "sender__name", "sent_at")
JOB = ("pk", "state", "public_id", *PLACE, "title", "begin", "creator__name", "created_at")
TABLES = (
    Table(search.MESSAGES, "msg", COLUMNS, _kind, _mail, _own_mail),
    Table(search.MESSAGES, "msg", COLUMNS, _kind, _posts, lambda wanted, rows, most: None),
    Table(search.HANDOFFS, "hnd", JOB, lambda state: "handoff", _handoffs, lambda wanted, rows, most: None),
)
