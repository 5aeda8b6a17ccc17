"""Puts our site in the place of Django's."""

from django.contrib.admin.apps import AdminConfig

__all__ = ["AuditConfig"]


class AuditConfig(AdminConfig):
    """Django's admin with our site."""

    default_site = "nexus_site.audit.site.AuditSite"
