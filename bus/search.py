"""What the index of all texts holds, room by room, and whether it holds all of it.

Invariant: a row is in the index exactly as long as it is in its table, with its words of now. Triggers keep it so in the
transaction of each write, whoever writes; a migration of each room makes them. Who may see what is found is no matter of
the index: whoever asks it joins the room's own table.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import islice

from django.apps import apps
from django.db import connection
from django.db.models import Exists, F, Model, OuterRef, Value

from bus.models import SearchEntry, SearchWord
from bus.phrases import Phrase, expression, folded
from bus.prepared import prepared

__all__ = [
    "HANDOFFS",
    "MESSAGES",
    "SPAN",
    "Source",
    "asked",
    "missing",
    "problems",
    "rebuild",
    "register",
    "sources",
    "triggers",
]

SPAN = 1 << 56
MOST_WORDS = 64
NEXT_WORD = prepared(
    lambda low, high: SearchWord.objects.filter(term__gte=low, term__lt=high).values_list("term")[:1], str, str
)
FIRST, LAST = "\x01", chr(0x10FFFF)  # no word holds either
EVENTS = ("insert", "update", "delete")


@dataclass(frozen=True, slots=True)
class Source:
    """A table whose texts are indexed, and its place in the index: row `id` is entry `first + id`.

    The migration that first put it there says how: it has `FILL` and `TRIGGERS`.
    """

    model: str
    place: int
    migration: str

    @property
    def first(self) -> int:
        """Return what is added to a row's number."""
        return self.place * SPAN

    @property
    def table(self) -> type[Model]:
        """Return the model of the table."""
        return apps.get_model(self.model)


MESSAGES = Source("bus.Message", 0, "bus.migrations.0007_search")
HANDOFFS = Source("handoffs.Handoff", 1, "handoffs.migrations.0003_search")
MENDS = "`nexus reindex` mends it."
_sources: dict[int, Source] = {}


def register(source: Source) -> None:
    """Add a table; its room does so when it is ready."""
    _sources[source.place] = source


def sources() -> list[Source]:
    """Return the tables whose texts are indexed."""
    return [_sources[place] for place in sorted(_sources)]


def triggers(source: Source) -> list[str]:
    """Return the names of the triggers that a source needs on this database."""
    table = source.table._meta.db_table
    return [f"{table}_search_{event}" for event in EVENTS] if connection.vendor == "sqlite" else []


def asked(wanted: Sequence[Phrase]) -> str:
    """Return phrases in the language of the index; a beginning stands for the first 64 words that begin so.

    FTS5 itself would first read every place of every such word, however many, before it gave the first entry.
    """
    return expression([_endings(phrase) if phrase.is_open else [phrase] for phrase in wanted])


def _endings(phrase: Phrase) -> list[Phrase]:
    begin = folded(phrase.words[-1])
    words = islice(_words(begin), MOST_WORDS)
    return [phrase.ending(word) for word in words] or [phrase]


def _words(begin: str) -> Iterator[str]:
    """Yield the words that begin so, each by one step in the index."""
    word = NEXT_WORD.value(begin, f"{begin}{LAST}")
    while word is not None:
        yield word
        word = NEXT_WORD.value(f"{word}{FIRST}", f"{begin}{LAST}")


def problems() -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong with the index: what, in which table, and what that means."""
    if connection.vendor != "sqlite":
        return
    there = _triggers()
    for source in sources():
        table = source.table._meta.db_table
        for name in triggers(source):
            if name not in there:
                yield f"The trigger {name} is missing.", table, f"Search does not follow the table; {MENDS}"
        lacking, left = missing(source)
        if lacking:
            yield f"{lacking} rows are not in the index.", table, f"Search does not find them; {MENDS}"
        if left:
            yield f"{left} entries of the index have no row.", table, f"Rows were deleted past the triggers; {MENDS}"
    counted, said = _places()
    if counted != said:
        means = f"The index is damaged, search misses things; {MENDS}"
        yield f"The index has {counted} places of words and should have {said}.", SearchEntry._meta.db_table, means


def _triggers() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        return {name for (name,) in cursor.fetchall()}


def _places() -> tuple[int, int]:
    """Return how many places of words the index has, counted one by one, and how many it says that it has.

    FTS5 has a check of its own, but that is a write: it would hold everybody up for as long as it reads.
    """
    with connection.cursor() as cursor:
        cursor.execute("CREATE VIRTUAL TABLE temp.search_words USING fts5vocab(main, bus_searchentry, row)")
        try:
            (counted,) = cursor.execute("SELECT coalesce(sum(cnt), 0) FROM temp.search_words").fetchone()
        finally:
            cursor.execute("DROP TABLE temp.search_words")
        (totals,) = cursor.execute("SELECT block FROM bus_searchentry_data WHERE id = 1").fetchone()
    return counted, sum(list(_numbers(bytes(totals)))[1:])


def _numbers(block: bytes) -> Iterator[int]:
    """Yield the numbers of a record of FTS5: those of entries, then of words in each column."""
    number = 0
    for byte in block:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            yield number
            number = 0


def missing(source: Source) -> tuple[int, int]:
    """Return how many rows the index lacks, and how many entries have no row any more."""
    rows = source.table._default_manager.order_by()
    entries = SearchEntry.objects.filter(pk__gt=source.first, pk__lt=source.first + SPAN).order_by()
    entry = SearchEntry.objects.filter(pk=OuterRef("pk") + Value(source.first))
    row = rows.filter(pk=OuterRef("number"))
    orphans = entries.annotate(number=F("pk") - Value(source.first)).filter(~Exists(row))
    return rows.filter(~Exists(entry)).count(), orphans.count()


def rebuild() -> int:
    """Make the index and its triggers anew from the tables; runs inside the lane. Return how many entries it has now."""
    if connection.vendor != "sqlite":
        return 0
    with connection.cursor() as cursor:
        for statement in (*_taken_away(), *_made_anew()):
            cursor.execute(statement)
    return SearchEntry.objects.count()


def _taken_away() -> Iterator[str]:
    for source in sources():
        for name in triggers(source):
            yield f"DROP TRIGGER IF EXISTS {name}"
    for table in (SearchWord, SearchEntry):
        yield f"DROP TABLE IF EXISTS {table._meta.db_table}"


def _made_anew() -> Iterator[str]:
    index = import_module(MESSAGES.migration)
    yield from (index.INDEX, index.MERGE_LATER, index.WORDS)
    ways = [import_module(source.migration) for source in sources()]
    yield from (way.FILL for way in ways)
    yield index.SETTLE
    for way in ways:
        yield from way.TRIGGERS.values()


register(MESSAGES)
