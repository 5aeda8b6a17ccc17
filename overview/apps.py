"""The overview: what one agent or operator sees across rooms. Queries only, no tables."""

from django.apps import AppConfig


class OverviewConfig(AppConfig):
    """Django's view of this room."""

    name = "overview"
