"""Topics in use, for the graph: those in which somebody posted or read in the ten minutes before an instant of the log."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bus.models import Event, Topic
from overview.queries.places import each_workspace, first_of

__all__ = ["IN_USE_SECONDS", "Hub", "hubs"]

IN_USE_SECONDS, MOST_HUBS, MOST_AT_ONE, MOST_READ = 600, 12, 24, 500
NONE = ""  # asked for where there is none, so that the number of queries stays the same
USES = ("topic.posted", "topic.advanced")


@dataclass(slots=True)
class Hub:
    """A topic in use, when it last was, and who used it, the last first."""

    topic: str
    name: str
    last_at: datetime
    peers: list[str] = field(default_factory=list)


def hubs(workspace: int | None, position: int, at: datetime) -> list[Hub]:
    """Return the topics in use at an instant, as the log tells up to a row id: at most twelve, the last used first."""
    found: dict[str, Hub] = {}
    for topic, actor, when in _uses(workspace, position, at - timedelta(seconds=IN_USE_SECONDS)):
        if topic in found or len(found) < MOST_HUBS:
            hub = found.setdefault(topic, Hub(topic, "", when))
            if actor not in hub.peers and len(hub.peers) < MOST_AT_ONE:
                hub.peers.append(actor)
    return _named(found)


def _uses(workspace: int | None, position: int, since: datetime) -> list[tuple[Any, ...]]:
    """Return topic, actor and time of each use, the newest first: at most 500 of each sort in each workspace."""
    upto = Event.objects.filter(pk__lte=position).order_by("-pk")
    sources = [upto.filter(place, type=use) for place in each_workspace(workspace) for use in USES]
    if not sources:
        return []
    events = Event.objects.filter(first_of(sources, MOST_READ), at__gt=since).order_by("-pk")
    return list(events.values_list("topic", "actor__name", "at"))


def _named(found: dict[str, Hub]) -> list[Hub]:
    """Return the hubs with the names that their topics have now; a deleted topic has none."""
    names = dict(Topic.objects.filter(public_id__in=list(found) or [NONE]).values_list("public_id", "name"))
    for topic, hub in found.items():
        hub.name = names.get(topic, "")
    return [hub for hub in found.values() if hub.name]
