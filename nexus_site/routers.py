"""Keeps django-q2's tables in a file of their own, so that its polling never touches the bus."""

from typing import Any

QUEUE = "queue"


class QueueRouter:
    """Sends every model of django-q2 to `queue`, all else to `default`."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """Return the alias to read `model` from."""
        return QUEUE if model._meta.app_label == "django_q" else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Say whether `app_label` has tables in `db`."""
        return (db == QUEUE) == (app_label == "django_q")
