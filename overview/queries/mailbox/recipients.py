"""Whom messages reached, for a page of them at once: two queries however many there are."""

from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber

from bus.models import Delivery
from overview.queries.mailbox.shapes import Recipients, Who

__all__ = ["SHOWN", "recipients"]

SHOWN = 8
PERSON = ("recipient__name", "recipient__kind", "recipient__harness")
WAITING = (Delivery.Lane.UNREAD, Delivery.Lane.DELIVERED)


def recipients(messages: Sequence[int]) -> dict[int, Recipients]:
    """Return the recipients of messages by row id: the first eight of each with their lanes, and the numbers."""
    counts: defaultdict[int, dict[str, int]] = defaultdict(dict)
    grouped = Delivery.objects.filter(message_id__in=messages).order_by().values_list("message_id", "lane")
    for message, lane, count in grouped.annotate(count=Count("pk")):
        counts[message][lane] = count
    first = _first(messages)
    return {
        message: Recipients(
            first[message],
            sum(counts[message].values()),
            counts[message].get(Delivery.Lane.READ, 0),
            sum(counts[message].get(lane, 0) for lane in WAITING),
        )
        for message in messages
    }


def _first(messages: Sequence[int]) -> defaultdict[int, list[tuple[Who, str]]]:
    number = Window(RowNumber(), partition_by=F("message_id"), order_by="pk")
    rows = Delivery.objects.filter(message_id__in=messages).annotate(number=number).filter(number__lte=SHOWN)
    found: defaultdict[int, list[tuple[Who, str]]] = defaultdict(list)
    for message, lane, *person in rows.order_by("message_id", "pk").values_list("message_id", "lane", *PERSON):
        found[message].append((Who(*person), lane))
    return found
