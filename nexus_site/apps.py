"""The composition root starts here: once every room is loaded, operations are published."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Django's view of the composition root."""

    name = "nexus_site"

    def ready(self) -> None:
        """Check the environment and hand every room's operations to the door."""
        from bus import knobs
        from nexus_site import published

        knobs.check_environment()
        published.publish()
