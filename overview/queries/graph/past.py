"""The graph as it was: folded from the checkpoint before an instant, and what the log says up to it."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.db.models import Max

from bus import checkpoints, fold
from bus.models import Event, Message, Workspace
from overview.queries.graph import edges as written
from overview.queries.graph.eligible import with_eligible
from overview.queries.graph.nodes import Tally, nodes
from overview.queries.graph.shapes import Graph
from overview.queries.graph.work import holding, then
from overview.queries.places import last_before
from overview.queries.topics.hubs import hubs

__all__ = ["graph_after", "graph_at", "instant_of"]

CHUNK = 10_000


def instant_of(position: int) -> datetime | None:
    """Return when the last event up to a row id happened."""
    return Event.objects.filter(pk__lte=position).order_by("-pk").values_list("at", flat=True).first()


def graph_at(workspace: int | None, at: datetime, me: str) -> Graph:
    """Return the graph of a workspace, None for all, at an instant of the past."""
    return graph_after(workspace, last_before(workspace, at), at, me)


def graph_after(workspace: int | None, position: int, at: datetime, me: str) -> Graph:
    """Return the graph right after the event with a row id, which happened at an instant or was the last before it.

    The number of queries is fixed for each workspace, but one more for each 5,000 events and 10,000 unread messages.
    """
    workspaces = [workspace] if workspace is not None else list(Workspace.objects.values_list("pk", flat=True))
    mail, held = _folded(workspaces, position)
    unread = written.unread_of(mail, _senders(mail))
    lately = written.recent(workspace, position, at)
    work = then(held, position, at)
    topics = hubs(workspace, position, at)
    counted: Counter[str] = Counter()
    for (_, name), count in unread.items():
        counted[name] += count
    named = {me, *(name for pair in (*unread, *lately) for name in pair), *(each.from_ for each in work)}
    named.update(name for hub in topics for name in hub.peers)
    here = nodes(workspace, named, Tally(counted, holding(held, work)), at, _presences(workspaces, position))
    return Graph(at, position, False, here, with_eligible(work, here), written.edges(unread, lately), topics)


def _folded(workspaces: list[int], position: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the live mail and handoffs of some workspaces after an event."""
    mail: dict[str, Any] = {}
    held: dict[str, Any] = {}
    for each in workspaces:
        state = _state(each, position)
        mail |= state.get("mail", {})
        held |= state.get("handoffs", {})
    return mail, held


def _state(workspace: int, position: int) -> fold.State:
    last = Event.objects.filter(workspace_id=workspace, pk__lte=position).order_by("-pk").values_list("seq", flat=True)
    seq = last.first() or 0
    start = checkpoints.newest(workspace, seq)
    state = fold.load(start.state) if start else fold.empty()
    for entry in checkpoints.entries(workspace, start.seq if start else 0, seq):
        fold.fold(state, entry)
    return state


def _senders(mail: dict[str, Any]) -> dict[str, str]:
    """Return who sent each message that has something unread."""
    wanted = [message for message, lanes in mail.items() if any(lane == "unread" for lane, _ in lanes.values())]
    found: dict[str, str] = {}
    for start in range(0, len(wanted), CHUNK):  # a statement takes no more names than the database allows
        rows = Message.objects.filter(public_id__in=wanted[start : start + CHUNK])
        found.update(rows.values_list("public_id", "sender__name"))
    return found


def _presences(workspaces: list[int], position: int) -> dict[str, str]:
    """Return what the log says last of each agent's presence, up to a row id."""
    changes = Event.objects.filter(type="presence.changed", workspace_id__in=workspaces, pk__lte=position)
    last = changes.order_by().values("agent").annotate(last=Max("pk")).values_list("last", flat=True)
    rows = Event.objects.filter(pk__in=list(last)).values_list("agent", "payload")
    return {agent: payload["presence"] for agent, payload in rows}
