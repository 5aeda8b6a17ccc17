"""Who of those present may take an open handoff, for all handoffs and agents of the graph at once."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from bus.directory import AgentEntry
from bus.models import Agent, AgentTag, Membership
from handoffs import pool
from handoffs.models import Handoff, State
from overview.queries.graph.shapes import Node, Work

__all__ = ["with_eligible"]

MOST_ELIGIBLE = 8


def with_eligible(found: list[Work], here: list[Node]) -> list[Work]:
    """Return the work, open pieces with the names of those present who may take them, at most eight; three queries."""
    present = _entries([node for node in here if node.presence == "present" and node.kind == Agent.Kind.AGENT])
    open_ones = {each.handoff: each for each in found if each.state == State.OPEN and not each.eligible}
    rows = Handoff.objects.filter(public_id__in=list(open_ones))

    @cache
    def fitting(text: str, workspace: int) -> tuple[str, ...]:
        return tuple(each.name for each in present if workspace in each.memberships and pool.fits(each, text))

    names = {
        public_id: _first(target, fitting(text, workspace), open_ones[public_id].from_)
        for public_id, target, text, workspace in rows.values_list("public_id", "target__name", "pool", "workspace_id")
    }
    return [replace(each, eligible=each.eligible or names.get(each.handoff, [])) for each in found]


def _first(target: str | None, others: Iterable[str], creator: str) -> list[str]:
    """Return the agent it is directed to, then those that may take it too, but not who made it."""
    names = ([target] if target else []) + [name for name in others if name not in (target, creator)]
    return names[:MOST_ELIGIBLE]


def _entries(nodes: list[Node]) -> list[AgentEntry]:
    """Return what being addressed depends on; two queries, however many agents nobody has looked up before."""
    names = [node.name for node in nodes]
    tags: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for name, key, value in AgentTag.objects.filter(agent__name__in=names).values_list("agent__name", "key", "value"):
        tags[name][key] = value
    places: defaultdict[str, set[int]] = defaultdict(set)
    for name, place in Membership.objects.filter(agent__name__in=names).values_list("agent__name", "workspace_id"):
        places[name].add(place)
    return [_entry(node, tags[node.name], places[node.name]) for node in nodes]


def _entry(node: Node, tags: dict[str, str], places: set[int]) -> AgentEntry:
    return AgentEntry(
        id=0,
        name=node.name,
        kind=node.kind,
        home_id=None,
        harness=node.harness,
        role=node.role,
        wakes_by="",
        capabilities=frozenset(node.capabilities),
        tags=tags,
        memberships=frozenset(places),
        person="",
        archived=False,
    )
