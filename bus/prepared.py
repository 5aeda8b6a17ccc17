"""Statements that the ORM compiles once and the driver's cursor runs: no typed-out SQL, and the speed of a plain cursor.

`prepared(build, *types)` calls `build` once with marker values, one of each type, and lets the ORM compile what comes
back: a queryset with `values_list` (read it with `rows`, `first`, `value`), a `counted` one, or a pair of a queryset and
a dict of new values (an UPDATE: `run` answers the row count). Each call then puts its arguments where the markers were.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property, lru_cache
from typing import Any

from django.db import connections, models
from django.db.backends.sqlite3.base import FORMAT_QMARK_REGEX
from django.db.models import Count, QuerySet
from django.db.models.expressions import Col
from django.db.models.sql import AggregateQuery, InsertQuery, UpdateQuery
from pydantic_core import from_json

__all__ = ["Insert", "Prepared", "counted", "insert", "prepared", "statement"]

Build = Callable[..., Any]
FIRST_DAY = datetime(1901, 1, 1, tzinfo=UTC)
_here = threading.local()


def _wrapper() -> Any:
    """Return Django's connection of this thread, open."""
    wrapper = getattr(_here, "wrapper", None)
    if wrapper is None:
        wrapper = _here.wrapper = connections["default"]
    if wrapper.connection is None:
        wrapper.ensure_connection()
    return wrapper


def _execute(sql: str, driver_sql: str, values: Sequence[Any]) -> Any:
    """Run a statement on the driver's own cursor; on Django's while somebody counts queries."""
    wrapper = _wrapper()
    if wrapper.force_debug_cursor:
        cursor = wrapper.cursor()
        cursor.execute(sql, values)
        return cursor
    return wrapper.connection.execute(driver_sql, values)


def statement(sql: str) -> None:
    """Run one statement without arguments, such as SAVEPOINT."""
    _execute(sql, sql, ())


def _for_driver(sql: str) -> str:
    """Return the statement with the placeholders of the driver."""
    if _wrapper().vendor != "sqlite":
        return sql
    return FORMAT_QMARK_REGEX.sub("?", sql).replace("%%", "%")


@cache
def _instant() -> Callable[[datetime | None], Any]:
    """Return the function that turns an instant into what the database stores."""
    default = connections["default"]
    adapt: Callable[[datetime | None], Any] = default.ops.adapt_datetimefield_value

    def text(value: datetime | None) -> Any:
        """Do as Django's own does, but sooner."""
        return value.isoformat(" ")[:-6] if value is not None and value.tzinfo is UTC else adapt(value)

    return lru_cache(maxsize=512)(text if default.vendor == "sqlite" else adapt)


def _marker(kind: type, index: int) -> Any:
    """Return a value that no statement holds by chance, one for each position."""
    if kind is datetime:
        return FIRST_DAY + timedelta(days=index)
    return 7_319_000_000_000 + index if kind is int else f"\x01marker {index}\x01"


class Prepared:
    """A SELECT or UPDATE compiled once."""

    def __init__(self, build: Build, types: Sequence[type]) -> None:
        """Keep how to build it; it is compiled at the first use, when models are loaded."""
        self._build, self._types = build, types
        self._times = [at for at, kind in enumerate(types) if kind is datetime]

    @cached_property
    def _compiled(self) -> tuple[str, str, list[tuple[int, Any]], list[tuple[int, Any]]]:
        """Return the statement twice, its slots (argument or -1, constant) and its converters (column, function)."""
        markers = [_marker(kind, index) for index, kind in enumerate(self._types)]
        sql, params, converters = _compile(self._build(*markers))
        indices = {_instant()(each) if isinstance(each, datetime) else each: at for at, each in enumerate(markers)}
        return sql, _for_driver(sql), [(indices.get(param, -1), param) for param in params], converters

    def _run(self, arguments: Sequence[Any]) -> Any:
        sql, driver_sql, slots, _ = self._compiled
        stored = _stored(arguments, self._times)
        return _execute(sql, driver_sql, [constant if at < 0 else stored[at] for at, constant in slots])

    def rows(self, *arguments: Any, most: int | None = None, keep: Callable[[Any], bool] | None = None) -> list[Any]:
        """Return the rows as tuples, at most `most`; what is not fetched is not computed.

        `keep` sees a row as the driver gives it and says whether it is wanted; times are converted only then.
        """
        cursor = self._run(arguments)
        fetched = cursor.fetchall() if most is None else cursor.fetchmany(most)
        cursor.close()
        if keep is not None:
            fetched = list(filter(keep, fetched))
        converters = self._compiled[3]
        return [_converted(row, converters) for row in fetched] if converters else fetched

    def first(self, *arguments: Any) -> Any:
        """Return the first row, or None."""
        rows = self.rows(*arguments, most=1)
        return rows[0] if rows else None

    def value(self, *arguments: Any) -> Any:
        """Return the first column of the first row, or None."""
        row = self.first(*arguments)
        return row[0] if row else None

    def run(self, *arguments: Any) -> int:
        """Run an UPDATE and return how many rows it changed."""
        changed: int = self._run(arguments).rowcount
        return changed


def _converted(row: Sequence[Any], converters: list[tuple[int, Any]]) -> tuple[Any, ...]:
    cells = list(row)
    for index, convert in converters:
        if cells[index] is not None:
            cells[index] = convert(cells[index])
    return tuple(cells)


def counted(queryset: QuerySet[Any], most: int) -> AggregateQuery:
    """Return the count of a queryset's rows, at most `most`: the database stops counting there."""
    query = AggregateQuery(queryset.model, queryset.order_by().values("pk")[:most].query)
    query.add_annotation(Count("*"), "number", select=True)
    return query


def _compile(built: Any) -> tuple[str, Sequence[Any], list[tuple[int, Any]]]:
    if isinstance(built, tuple):
        queryset, values = built
        built = queryset.query.chain(UpdateQuery)
        built.add_update_values(values)
    if isinstance(built, UpdateQuery | AggregateQuery):
        sql, params = built.get_compiler(using="default").as_sql()
        return sql, params, []
    compiler = built.query.get_compiler(using="default")
    sql, params = compiler.as_sql()
    converters = compiler.get_converters([column[0] for column in compiler.select])
    return sql, params, [(index, _chain(steps, of)) for index, (steps, of) in converters.items()]


def _moment(value: Any) -> Any:
    """Return an instant that SQLite gave, as Django's own converter does but sooner."""
    return (value if isinstance(value, datetime) else datetime.fromisoformat(value)).replace(tzinfo=UTC)


def _chain(steps: Iterable[Any], expression: Any) -> Callable[[Any], Any]:
    connection, convert = connections["default"], list(steps)
    if convert == [getattr(connection.ops, "convert_datetimefield_value", None)]:
        return _moment
    if isinstance(expression, Col) and convert == [getattr(expression.target, "from_db_value", None)]:
        field = expression.target
        if isinstance(field, models.JSONField) and field.decoder is None:
            return from_json

    def converted(value: Any) -> Any:
        for step in convert:
            value = step(value, expression, connection)
        return value

    return converted


class Insert:
    """An INSERT of one model compiled once; a JSON field takes JSON text."""

    def __init__(self, model: type[models.Model], *fields: str) -> None:
        """Keep the model and the fields that a call gives, in order."""
        self._model, self._fields = model, fields

    @cached_property
    def _compiled(self) -> tuple[str, str, list[int]]:
        """Return the statement twice and the places of its times."""
        query = InsertQuery(self._model)
        fields: list[Any] = [self._model._meta.get_field(name) for name in self._fields]
        query.insert_values(fields, [self._model()], raw=True)
        ((sql, _),) = query.get_compiler(using="default").as_sql()
        return sql, _for_driver(sql), [at for at, each in enumerate(fields) if isinstance(each, models.DateTimeField)]

    def one(self, *row: Any) -> int:
        """Insert one row and return its key."""
        sql, driver_sql, times = self._compiled
        return int(_execute(sql, driver_sql, _stored(row, times)).lastrowid)

    def many(self, rows: Iterable[Sequence[Any]]) -> None:
        """Insert rows by one executemany."""
        wrapper, (sql, driver_sql, times) = _wrapper(), self._compiled
        values = [_stored(row, times) for row in rows]
        if wrapper.force_debug_cursor:
            wrapper.cursor().executemany(sql, values)
        else:
            wrapper.connection.executemany(driver_sql, values)


def _stored(values: Sequence[Any], times: Iterable[int]) -> list[Any]:
    """Return the values as the database stores them; `times` are the places of the instants."""
    stored, instant = list(values), _instant()
    for at in times:
        stored[at] = instant(stored[at])
    return stored


def prepared(build: Build, *types: type) -> Prepared:
    """Return the statement that `build` describes; `types` are those of its arguments: int, str or datetime."""
    return Prepared(build, types)


def insert(model: type[models.Model], *fields: str) -> Insert:
    """Return the INSERT of `fields` into the model's table."""
    return Insert(model, *fields)
