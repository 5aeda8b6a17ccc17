"""What the admin of every Nexus table shares: it shows and exports, and changes nothing but through operations."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, NoReturn

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode

from bus.admin.exports import export_csv, export_jsonl
from bus.admin.lists import CappedPaginator, QuickList, written_out

__all__ = ["ReadOnly", "Rows", "Total", "every"]

PER_PAGE = 50

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Model]
    BaseRows = admin.TabularInline[Model, Model]
else:
    Base = admin.ModelAdmin
    BaseRows = admin.TabularInline


class Total(NamedTuple):
    """One figure of the index: what it counts and the list behind it."""

    name: str
    value: str
    url: str
    note: str = ""


def every(fieldsets: Any) -> tuple[str, ...]:
    """Return the names in fieldsets: all of them are only read."""
    return tuple(name for _, part in fieldsets for name in part["fields"])


class Unchangeable:
    """Refuses to add, change or delete, whoever asks."""

    def has_add_permission(self, *_: Any) -> bool:
        """Say no."""
        return False

    def has_change_permission(self, *_: Any) -> bool:
        """Say no."""
        return False

    def has_delete_permission(self, *_: Any) -> bool:
        """Say no."""
        return False


class ReadOnly(Unchangeable, Base):
    """Lists and shows rows; operations change them, and the log cannot be changed at all."""

    actions: Any = (export_jsonl, export_csv)
    list_per_page = PER_PAGE
    list_max_show_all = PER_PAGE
    ordering = ("-pk",)
    paginator = CappedPaginator
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False
    sortable_by: ClassVar[Any] = ()
    tools: tuple[tuple[str, str], ...] = ()
    plural = ""
    looks_through = 0  # as many of the newest rows a filter without index looks at; 0 is all

    def __init__(self, model: type[Model], site: admin.AdminSite) -> None:
        """Call the table as people do."""
        super().__init__(model, site)
        if self.plural:
            model._meta.verbose_name_plural = self.plural

    def get_changelist(self, request: HttpRequest, **_: Any) -> type[QuickList]:
        """Return the list that stays quick."""
        return QuickList

    def is_searching(self, request: HttpRequest) -> bool:
        """Say whether the filters of the URL have no index."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read rows whose texts hide nothing."""
        return written_out(super().get_queryset(request))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Leave out deleting, also where somebody gave the permission."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list and what can be done beside it."""
        title = str(self.opts.verbose_name_plural).capitalize()
        tools = [(f"admin:{name}", text) for name, text in self.tools]
        return super().changelist_view(request, {**(extra_context or {}), "tools": tools, "title": title})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show a row; nothing is sent back."""
        row = self.get_object(request, object_id)
        shown: dict[str, Any] = {"title": f"{self.model._meta.verbose_name}".capitalize(), "subtitle": None}
        if row is not None:
            shown["row_tools"] = [*self.row_tools(row), *self._chosen(row)]
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **shown})

    def _chosen(self, row: Any) -> list[tuple[str, str]]:
        """Lead to the list with this one row, where actions are chosen."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
        return [(f"{reverse(name)}?{urlencode({f'{self.opts.pk.name}__exact': row.pk})}", "Choose an action")]

    def page(self, route: str, view: Callable[[HttpRequest], HttpResponse], name: str) -> URLPattern:
        """Return the URL of a page beside the list, for those who may see the list."""

        def permitted(request: HttpRequest) -> HttpResponse:
            if not self.has_view_permission(request):
                raise PermissionDenied
            return view(request)

        return path(route, self.admin_site.admin_view(permitted), name=name)

    def enrich(self, rows: Any) -> None:
        """Load what the columns of one page need beside its rows."""

    def row_tools(self, row: Any) -> list[tuple[str, str]]:
        """Return the URLs and words of what can be done from a row's page."""
        return []

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Go to the events about a row: they are its history."""
        row = self.get_object(request, object_id)
        if row is None or not self.has_view_permission(request, row):
            raise PermissionDenied
        url = f"{reverse('admin:bus_event_changelist')}?{urlencode(self.history(row))}"
        return HttpResponseRedirect(url)

    def history(self, row: Any) -> Mapping[str, Any]:
        """Return the filter of the list of events that finds those about a row."""
        return {}

    def totals(self) -> list[Total]:
        """Return the figures that the index shows of this table."""
        return []

    def save_model(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse, should Django ever come here."""
        raise PermissionDenied

    delete_model = delete_queryset = save_related = save_formset = save_model


class Rows(Unchangeable, BaseRows):
    """Rows of another table below the one they belong to, to look at."""

    extra = 0
    max_num = 0
    can_delete = False
    template = "admin/nexus/rows.html"
    sources: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> Any:
        """Load what the columns refer to, too."""
        return written_out(super().get_queryset(request).select_related(*self.sources))
