"""The admin's site: its name, the order of its sections, the figures on its first page and its throttled login."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from bus import clock
from nexus_site.audit.throttle import throttle

__all__ = ["AuditSite"]

SECTIONS = ("bus", "handoffs", "auth", "django_q")
FIRST = ("Event", "Message", "Delivery", "Agent", "Key", "Session", "Workspace", "Setting", "Handoff")
TOTALS = ("Agents present", "Unread", "Parked", "Open", "Claimed", "Verifying", "Messages", "Events", "Database")


class AuditSite(AdminSite):
    """Nexus's admin."""

    site_title = "Nexus"
    site_header = "Nexus"
    index_title = "Audit"
    site_url = "/"

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Put what people look for first."""
        found = super().get_app_list(request, app_label)
        for section in found:
            section["models"].sort(key=lambda each: _place(FIRST, each["object_name"]))
        return sorted(found, key=lambda section: _place(SECTIONS, section["app_label"]))

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show the figures above the tables."""
        shown = [admin for model, admin in self._registry.items() if admin.has_view_permission(request)]
        totals = [total for admin in shown for total in getattr(admin, "totals", list)()]
        totals.sort(key=lambda total: _place(TOTALS, total.name))
        return super().index(request, {**(extra_context or {}), "totals": totals})

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Log in with a password, unless too many were wrong lately."""
        if request.method != "POST":
            return super().login(request, extra_context)
        name, address = request.POST.get("username", ""), str(request.META.get("REMOTE_ADDR", ""))
        wait = throttle.take(name, address, clock.now())
        if wait:
            return _later(request, wait)
        response = super().login(request, extra_context)
        if response.status_code == 302:
            throttle.forgive(name, address)
        return response


def _later(request: HttpRequest, seconds: int) -> HttpResponse:
    context = {"title": "Too many attempts", "minutes": -(-seconds // 60)}
    response = TemplateResponse(request, "admin/nexus/later.html", context, status=429)
    response["Retry-After"] = str(seconds)
    return response


def _place(names: tuple[str, ...], name: str) -> tuple[int, str]:
    return (names.index(name) if name in names else len(names), name)
