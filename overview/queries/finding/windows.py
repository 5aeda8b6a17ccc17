"""Windows of the index: the newest matches of one table that the caller may see.

Invariant: a window costs the same however much there is. It holds at most 200 matches. Words that 5,000 entries hold at
most are looked for in all of them. Of more common words a window looks at the newest 5,000 entries, and, where the caller
may see hardly any of those, at the newest 200 rows of its own, which an index lists. Where it ends the next one begins.
Scope is the room's own: a match is joined to its row, by the rule by which the room itself shows rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Substr

from bus import ids, search
from bus.models import SearchEntry
from bus.search import Source
from overview.queries.finding.shapes import Match, Wanted, Window

__all__ = ["NEWEST", "Table"]

HELD, WALKED, ENOUGH = 200, 5_000, 20
LEAST_OWN, SEEKS = 10, 200  # each word of each row is a step into the index
READ = 1_500
OUT_OF_ORDER = 500  # rows may be stored a little out of the order of their times
LATEST = (1 << 45) / 1000 - 1  # the last second that an id can say
NEWEST = search.SPAN

Rows = Callable[[Wanted], QuerySet[Any]]
Own = Callable[[Wanted, Q, int], list[int] | None]


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the index: its ids, columns and text, which rows a caller may see, and which are its own."""

    source: Source
    prefix: str
    columns: tuple[str, ...]
    kind: Callable[[str], str]
    rows: Rows
    own: Own

    def window(self, wanted: Wanted, below: int) -> Window:
        """Return the newest matches below a row."""
        low, high = self._bounds(wanted, below)
        floor = next(iter(self._entries(wanted, low, high).values_list("pk", flat=True)[WALKED : WALKED + 1]), None)
        if floor is None:
            return self._walked(wanted, self._entries(wanted, low, high), 0, below)
        bottom = floor - self.source.first + 1
        walked = self._walked(wanted, self._entries(wanted, bottom, high), bottom, below)
        if len(walked.matches) >= ENOUGH:
            return walked
        deeper = self._own(wanted, Q(pk__gte=low, pk__lt=high))
        return deeper if deeper is not None and deeper.floor < walked.floor else walked

    def _entries(self, wanted: Wanted, low: int, high: int) -> QuerySet[SearchEntry]:
        """Return the entries that hold the words, newest first, between two rows: FTS5 heeds one bound on each side."""
        found = SearchEntry.objects.filter(words__matches=wanted.expression).order_by("-pk")
        return found.filter(pk__gte=self.source.first + low, pk__lt=self.source.first + min(high, NEWEST))

    def _own(self, wanted: Wanted, rows: Q) -> Window | None:
        """Look at the newest rows of the caller's own whether they are found; None where no index lists those."""
        most = max(LEAST_OWN, SEEKS // wanted.words)
        own = self.own(wanted, rows, most)
        if own is None:
            return None
        entries = SearchEntry.objects.filter(words__matches=wanted.expression)
        found = entries.filter(pk__in=[pk + self.source.first for pk in own]).values_list("pk", flat=True)
        matches = self._read(self.rows(wanted).filter(pk__in=[pk - self.source.first for pk in found]))
        floor = own[-1] if len(own) == most else 0
        return Window(matches, matches[0].pk + 1 if matches else floor, floor)

    def _walked(self, wanted: Wanted, entries: QuerySet[SearchEntry], floor: int, below: int) -> Window:
        """Look at entry after entry whether the caller may see its row."""
        seen = self.rows(wanted).filter(pk=OuterRef("pk") - Value(self.source.first)).order_by()
        found = entries.filter(Exists(seen)).annotate(number=F("pk") - Value(self.source.first))
        everything = self.source.table._default_manager.all()
        matches = self._read(everything.filter(pk__in=found.values("number")[:HELD]))
        top = matches[0].pk + 1 if matches else below
        return Window(matches, top, matches[-1].pk if len(matches) == HELD else floor)

    def _read(self, rows: QuerySet[Any]) -> list[Match]:
        """Return rows as matches, newest first."""
        found = rows.order_by().annotate(begin=Substr("body", 1, READ)).values_list(*self.columns)
        return sorted((self._match(row) for row in found), key=lambda each: -each.pk)

    def _match(self, row: tuple[Any, ...]) -> Match:
        pk, word, public_id, place, alias, title, begin, sender, at = row
        return Match(pk, self.kind(word), public_id, alias or place, title, begin, sender, at, word)

    def _bounds(self, wanted: Wanted, below: int) -> tuple[int, int]:
        """Return between which rows to look; ids begin with their time, so their index finds where times begin."""
        low, high = 1, below
        if wanted.since is not None and (first := self._first_from(wanted.since)) is not None:
            low = max(low, first - OUT_OF_ORDER)
        if wanted.until is not None and (first := self._first_from(wanted.until)) is not None:
            high = min(high, first + OUT_OF_ORDER)
        return low, high

    def _first_from(self, at: datetime) -> int | None:
        seconds = min(max(at.timestamp(), 0.0), LATEST)
        bound = ids.since(self.prefix, datetime.fromtimestamp(seconds, at.tzinfo))
        rows = self.source.table._default_manager.filter(public_id__gte=bound).order_by("public_id")
        return rows.values_list("pk", flat=True).first()

    def texts(self, pks: list[int], length: int) -> dict[int, str]:
        """Return the texts of rows, as far as that."""
        if not pks:
            return {}
        rows = self.source.table._default_manager.filter(pk__in=pks).order_by()
        return dict(rows.annotate(begin=Substr("body", 1, length)).values_list("pk", "begin"))
