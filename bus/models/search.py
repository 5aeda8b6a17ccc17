"""The index of everything that was said: one for all rooms, filled by triggers on the tables that hold the texts."""

from typing import Any

from django.db import NotSupportedError, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Lookup

__all__ = ["SearchEntry", "SearchWord"]


class IndexedField(models.Field):  # type: ignore[type-arg]
    """The words of a text; the index is asked with `__matches`."""


@IndexedField.register_lookup
class Matches(Lookup):
    """Find entries by an expression of the index's own language, as `bus.phrases` writes it."""

    lookup_name = "matches"

    def as_sqlite(self, compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        """Return what FTS5 understands."""
        column, before = self.process_lhs(compiler, connection)
        expression, after = self.process_rhs(compiler, connection)
        return f"{column} MATCH {expression}", [*before, *after]

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper) -> Any:
        """Refuse other databases, which need a lookup of their own."""
        raise NotSupportedError(f"There is no search on {connection.vendor} yet.")


class SearchEntry(models.Model):
    """A text that can be found: its words and where each stands, but not the text, which its own table keeps.

    The key says what it is: rooms number their rows within a range of their own (`bus.search`), newest last.
    """

    id = models.BigIntegerField(primary_key=True, db_column="rowid")
    words = IndexedField(db_column="bus_searchentry")

    class Meta:
        """A virtual table, which a migration makes."""

        managed = False
        db_table = "bus_searchentry"

    def __str__(self) -> str:
        """Return the key."""
        return str(self.pk)


class SearchWord(models.Model):
    """A word that the index knows, once for each place where it stands; in the order of the alphabet."""

    term = models.TextField(primary_key=True)

    class Meta:
        """A view of the index that FTS5 makes."""

        managed = False
        db_table = "bus_searchword"

    def __str__(self) -> str:
        """Return the word."""
        return self.term
