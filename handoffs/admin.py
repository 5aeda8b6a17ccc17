"""The tables of this room in Django's admin: to look at, never to change."""

from django.apps import apps
from django.contrib import admin

from bus.admin import ReadOnly

admin.site.register(apps.get_app_config("handoffs").get_models(), ReadOnly)
