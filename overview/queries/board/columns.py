"""The columns of the board: a page of cards each, newest pages first, in a fixed number of queries."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from bus.models import Capability
from handoffs.models import LIVE, Handoff, HandoffQuerySet, State
from overview.queries.board.shapes import Card, Present, card, present

__all__ = ["COLUMNS", "Board", "Column", "Wanted", "board", "cards_of"]

PAGE = 30
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
    """The cards of one state; `older` is where the next page begins."""

    name: str
    title: str
    count: int
    cards: list[Card]
    older: int | None


@dataclass(frozen=True, slots=True)
class Board:
    """Every column, and how many handoffs are in each."""

    columns: list[Column] = field(default_factory=list)

    def count(self, name: str) -> int:
        """Return the number of one column."""
        return next(column.count for column in self.columns if column.name == name)


def board(workspace: int | None, wanted: Wanted, now: datetime, older: Mapping[str, int] | None = None) -> Board:
    """Return the board; `older` says for a column before which row its page begins."""
    rows = _fitting(_within(workspace), wanted)
    counts, here = _counts(rows, now), present(now)
    columns = []
    for name in COLUMNS:
        page = _in_column(rows, name, now)
        if older and name in older:
            page = page.filter(pk__lt=older[name])
        found = list(page.select_related("workspace").order_by("-pk")[: PAGE + 1])
        following = found[PAGE - 1].pk if len(found) > PAGE else None
        columns.append(Column(name, TITLES[name], counts[name], _sorted(name, found[:PAGE], here, now), following))
    return Board(columns)


def _within(workspace: int | None) -> HandoffQuerySet:
    rows = Handoff.objects.all()
    return rows if workspace is None else rows.filter(workspace_id=workspace)


def _fitting(rows: HandoffQuerySet, wanted: Wanted) -> HandoffQuerySet:
    if wanted.agent:
        name = wanted.agent
        rows = rows.filter(Q(creator__name=name) | Q(target__name=name) | Q(last_claimant__name=name))
    if wanted.capability:
        can = Capability.objects.filter(agent_id=OuterRef("last_claimant_id"), name=wanted.capability)
        rows = rows.filter(Q(pool__contains=f'"{wanted.capability}"') | Q(Exists(can)))
    if wanted.priority == "urgent":
        rows = rows.filter(priority__gte=URGENT)
    if wanted.q:
        rows = rows.filter(title__icontains=wanted.q)
    return rows


def _in_column(rows: HandoffQuerySet, name: str, now: datetime) -> HandoffQuerySet:
    found = rows.in_states([name], now)
    return found.in_time(now) if name in LIVE else found


def _counts(rows: HandoffQuerySet, now: datetime) -> Counter[str]:
    """Count each column; a claim whose lease is over counts as open."""
    grouped: QuerySet[Handoff, tuple[str, int]] = rows.order_by().values_list("state").annotate(count=Count("pk"))
    counts: Counter[str] = Counter(dict(grouped))
    lapsed = rows.lapsed(now).order_by().count()
    counts[State.OPEN] += lapsed
    counts[State.CLAIMED] -= lapsed
    return counts


def _sorted(name: str, rows: Iterable[Handoff], here: Present, now: datetime) -> list[Card]:
    """Return the cards of a page: the urgent first where work waits, the soonest lease first where it is done."""
    cards = card(rows, here, now)
    if name == State.OPEN:
        return sorted(cards, key=lambda each: (-each.priority, each.pk))
    if name == State.CLAIMED:
        return sorted(cards, key=lambda each: each.lease_until or now)
    return cards


def cards_of(names: Iterable[str], now: datetime) -> list[Card]:
    """Return the cards of some handoffs by id."""
    rows = Handoff.objects.filter(public_id__in=list(names)).select_related("workspace").order_by("pk")
    return card(rows, present(now), now)
