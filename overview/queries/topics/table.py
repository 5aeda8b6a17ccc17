"""The list of topics, the last active first, in a fixed number of queries."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Substr

from bus.models import Post, Topic
from overview.queries.mailbox.text import READ, line
from overview.queries.topics.peers import peers_of
from overview.queries.topics.shapes import Page, Peers, Row, Tally, Wanted

__all__ = ["page", "rows_of", "tally"]

PAGE, SHOWN = 40, 8
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
STATES = {
    "open": Q(closed_at=None),
    "closed": Q(closed_at__isnull=False, archived_at=None),
    "archived": Q(archived_at__isnull=False),
}


def page(workspace: int | None, wanted: Wanted, now: datetime, before: str = "") -> Page:
    """Return the topics that fit, from before a mark on; a mark that is none begins anew."""
    rows = _within(workspace).filter(STATES.get(wanted.state, Q()))
    if wanted.q:
        rows = rows.filter(name__icontains=wanted.q)
    if (place := _place(before)) is not None:
        at, pk = place
        rows = rows.filter(Q(active_at__lt=at) | Q(active_at=at, pk__lt=pk), active_at__lte=at)
    found = list(rows.order_by("-active_at", "-pk")[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    older = f"{(last.active_at - EPOCH) // MICROSECOND}-{last.pk}" if last else None
    return Page(_rows(found[:PAGE], now), older)


def _place(mark: str) -> tuple[datetime, int] | None:
    micros, _, pk = mark.partition("-")
    if not (micros.isdecimal() and pk.isdecimal() and len(mark) < 36 and len(micros) < 18):
        return None
    return EPOCH + int(micros) * MICROSECOND, min(int(pk), 2**62)


def rows_of(names: Iterable[str], now: datetime) -> list[Row]:
    """Return some topics by id, the last active first."""
    found = Topic.objects.filter(public_id__in=list(names)).select_related("created_by", "workspace")
    return _rows(list(found.order_by("-active_at", "-pk")), now)


def _within(workspace: int | None) -> QuerySet[Topic]:
    rows = Topic.objects.select_related("created_by", "workspace")
    return rows if workspace is None else rows.filter(workspace_id=workspace)


def _rows(topics: list[Topic], now: datetime) -> list[Row]:
    pks = [topic.pk for topic in topics]
    peers, said = peers_of(pks, now, SHOWN), _last(pks)
    return [_row(topic, peers[topic.pk], *said.get(topic.pk, ("", ""))) for topic in topics]


def _last(topics: list[int]) -> dict[int, tuple[str, str]]:
    """Return who posted last in each topic, and how it begins."""
    newest = Post.objects.filter(topic__in=topics, seq=F("topic__latest_seq"))
    rows = newest.annotate(begin=Substr("message__body", 1, READ)).values_list("topic_id", "peer__name", "begin")
    return {topic: (name, line(begin)) for topic, name, begin in rows}


def _row(topic: Any, peers: Peers, last_by: str, said: str) -> Row:
    return Row(
        pk=topic.pk,
        topic=topic.public_id,
        workspace=topic.workspace.public_id,
        name=topic.name,
        state="archived" if topic.archived_at else topic.state,
        posts=topic.latest_seq,
        created_by=topic.created_by.name,
        created_at=topic.created_at,
        active_at=topic.active_at,
        closed_at=topic.closed_at,
        close_reason=topic.close_reason,
        archived_at=topic.archived_at,
        last_by=last_by,
        line=said,
        peers=peers,
    )


def tally(workspace: int | None) -> Tally:
    """Return how many topics there are in each state."""
    rows = Topic.objects.order_by() if workspace is None else Topic.objects.filter(workspace_id=workspace).order_by()
    return Tally(**rows.aggregate(**{name: Count("pk", filter=where) for name, where in STATES.items()}))
