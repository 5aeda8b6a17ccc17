"""What events speak of, by name: the subjects of messages, the titles of handoffs and the names of topics."""

from collections.abc import Iterable
from dataclasses import dataclass

from bus.models import Message, Topic
from handoffs.models import Handoff
from overview.queries.happened import Happened

__all__ = ["Names", "names"]


@dataclass(frozen=True, slots=True)
class Names:
    """Subjects of messages, kinds of messages, titles of handoffs and names of topics by id."""

    messages: dict[str, str]
    kinds: dict[str, str]
    handoffs: dict[str, str]
    topics: dict[str, str]


def names(events: Iterable[Happened]) -> Names:
    """Return what some events speak of, in two queries, three where topics are among it."""
    about = list(events)
    messages = Message.objects.filter(public_id__in={event.message for event in about if event.message})
    rows = list(messages.values_list("public_id", "subject", "kind"))
    handoffs = Handoff.objects.filter(public_id__in={event.handoff for event in about if event.handoff})
    topics = Topic.objects.filter(public_id__in={event.topic for event in about if event.topic})
    return Names(
        messages={row[0]: row[1] for row in rows},
        kinds={row[0]: row[2] for row in rows},
        handoffs=dict(handoffs.values_list("public_id", "title")),
        topics=dict(topics.values_list("public_id", "name")),
    )
