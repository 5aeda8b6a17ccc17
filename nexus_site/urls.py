"""Every URL that Django serves."""

from django.contrib import admin
from django.urls import include, path

from nexus_site import errorpages, health, login
from nexus_site.rest import api
from nexus_site.rest.docs import docs, openapi

urlpatterns = [
    path("api/v1/openapi.json", openapi, name="openapi"),
    path("api/v1/docs", docs, name="docs"),
    path("api/v1/", api.urls),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("login/<str:token>", login.enter, name="login"),
    path("admin/", admin.site.urls),
    path("", include("dashboard.urls")),
]
handler400 = errorpages.bad_request
handler403 = errorpages.forbidden
handler404 = errorpages.not_found
handler500 = errorpages.failed
