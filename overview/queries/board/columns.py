"""The columns of the board: a page of cards each, in a fixed number of queries."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Exists, F, OuterRef, Q

from bus.directory import directory
from bus.models import Capability
from handoffs.models import LIVE, Handoff, HandoffQuerySet, State, concerns
from overview.queries.board.paging import ORDERS, Order
from overview.queries.board.shapes import Card, card, present
from overview.queries.places import each_workspace, first_of

__all__ = ["COLUMNS", "Board", "Column", "Wanted", "board", "cards_of", "numbers"]

PAGE = 30
MOST_UNSWEPT = 500
FEW = 200
URGENT = 8
TITLES = {
    State.OPEN.value: "Open",
    State.CLAIMED.value: "Claimed",
    State.VERIFYING.value: "Verifying",
    State.COMPLETED.value: "Completed",
    State.REJECTED.value: "Rejected",
    State.CANCELLED.value: "Cancelled",
    State.FAILED.value: "Failed",
    State.EXPIRED.value: "Expired",
}
COLUMNS = tuple(TITLES)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which handoffs: a capability, an agent that made, got or took it, urgent ones, a part of the title."""

    capability: str = ""
    agent: str = ""
    priority: str = ""
    q: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """The cards of one state; `older` is the mark at which the next page begins."""

    name: str
    title: str
    count: int
    cards: list[Card]
    older: str | None


@dataclass(frozen=True, slots=True)
class Board:
    """Every column, and how many handoffs are in each."""

    columns: list[Column] = field(default_factory=list)

    def count(self, name: str) -> int:
        """Return the number of one column."""
        return next(column.count for column in self.columns if column.name == name)


def board(workspace: int | None, wanted: Wanted, now: datetime, older: Mapping[str, str] | None = None) -> Board:
    """Return the board; `older` says for a column behind which mark its page begins."""
    only, here = _only(workspace, wanted), present(now)
    unswept = _unswept(workspace, only, now)
    counts = _counts(_within(workspace).filter(only), unswept, now)
    places = [Handoff.objects.filter(only, place) for place in each_workspace(workspace)]
    columns = []
    for name in COLUMNS:
        mark = (older or {}).get(name, "")
        found, following = _page([_stored(rows, name, now) for rows in places], ORDERS[name], mark)
        over = [] if mark else [row for row in unswept if row.state_at(now) == name][:PAGE]
        shown = sorted(over + found, key=_urgent) if name == State.OPEN else over + found
        columns.append(Column(name, TITLES[name], counts[name], card(shown, here, now), following))
    return Board(columns)


def numbers(workspace: int | None, now: datetime) -> dict[str, int]:
    """Return how many handoffs are in each column."""
    rows = _within(workspace)
    counts = _counts(rows, _unswept(workspace, Q(), now), now)
    return {name: counts[name] for name in COLUMNS}


def _within(workspace: int | None) -> HandoffQuerySet:
    rows = Handoff.objects.all()
    return rows if workspace is None else rows.filter(workspace_id=workspace)


def _only(workspace: int | None, wanted: Wanted) -> Q:
    """Match what the filters leave; where that is little it is looked for once, and not again in every column."""
    matching = _matching(wanted)
    if not matching:
        return matching
    found = list(_within(workspace).filter(matching).order_by().values_list("pk", flat=True)[: FEW + 1])
    return Q(pk__in=found) if len(found) <= FEW else matching


def _matching(wanted: Wanted) -> Q:
    matching = Q()
    if wanted.agent:
        agent = directory.agent_named(wanted.agent)
        matching &= concerns(agent.id) if agent else Q(pk__in=[])
    if wanted.capability:
        can = Capability.objects.filter(agent_id=OuterRef("last_claimant_id"), name=wanted.capability)
        matching &= Q(pool__contains=f'"{wanted.capability}"') | Q(Exists(can))
    if wanted.priority == "urgent":
        matching &= Q(priority__gte=URGENT)
    if wanted.q:
        matching &= Q(title__icontains=wanted.q)
    return matching


def _page(places: Sequence[HandoffQuerySet], order: Order, mark: str) -> tuple[list[Handoff], str | None]:
    """Return a page of a column and the mark of the next; rows are chosen by number first, as texts are wide to sort."""
    chosen = first_of([order.sorted(order.after(rows, mark)) for rows in places], PAGE + 1)
    whole = Handoff.objects.filter(chosen).select_related("workspace")
    found = list(order.sorted(whole)[: PAGE + 1])
    return found[:PAGE], order.mark(found[PAGE - 1]) if len(found) > PAGE else None


def _stored(rows: HandoffQuerySet, name: str, now: datetime) -> HandoffQuerySet:
    """Return the rows that are written down as a state, and are in it."""
    if name not in LIVE:
        return rows.filter(state=name, closed_at__isnull=False)
    found = rows.in_time(now).filter(state=name)
    return found.filter(lease_until__gt=now) if name == State.CLAIMED else found


def _unswept(workspace: int | None, only: Q, now: datetime) -> list[Handoff]:
    """Return those whose lease or time is over, which no sweep has written down yet.

    Few are, and their own indexes are without workspace: no other may fit.
    """
    rows = Handoff.objects.filter(only)
    if workspace is not None:
        rows = rows.alias(place=F("workspace_id") + 0).filter(place=workspace)
    late = rows.filter(due_at__isnull=False, due_at__lte=now, closed_at__isnull=True)
    lapsed = rows.filter(lease_until__isnull=False, lease_until__lte=now)
    chosen = late.values("pk").union(lapsed.values("pk"))[:MOST_UNSWEPT]
    return list(Handoff.objects.filter(pk__in=chosen).select_related("workspace").order_by("-pk"))


def _counts(rows: HandoffQuerySet, unswept: Sequence[Handoff], now: datetime) -> Counter[str]:
    """Count each column."""
    counts: Counter[str] = Counter()
    # By workspace too, as the index of states begins with it and has the groups one after the other.
    for _, state, count in rows.order_by().values_list("workspace_id", "state").annotate(count=Count("pk")):
        counts[state] += count
    for row in unswept:
        counts[str(row.state)] -= 1
        counts[row.state_at(now)] += 1
    return counts


def _urgent(row: Handoff) -> tuple[int, int]:
    return -row.priority, row.pk


def cards_of(names: Iterable[str], now: datetime) -> list[Card]:
    """Return the cards of some handoffs by id."""
    rows = Handoff.objects.filter(public_id__in=list(names)).select_related("workspace").order_by("pk")
    return card(rows, present(now), now)
