"""The pages Settings: how the server is, every knob, retention, backups and what this is."""

from dashboard.views.settings.screen import figures, section, settings

__all__ = ["figures", "section", "settings"]
