"""What Django shows when no view answers: the error shape under /api, a plain page elsewhere."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from bus.errors import Forbidden, Internal, InvalidInput, Refusal
from nexus_site.rest.problems import NoRoute, refused

__all__ = ["bad_request", "failed", "forbidden", "not_found"]

ADVICE = {
    400: "Check the address and try again.",
    403: "Log in with the link that `nexus serve` prints; called again it prints a new one.",
    404: "It may have moved, or the address is not complete.",
    500: "It is in the server's log. Try again, or tell whoever runs it.",
}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what Django finds suspicious."""
    return _answer(request, InvalidInput("That request cannot be served."), "That request cannot be served", 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what a login does not allow."""
    return _answer(request, Forbidden(), "You may not see this page", 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an unknown URL."""
    return _answer(request, NoRoute(), "There is no such page", 404)


def failed(request: HttpRequest) -> HttpResponse:
    """Answer a failure of ours; Django has logged it."""
    return _answer(request, Internal(), "Something failed", 500)


def _answer(request: HttpRequest, refusal: Refusal, title: str, status: int) -> HttpResponse:
    if request.path.startswith("/api/"):
        return refused(refusal)
    about = {"title": title, "message": ADVICE[status]}
    return HttpResponse(render_to_string("problem.html", about), status=status)
