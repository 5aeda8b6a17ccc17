"""The bus: who is here and what was said."""

from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class BusConfig(AppConfig):
    """Django's view of this room."""

    name = "bus"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the sweeps and what is exported, and have the schedules made with the queue's tables."""
        from bus import carried, exporting, importing, sweeps  # noqa: F401

        post_migrate.connect(_arrange, sender=apps.get_app_config("django_q"), dispatch_uid="bus.schedules")


def _arrange(using: str, **_: Any) -> None:
    from django_q.models import Schedule

    from bus import tasks

    if using == Schedule.objects.db:
        tasks.arrange()
