"""What an export holds of a workspace: tables whose rows are lines of JSON, by public ids and names.

A room registers a `Table` for each of its own. No row number, no key and nothing in `without` is written; rows come in the
order in which they were written and are written again in that order, so that the same comes out of what went in.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import Any

from django.db import models
from django.db.models import QuerySet

from bus import events
from bus.errors import InvalidInput
from bus.models import Agent, Workspace
from bus.prepared import Insert, Prepared, insert, prepared

__all__ = ["Arrival", "Json", "Table", "Unfit", "instant", "moment", "register", "tables"]

Json = dict[str, Any]
CHUNK = 2000
# Where objects inside a line hold names; elsewhere in them a word that is a name by chance stays as it is.
WHO = frozenset({"agent", "by", "claimant", "fallback", "from", "to"})


class Unfit(InvalidInput):
    """A line of the export does not fit this Nexus."""

    code = "unfit_line"
    hint = "The export was changed by hand, or comes from another version."


@dataclass
class Arrival:
    """One import under way: into which workspace, who is who, and how far its log is read.

    `names` are the new names of agents by their old ones, `people` the rows of agents by their old names, `newcomers` those
    that this import enrolled. The two hashes are those of the newest event: as exported, and here.
    """

    workspace: int
    now: datetime
    names: dict[str, str] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    newcomers: set[int] = field(default_factory=set)
    last_event: int = 0
    seq: int = 0
    hash_there: bytes = events.GENESIS
    hash_here: bytes = events.GENESIS

    def agent(self, name: str) -> int:
        """Return the row of the agent that had this name where the export was made."""
        if name not in self.people:
            raise Unfit(f"The agent {name[:64]!r} is not in agents.jsonl.")
        return self.people[name]

    def named(self, value: Any) -> Any:
        """Return a value of JSON, or JSON text of a list, with the names that agents have here."""
        if not self.names:
            return value
        if isinstance(value, str) and value.startswith("["):
            return events.canonical(self.named(json.loads(value)))
        if isinstance(value, str):
            return self.names.get(value, value)
        if isinstance(value, list):
            return [self.named(each) for each in value]
        return {key: _named(self, key, each) for key, each in value.items()} if isinstance(value, dict) else value


def _named(arrival: Arrival, key: str, value: Any) -> Any:
    return arrival.named(value) if key in WHO else value


def instant(at: datetime) -> str:
    """Return an instant to the microsecond, in UTC."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """Return the instant of a text that `instant` gave."""
    return datetime.fromisoformat(text).astimezone(UTC)


class Table:
    """One file of an export: the rows of a model that belong to a workspace.

    `where` leads from a row to its workspace. Agents are written by their names, other rows by their public ids. `named`
    are columns in which names of agents are written too.
    """

    def __init__(
        self,
        name: str,
        model: type[models.Model],
        *,
        where: str = "workspace",
        without: Iterable[str] = (),
        named: Iterable[str] = (),
    ) -> None:
        """Say what the file is called, and which columns stay out of it."""
        self.name, self.model, self.where = name, model, where
        self.without, self.named = frozenset(without), frozenset(named)

    def rows(self, workspace: int) -> QuerySet[Any]:
        """Return the rows of a workspace in their order."""
        return self.model._default_manager.filter(**{self.where: workspace}).order_by("pk")

    def lines(self, workspace: int) -> Iterator[Json]:
        """Yield the lines of a workspace, a few thousand rows in memory at a time."""
        return self.written(self.rows(workspace))

    def written(self, rows: QuerySet[Any]) -> Iterator[Json]:
        """Yield rows as lines."""
        names = [column.name for column in self.columns]
        for row in rows.values_list(*(self.path(column) for column in self.columns)).iterator(CHUNK):
            yield dict(zip(names, map(_written, row), strict=True))

    def path(self, column: Any) -> str:
        """Return where a column's value comes from: the name of an agent, the public id of another row, or the column."""
        if column.related_model is None:
            return str(column.name)
        return f"{column.name}__name" if column.related_model is Agent else f"{column.name}__public_id"

    def people(self, workspace: int) -> Iterator[Any]:
        """Yield the rows of agents that the table names."""
        for column in self.columns:
            if column.related_model is Agent:
                yield from self.rows(workspace).order_by().values_list(column.attname, flat=True).distinct()

    def add(self, arrival: Arrival, line: Json) -> int:
        """Insert a line and return its row number; raise `Unfit` where it fits no row."""
        unknown = line.keys() - self._places.keys()
        if unknown:
            raise Unfit(f"Nobody here knows the field {min(unknown)!r}.")
        values = [self._value(arrival, each, line) for each in self.columns]
        return self._insert.one(*(self.left_out(arrival, each) for each in self._own), *values)

    @cached_property
    def columns(self) -> list[Any]:
        """Return the fields that are written."""
        fields = [each for each in self.model._meta.concrete_fields if not each.primary_key]
        return [each for each in fields if each.related_model is not Workspace and each.name not in self.without]

    @cached_property
    def _places(self) -> dict[str, Any]:
        return {each.name: each for each in self.columns}

    @cached_property
    def _own(self) -> list[Any]:
        """Return the workspace's column and those that were left out and may not be empty."""
        fields = [each for each in self.model._meta.concrete_fields if not each.primary_key]
        return [each for each in fields if each.name not in self._places]

    @cached_property
    def _insert(self) -> Insert:
        return insert(self.model, *(each.name for each in (*self._own, *self.columns)))

    def left_out(self, arrival: Arrival, column: Any) -> Any:
        """Return the value of a column that is in no line."""
        return arrival.workspace if column.name == "workspace" else self.stored(column, column.get_default())

    def linked(self, arrival: Arrival, column: Any, line: Json) -> int:
        """Return the row that a column of a line names; it came before the line."""
        name = str(line[column.name])
        row: int | None = _finder(column.related_model).value(arrival.workspace, name)
        if row is None:
            raise Unfit(f"{name[:40]!r} in {column.name!r} is in no line before.")
        return row

    def stored(self, column: Any, value: Any) -> Any:
        """Return a value as the database takes it, or raise `Unfit`."""
        return _stored(column, value)

    def _value(self, arrival: Arrival, column: Any, line: Json) -> Any:
        if column.name not in line:
            return self.stored(column, column.get_default())
        value = line[column.name]
        if value is None:
            return self._none(column)
        if column.related_model is Agent:
            return arrival.agent(_text(column, value))
        if column.related_model is not None:
            return self.linked(arrival, column, line)
        return self.stored(column, arrival.named(value) if column.name in self.named else value)

    def _none(self, column: Any) -> Any:
        if not column.null and not isinstance(column, models.JSONField):
            raise Unfit(f"The field {column.name!r} is empty.")
        return None if column.null else "null"


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant(value)
    return value.hex() if isinstance(value, bytes | memoryview) else value


def _stored(column: Any, value: Any) -> Any:
    """Return a value of a line as the database takes it, or raise `Unfit`."""
    if isinstance(column, models.JSONField):
        return None if value is None else events.compact(value)
    if value is None:
        return None
    try:
        return _checked(column, value)
    except (TypeError, ValueError):
        raise Unfit(f"The field {column.name!r} cannot be {str(value)[:40]!r}.") from None


def _checked(column: Any, value: Any) -> Any:
    if isinstance(column, models.DateTimeField):
        return value if isinstance(value, datetime) else moment(value)
    if isinstance(column, models.BinaryField):
        return bytes.fromhex(value)
    if isinstance(column, models.BooleanField | models.IntegerField):
        wanted = bool if isinstance(column, models.BooleanField) else int
        if type(value) is not wanted:
            raise TypeError
        return value
    return _text(column, value)


def _text(column: Any, value: Any) -> str:
    longest = getattr(column, "max_length", None)
    if not isinstance(value, str) or (longest and len(value) > longest):
        raise Unfit(f"The field {column.name!r} cannot be {str(value)[:40]!r}.")
    if column.choices and all(value != each for each, _ in column.choices):
        raise Unfit(f"The field {column.name!r} cannot be {value[:40]!r}.")
    return value


@cache
def _finder(model: type[models.Model]) -> Prepared:
    return prepared(
        lambda workspace, public_id: model._default_manager.filter(
            workspace_id=workspace, public_id=public_id
        ).values_list("pk"),
        int,
        str,
    )


_tables: dict[str, Table] = {}


def register(table: Table) -> None:
    """Add a file to every export; what a table's lines name must be registered before it."""
    _tables[table.name] = table


def tables() -> dict[str, Table]:
    """Return every table by name, in the order in which lines may be added."""
    return _tables
