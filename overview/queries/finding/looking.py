"""One page of what was found: windows of every table, ranked together.

Invariant: a page is the same whenever it is read again, but for what may be seen no more; what is said later does not move
it. Within a window the best comes first; windows follow each other from new to old.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from overview.queries.finding.ranking import Ranked, ranked
from overview.queries.finding.shapes import Wanted, Window
from overview.queries.finding.snippets import READ, snippet
from overview.queries.finding.tables import TABLES, places
from overview.queries.finding.windows import NEWEST

__all__ = ["START", "Page", "Place", "Shown", "look"]

# Below which row the window of each table begins (0: nothing is left there), and how far into the ranked ones the page does.
Place = tuple[int, ...]
START: Place = (*(NEWEST for _ in TABLES), 0)
NOTHING = Window([], 0, 0)


@dataclass(frozen=True, slots=True)
class Shown:
    """A match with its rank, a line of its text and where the hits stand in that line."""

    ranked: Ranked
    line: str
    hits: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Page:
    """What is shown, and what there is beside it."""

    shown: list[Shown]
    windows: list[Window]
    offset: int
    more: int

    def place_after(self, count: int) -> Place | None:
        """Return where to go on after so many of the page; None where there is nothing."""
        if count < len(self.shown) or self.more:
            return (*(window.top for window in self.windows), self.offset + count)
        floors = [window.floor for window in self.windows]
        return (*floors, 0) if any(floors) else None


def look(wanted: Wanted, limit: int, place: Place = START) -> Page:
    """Return the page of a place, at most `limit` matches, best first."""
    *begins, offset = place
    windows = [
        table.window(wanted, below) if is_wanted and below > 0 and wanted.phrases else NOTHING
        for table, is_wanted, below in zip(TABLES, places(wanted), begins, strict=True)
    ]
    found = ranked([match for window in windows for match in window.matches], wanted.phrases, wanted.caller.now)
    page = found[offset : offset + limit]
    return Page(list(_shown(page, wanted)), windows, offset, max(0, len(found) - offset - limit))


def _shown(page: Sequence[Ranked], wanted: Wanted) -> Iterator[Shown]:
    messages, _, handoffs = TABLES
    jobs = handoffs.texts([match.pk for _, match in page if match.kind == "handoff"], READ)
    mail = messages.texts([match.pk for _, match in page if match.kind != "handoff"], READ)
    for each in page:
        text = (jobs if each[1].kind == "handoff" else mail).get(each[1].pk, "")
        yield Shown(each, *snippet(text, wanted.phrases))
