"""The tables of the bus in Django's admin: to look at, never to change."""

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Field, ForeignKey, Model
from django.http import HttpRequest

__all__ = ["ReadOnly"]

SHOWN = 8

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Model]
else:
    Base = admin.ModelAdmin


class ReadOnly(Base):
    """Lists and shows rows; operations change them, and the log cannot be changed at all."""

    show_full_result_count = False

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Show the first columns of the table."""
        return [column.name for column in self._columns()]

    def get_list_select_related(self, request: HttpRequest) -> list[str]:
        """Load what those columns refer to."""
        return [column.name for column in self._columns() if isinstance(column, ForeignKey)]

    def _columns(self) -> list[Any]:
        return [field for field in self.model._meta.concrete_fields if _is_shown(field)][:SHOWN]

    def has_add_permission(self, *_: Any) -> bool:
        """Say no."""
        return False

    def has_change_permission(self, *_: Any) -> bool:
        """Say no."""
        return False

    def has_delete_permission(self, *_: Any) -> bool:
        """Say no."""
        return False


def _is_shown(field: "Field[Any, Any]") -> bool:
    return field.editable and field.get_internal_type() not in {"JSONField", "TextField"}


admin.site.register(apps.get_app_config("bus").get_models(), ReadOnly)
