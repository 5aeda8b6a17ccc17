"""The posts of a thread by their numbers: as these have no gaps, a page is a range and costs the same anywhere."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Length, Substr

from bus.models import Post as PostRow
from overview.queries.mailbox.text import READ, line
from overview.queries.topics.shapes import Post

__all__ = ["PAGE", "hits", "lengths", "posts", "posts_of", "window"]

PAGE, MOST_SHOWN, MOST_HITS, SEARCHED, BARS = 40, 6000, 500, 20_000, 96
COLUMNS = (
    *("topic__public_id", "message__public_id", "seq", "peer__name"),
    *(
        "message__sender__name",
        "message__sender__kind",
        "message__sender__harness",
        "kind",
        "begin",
        "message__sent_at",
    ),
    *("message__reply_to__post__seq", "message__reply_to__post__peer__name", "answered"),
)


def window(latest: int, *, around: int | None = None, before: int | None = None, after: int | None = None) -> range:
    """Return the numbers of a page: round a post, before one, after one, else the newest."""
    if around is not None:
        first = min(max(1, around - PAGE // 2), max(1, latest - PAGE + 1))
    elif before is not None:
        first = max(1, min(before, latest + 1) - PAGE)
        return range(first, max(first, min(before, latest + 1)))
    elif after is not None:
        first = after + 1
    else:
        first = max(1, latest - PAGE + 1)
    return range(first, max(first, min(latest, first + PAGE - 1) + 1))


def posts(topic: int, numbers: range) -> list[Post]:
    """Return the posts of a topic (by row id) with these numbers, in order; one query."""
    return _told(PostRow.objects.filter(topic_id=topic, seq__gte=numbers.start, seq__lt=numbers.stop).order_by("seq"))


def posts_of(messages: Iterable[str]) -> list[Post]:
    """Return the posts that some messages are, in the order of each topic; one query."""
    return _told(PostRow.objects.filter(message__public_id__in=list(messages)).order_by("topic_id", "seq"))


def _told(found: QuerySet[PostRow]) -> list[Post]:
    shown = found.annotate(
        begin=Substr("message__body", 1, MOST_SHOWN + 1), answered=Substr("message__reply_to__body", 1, READ)
    )
    return [_post(row) for row in shown.values_list(*COLUMNS)]


def _post(row: tuple[Any, ...]) -> Post:
    topic, message, seq, name, agent, kind, harness, sort, body, at, reply_seq, reply_by, answered = row
    return Post(
        topic=topic,
        message=message,
        seq=seq,
        name=name,
        agent=agent,
        kind=kind,
        harness=harness,
        sort=sort,
        body=body[:MOST_SHOWN],
        is_cut=len(body) > MOST_SHOWN,
        at=at,
        reply_seq=reply_seq or 0,
        reply_by=reply_by or "",
        reply_line=line(answered or "") if reply_seq else "",
    )


def hits(topic: int, latest: int, text: str) -> list[int]:
    """Return the numbers of the posts that hold a text, oldest first: the newest 500 among the newest 20,000."""
    recent = PostRow.objects.filter(topic_id=topic, seq__gt=latest - SEARCHED)
    found = recent.filter(Q(message__body__icontains=text) | Q(peer__name__icontains=text)).order_by("-seq")
    return list(found.values_list("seq", flat=True)[:MOST_HITS])[::-1]


def lengths(topic: int, latest: int) -> list[tuple[int, int]]:
    """Return number and length in characters of each post, of at most 96 evenly chosen ones; one query."""
    chosen = list(_chosen(latest))
    rows = PostRow.objects.filter(topic_id=topic, seq__in=chosen).order_by("seq").annotate(size=Length("message__body"))
    return list(rows.values_list("seq", "size"))


def _chosen(latest: int) -> Iterator[int]:
    if latest <= BARS:
        yield from range(1, latest + 1)
    else:
        yield from (1 + (2 * number + 1) * latest // (2 * BARS) for number in range(BARS))
