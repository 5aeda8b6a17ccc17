"""Forms become operations: `POST /do/NAME` runs a published operation through the door as whoever looks."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme

from bus import door
from bus.errors import InvalidInput, Refusal
from dashboard.look import look_at
from dashboard.outcomes import told

__all__ = ["act", "done", "fields", "refusal_words", "refused"]

OURS = frozenset({"csrfmiddlewaretoken", "back", "said"})
JSON = ".json"


async def act(request: HttpRequest, operation: str) -> HttpResponse:
    """Run an operation with the fields of a form; answer a toast, or go back with a message."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        look = await look_at(request)
        answer = await door.call(operation, look.caller, fields(request, operation))
    except Refusal as refusal:
        return refused(request, refusal)
    return done(request, request.POST.get("said") or told(operation, answer))


def fields(request: HttpRequest, operation: str) -> dict[str, Any]:
    """Return a form's fields as an order: empty ones left out, `name.json` parsed, lists where the order has lists."""
    order: dict[str, Any] = {}
    for name in request.POST:
        values = [value for value in request.POST.getlist(name) if value != ""]
        if name in OURS or not values:
            continue
        if name.endswith(JSON):
            order[name.removesuffix(JSON)] = _parsed(name, values[0])
        else:
            order[name] = values if _is_list(operation, name) or len(values) > 1 else values[0]
    return order


def _is_list(operation: str, name: str) -> bool:
    field = door.find(operation).order.model_fields.get(name)
    return field is not None and str(field.annotation).startswith("list[")


def _parsed(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"`{name.removesuffix(JSON)}` is not JSON: {error}.") from None


def refusal_words(refusal: Refusal) -> str:
    """Return a refusal as people read it; advice that names operations is for agents."""
    advice = "" if "`" in refusal.fix else f" {refusal.fix}"
    return f"{refusal.message}{advice}".replace("`", "")


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Answer a refusal as a toast, or go back with it."""
    if _is_htmx(request):
        return _toast(request, refusal_words(refusal), "red")
    messages.error(request, refusal_words(refusal))
    return _back(request)


def done(request: HttpRequest, said: str) -> HttpResponse:
    """Answer that it is done as a toast, or go back with it."""
    if _is_htmx(request):
        response = _toast(request, said, "green")
        response["HX-Trigger"] = "nexus:acted"
        return response
    messages.success(request, said)
    return _back(request)


def _is_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _toast(request: HttpRequest, said: str, colour: str) -> HttpResponse:
    return HttpResponse(render_to_string("dashboard/_toast.html", {"said": said, "colour": colour}, request))


def _back(request: HttpRequest) -> HttpResponse:
    """Go back to the page of the form; only to one of this site."""
    url = request.POST.get("back", "/")
    is_ours = url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    return HttpResponseRedirect(url if is_ours else "/")
