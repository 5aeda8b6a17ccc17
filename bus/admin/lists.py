"""Lists that stay quick however long the log is: counts that stop, and a calendar that reads two rows.

Invariant: no page of a list counts, sorts or groups a whole large table.
"""

from calendar import monthrange
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable
from django.utils.formats import date_format

from bus.text import visible

__all__ = ["MOST", "CappedPaginator", "QuickList", "written_out"]

MOST = 10_000
OUT_OF_ORDER = 500

if TYPE_CHECKING:
    BasePaginator = Paginator[Any]
else:
    BasePaginator = Paginator


class WrittenOut(ModelIterable):  # type: ignore[type-arg]
    """Rows to look at: control and bidi characters are written out in each text, of what they refer to as well."""

    def __iter__(self) -> Any:
        """Yield the rows."""
        for row in super().__iter__():
            _write_out(row)
            for other in row._state.fields_cache.values():
                if isinstance(other, Model):
                    _write_out(other)
            yield row


def _write_out(row: Model) -> None:
    values = row.__dict__
    values.update((name, visible(value)) for name, value in list(values.items()) if isinstance(value, str))


def written_out(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return a queryset whose rows hide nothing; they are to be shown, never saved."""
    shown: Any = rows.all()
    shown._iterable_class = WrittenOut
    return shown  # type: ignore[no-any-return]


class CappedPaginator(BasePaginator):
    """Counts no further than 10,000 rows; what lies beyond is found by filters and search."""

    @cached_property
    def count(self) -> int:
        """Return how many rows there are, at most 10,000."""
        rows: Any = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        return rows.order_by()[:MOST].count()

    @property
    def is_capped(self) -> bool:
        """Say whether there may be more."""
        return self.count >= MOST


class QuickList(ChangeList):
    """Django's list, with a calendar between the first and the last row instead of one grouped from all."""

    is_quick = True
    is_cut = False  # the filters looked through the newest rows only

    def get_filters(self, request: Any) -> Any:
        """Read the filters; the day after the last one there is is none."""
        try:
            return super().get_filters(request)
        except OverflowError as error:
            raise IncorrectLookupParameters(error) from error

    def get_queryset(self, request: Any, exclude_parameters: list[str | None] | None = None) -> QuerySet[Any]:
        """Find the rows; those of a time between their numbers, and by a filter without index among the newest.

        Row numbers follow time, but for a few rows that were stored a little out of order.
        """
        found = super().get_queryset(request, exclude_parameters)
        low, high = self._numbers()
        shown: Any = self.model_admin
        if shown.looks_through and shown.is_searching(request):
            newest = high if high is not None else self._first_from(None)
            floor = newest - shown.looks_through
            self.is_cut = floor > (low or 0) and self.root_queryset.filter(pk__lt=floor).exists()
            low = max(floor, low or 0)
        if low is not None:
            found = found.filter(pk__gte=low)
        return found if high is None else found.filter(pk__lt=high)

    def _numbers(self) -> tuple[int | None, int | None]:
        """Return the row numbers between which the chosen year, month or day lies."""
        year, month, day = self._chosen(self.date_hierarchy or "")
        if not self.date_hierarchy or year is None:
            return None, None
        begin = datetime(year, month or 1, day or 1, tzinfo=UTC)
        length = timedelta(days=1 if day and month else monthrange(year, month)[1] if month else 366)
        return self._first_from(begin) - OUT_OF_ORDER, self._first_from(begin + length) + OUT_OF_ORDER

    def _first_from(self, at: datetime | None) -> int:
        """Return the number of the first row from an instant on, by halving; behind all rows where there is none."""
        rows = self.root_queryset.order_by("pk").values_list("pk", self.date_hierarchy)
        low, high = 0, (rows.values_list("pk", flat=True).last() or 0) + 1
        while at is not None and low < high:
            middle = (low + high) // 2
            row = rows.filter(pk__gte=middle, pk__lt=high).first()
            if row is None or row[1] >= at:
                high = middle
            else:
                low = row[0] + 1
        return high

    def get_results(self, request: Any) -> None:
        """Find the rows of the page, and what their columns need beside them."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        if not (self.query or self.has_active_filters or self.get_filters_params()):
            self.full_result_count = self.result_count
        shown: Any = self.model_admin
        shown.enrich(self.result_list)

    @cached_property
    def calendar(self) -> dict[str, Any] | None:
        """Return what the template of Django's date hierarchy shows, or None without one."""
        field = self.date_hierarchy
        if not field:
            return None
        bounds = self._bounds(field)
        if bounds is None:
            return None
        year, month, day = self._chosen(field)
        if year is None and bounds[0].year == bounds[1].year:
            year = bounds[0].year
        if year and month is None and _months(bounds, year) == [bounds[0].month]:
            month = bounds[0].month
        return self._choices(field, bounds, (year, month, day))

    def _bounds(self, field: str) -> tuple[date, date] | None:
        """Return the days of the first and last row, found by row number, which follows time."""
        times = self.root_queryset.order_by("pk").values_list(field, flat=True)
        first, last = times.first(), times.last()
        if not isinstance(first, datetime) or not isinstance(last, datetime):
            return None
        return min(first, last).date(), max(first, last).date()

    def _chosen(self, field: str) -> tuple[int | None, int | None, int | None]:
        """Return the year, month and day of the URL; a month needs its year, and Django has refused what is no day."""
        year, month, day = (self.params.get(f"{field}__{unit}") for unit in ("year", "month", "day"))
        if not year:
            return None, None, None
        return int(year), int(month) if month else None, int(day) if day else None

    def _choices(
        self, field: str, bounds: tuple[date, date], chosen: tuple[int | None, int | None, int | None]
    ) -> dict[str, Any]:
        year, month, day = chosen
        if year and month and day:
            back = self._choice(field, _month(date(year, month, 1)), year, month)
            return {"show": True, "back": back, "choices": [{"title": date_format(date(year, month, day), "F j")}]}
        if year and month:
            days = _days(bounds, year, month)
            named = [self._choice(field, date_format(day, "F j"), year, month, day.day) for day in days]
            return {"show": True, "back": self._choice(field, str(year), year), "choices": named}
        if year:
            months = [date(year, number, 1) for number in _months(bounds, year)]
            named = [self._choice(field, _month(month), year, month.month) for month in months]
            return {"show": True, "back": self._choice(field, "All dates"), "choices": named}
        years = range(bounds[0].year, bounds[1].year + 1)
        return {"show": True, "choices": [self._choice(field, str(year), year) for year in years]}

    def _choice(self, field: str, title: str, *parts: int) -> dict[str, str]:
        units = (f"{field}__{unit}" for unit in ("year", "month", "day"))
        link = self.get_query_string(dict(zip(units, parts, strict=False)), [f"{field}__"])
        return {"link": link, "title": title}


def _month(day: date) -> str:
    return date_format(day, "YEAR_MONTH_FORMAT")


def _months(bounds: tuple[date, date], year: int) -> list[int]:
    return [month for month in range(1, 13) if bounds[0] <= _last(year, month) and date(year, month, 1) <= bounds[1]]


def _days(bounds: tuple[date, date], year: int, month: int) -> Iterable[date]:
    days = (date(year, month, number) for number in range(1, _last(year, month).day + 1))
    return [day for day in days if bounds[0] <= day <= bounds[1]]


def _last(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])
