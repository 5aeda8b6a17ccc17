"""The graph of this moment, from the tables."""

from datetime import datetime

from bus.events import newest_id
from bus.readers import snapshot
from overview.queries.graph.edges import edges, recent, unread_now
from overview.queries.graph.eligible import with_eligible
from overview.queries.graph.nodes import Tally, nodes
from overview.queries.graph.shapes import Graph
from overview.queries.graph.work import holders, work_now
from overview.queries.topics.hubs import hubs

__all__ = ["graph_now"]


def graph_now(workspace: int | None, now: datetime, me: str) -> Graph:
    """Return the graph of a workspace, None for all, as the operator `me` sees it now, all of it at one event."""
    with snapshot():
        return _seen(workspace, now, me)


def _seen(workspace: int | None, now: datetime, me: str) -> Graph:
    position = newest_id()
    unread = unread_now(workspace)
    lately = recent(workspace, position, now)
    work = work_now(workspace, now)
    topics = hubs(workspace, position, now)
    counted: dict[str, int] = {}
    for (_, name), count in unread.items():
        counted[name] = counted.get(name, 0) + count
    named = {me, *(name for pair in (*unread, *lately) for name in pair), *(each.from_ for each in work)}
    named.update(name for hub in topics for name in hub.peers)
    here = nodes(workspace, named, Tally(counted, holders(workspace, now)), now)
    return Graph(now, position, True, here, with_eligible(work, here), edges(unread, lately), topics)
