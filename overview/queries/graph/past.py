"""The graph as it was: folded from the checkpoint before an instant, and what the log says up to it."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from bus import checkpoints, fold
from bus.models import Event, Message, Workspace
from overview.queries.graph import edges as written
from overview.queries.graph.nodes import Tally, nodes
from overview.queries.graph.shapes import FRESH_SECONDS, Graph
from overview.queries.graph.work import holding, then, with_eligible
from overview.queries.places import last_before

__all__ = ["graph_at", "instant_of"]

MOST_PRESENCES = 20_000


def instant_of(position: int) -> datetime | None:
    """Return when the last event up to a row id happened."""
    return Event.objects.filter(pk__lte=position).order_by("-pk").values_list("at", flat=True).first()


def graph_at(workspace: int | None, at: datetime, me: str) -> Graph:
    """Return the graph of a workspace, None for all, at an instant of the past."""
    position = last_before(workspace, at)
    mail, held = _folded(workspace, position)
    unread = written.unread_of(mail, _senders(mail))
    lately = written.recent(workspace, last_before(workspace, at - timedelta(seconds=FRESH_SECONDS)), position)
    work = then(workspace, held, position)
    counted: Counter[str] = Counter()
    for (_, name), count in unread.items():
        counted[name] += count
    named = {me, *(name for pair in (*unread, *lately) for name in pair), *(each.from_ for each in work)}
    here = nodes(workspace, named, Tally(counted, holding(held)), at, _presences(workspace, position))
    return Graph(at, position, False, here, with_eligible(work, here), written.edges(unread, lately))


def _folded(workspace: int | None, position: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the live mail and handoffs after an event, of one workspace or of all together."""
    workspaces = [workspace] if workspace is not None else list(Workspace.objects.values_list("pk", flat=True))
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
    return dict(Message.objects.filter(public_id__in=wanted).values_list("public_id", "sender__name"))


def _presences(workspace: int | None, position: int) -> dict[str, str]:
    """Return what the log says last of each agent's presence, up to a row id."""
    events = Event.objects.filter(type="presence.changed", pk__lte=position)
    if workspace is not None:
        events = events.filter(workspace_id=workspace)
    found: dict[str, str] = {}
    for agent, payload in events.order_by("-pk").values_list("agent", "payload")[:MOST_PRESENCES]:
        found.setdefault(agent, payload["presence"])
    return found
