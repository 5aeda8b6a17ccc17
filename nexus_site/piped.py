"""The settings of a process that serves one client over pipes: no web server and no pages of the admin to look for.

The apps with tables are the same, and so is the database; what is left out is loaded for nothing and takes a quarter of the start.
"""

from nexus_site.settings import *  # noqa: F403
from nexus_site.settings import INSTALLED_APPS as _ALL

__all__ = ["INSTALLED_APPS"]

PLAIN = {"nexus_site.audit.config.AuditConfig": "django.contrib.admin.apps.SimpleAdminConfig"}
INSTALLED_APPS = [PLAIN.get(name, name) for name in _ALL if name != "daphne"]
