"""What events speak of, by name: the subjects of messages and the titles of handoffs."""

from collections.abc import Iterable
from dataclasses import dataclass

from bus.models import Message
from handoffs.models import Handoff
from overview.queries.happened import Happened

__all__ = ["Names", "names"]


@dataclass(frozen=True, slots=True)
class Names:
    """Subjects of messages, kinds of messages and titles of handoffs by id."""

    messages: dict[str, str]
    kinds: dict[str, str]
    handoffs: dict[str, str]


def names(events: Iterable[Happened]) -> Names:
    """Return what some events speak of, in two queries."""
    about = list(events)
    messages = Message.objects.filter(public_id__in={event.message for event in about if event.message})
    rows = list(messages.values_list("public_id", "subject", "kind"))
    handoffs = Handoff.objects.filter(public_id__in={event.handoff for event in about if event.handoff})
    return Names(
        messages={row[0]: row[1] for row in rows},
        kinds={row[0]: row[2] for row in rows},
        handoffs=dict(handoffs.values_list("public_id", "title")),
    )
