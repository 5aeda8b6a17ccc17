"""The columns of the board: a page of cards each, in a fixed number of queries."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from bus.directory import directory
from bus.models import Capability
from handoffs.models import LIVE, Handoff, HandoffQuerySet, State
from overview.queries.board.paging import ORDERS
from overview.queries.board.shapes import Card, card, present

__all__ = ["COLUMNS", "Board", "Column", "Wanted", "board", "cards_of", "numbers"]

PAGE = 30
MOST_UNSWEPT = 500
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
    rows, here = _fitting(_within(workspace), wanted), present(now)
    unswept = _unswept(rows, now)
    counts = _counts(rows, unswept, now)
    columns = []
    for name in COLUMNS:
        mark = (older or {}).get(name, "")
        found, following = _page(rows, name, now, mark)
        over = [] if mark else [row for row in unswept if row.state_at(now) == name][:PAGE]
        shown = sorted(over + found, key=_urgent) if name == State.OPEN else over + found
        columns.append(Column(name, TITLES[name], counts[name], card(shown, here, now), following))
    return Board(columns)


def numbers(workspace: int | None, now: datetime) -> dict[str, int]:
    """Return how many handoffs are in each column."""
    rows = _within(workspace)
    counts = _counts(rows, _unswept(rows, now), now)
    return {name: counts[name] for name in COLUMNS}


def _within(workspace: int | None) -> HandoffQuerySet:
    rows = Handoff.objects.all()
    return rows if workspace is None else rows.filter(workspace_id=workspace)


def _fitting(rows: HandoffQuerySet, wanted: Wanted) -> HandoffQuerySet:
    if wanted.agent:
        agent = directory.agent_named(wanted.agent)
        rows = rows.concerning(agent.id) if agent else rows.none()
    if wanted.capability:
        can = Capability.objects.filter(agent_id=OuterRef("last_claimant_id"), name=wanted.capability)
        rows = rows.filter(Q(pool__contains=f'"{wanted.capability}"') | Q(Exists(can)))
    if wanted.priority == "urgent":
        rows = rows.filter(priority__gte=URGENT)
    if wanted.q:
        rows = rows.filter(title__icontains=wanted.q)
    return rows


def _page(rows: HandoffQuerySet, name: str, now: datetime, mark: str) -> tuple[list[Handoff], str | None]:
    """Return a page of a column and the mark of the next; rows are chosen by number first, as texts are wide to sort."""
    order = ORDERS[name]
    chosen = order.sorted(order.after(_stored(rows, name, now), mark))
    whole = Handoff.objects.filter(pk__in=chosen.values("pk")[: PAGE + 1]).select_related("workspace")
    found = list(order.sorted(whole))
    return found[:PAGE], order.mark(found[PAGE - 1]) if len(found) > PAGE else None


def _stored(rows: HandoffQuerySet, name: str, now: datetime) -> HandoffQuerySet:
    """Return the rows that are written down as a state, and are in it."""
    if name not in LIVE:
        return rows.filter(state=name, closed_at__isnull=False)
    found = rows.in_time(now).filter(state=name)
    return found.filter(lease_until__gt=now) if name == State.CLAIMED else found


def _unswept(rows: HandoffQuerySet, now: datetime) -> list[Handoff]:
    """Return those whose lease or time is over, which no sweep has written down yet."""
    late = rows.filter(due_at__isnull=False, due_at__lte=now, closed_at__isnull=True)
    lapsed = rows.filter(lease_until__isnull=False, lease_until__lte=now)
    chosen = late.values("pk").union(lapsed.values("pk"))[:MOST_UNSWEPT]
    return list(Handoff.objects.filter(pk__in=chosen).select_related("workspace").order_by("-pk"))


def _counts(rows: HandoffQuerySet, unswept: Sequence[Handoff], now: datetime) -> Counter[str]:
    """Count each column."""
    grouped: QuerySet[Handoff, tuple[str, int]] = rows.order_by().values_list("state").annotate(count=Count("pk"))
    counts: Counter[str] = Counter(dict(grouped))
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
