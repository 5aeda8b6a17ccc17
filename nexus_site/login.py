"""The one-time login link: whoever opens it first is the person at the machine."""

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bus import clock
from nexus_site.serving import logins

__all__ = ["enter"]

NAME = "operator"
BACKEND = "django.contrib.auth.backends.ModelBackend"
OVER = "This link was used already, or is older than an hour. `nexus serve` prints a new one.\n"


@never_cache
@require_safe
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Log in as the operator and go to the dashboard; a link works once."""
    if request.method == "HEAD":
        return HttpResponse()
    if not logins.consume(settings.NEXUS_HOME, token, clock.now()):
        return HttpResponse(OVER, status=410, content_type="text/plain; charset=utf-8")
    login(request, _operator(), backend=BACKEND)
    response = redirect("/")
    response["Referrer-Policy"] = "no-referrer"
    return response


def _operator() -> User:
    """Return the staff user behind the link, made when it is first needed, without a password."""
    user, is_new = User.objects.get_or_create(username=NAME, defaults={"is_staff": True, "is_superuser": True})
    if is_new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user
