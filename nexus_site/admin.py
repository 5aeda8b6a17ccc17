"""django-q2's tables in the admin: to look at, as the cluster alone changes them."""

from typing import Any

from django.apps import apps
from django.contrib import admin

from bus.admin.base import ReadOnly

LISTS = {
    "OrmQ": ("id", "key", "lock"),
    "Schedule": ("name", "func", "schedule_type", "minutes", "next_run", "cluster"),
    "Success": ("name", "func", "started", "stopped", "attempt_count"),
    "Failure": ("name", "func", "started", "stopped", "attempt_count"),
}
SECRET = {"payload", "args", "kwargs", "hook"}  # pickled, and of use to the cluster only


class BackgroundWork(ReadOnly):
    """What the cluster was asked to do and how it went."""

    actions = ()

    def get_list_display(self, request: object) -> tuple[str, ...]:
        """Show what people ask about."""
        return LISTS[self.model.__name__]

    def get_fields(self, request: object, obj: object = None) -> list[Any]:
        """Show everything that is no pickle."""
        return [field.name for field in self.model._meta.concrete_fields if field.name not in SECRET]


for model in apps.get_app_config("django_q").get_models():
    if admin.site.is_registered(model):
        admin.site.unregister(model)
        admin.site.register(model, BackgroundWork)
