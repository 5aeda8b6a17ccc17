"""The dashboard: pages for operators; no models, no rules."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """Django's view of this room."""

    name = "dashboard"
