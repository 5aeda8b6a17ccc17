"""The page Compose, which is a dialog with JavaScript: a message, a handoff or a broadcast, with a preview."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode

from bus import door
from bus.directory import directory
from bus.errors import Refusal
from bus.readers import readers
from dashboard.drafts import KINDS, Draft, errors_of, typed
from dashboard.look import Look, look_at
from dashboard.markdown import rendered
from dashboard.outcomes import told
from dashboard.screens import Screen, guarded, page, show
from overview.queries.choices import agents, capabilities
from overview.queries.frame import places

__all__ = ["compose", "preview"]

LONGEST = 64 * 1024
NAME, TITLE, TEMPLATE = "compose", "Compose", "dashboard/compose.html"


def build(look: Look) -> dict[str, Any]:
    """Return an empty form, or one that a link has begun."""
    return _form(typed(_begun(look), _home(look)), {}, look)


def _begun(look: Look) -> QueryDict:
    """Return the fields of a link; its workspace may be all of them, which nobody can write to."""
    begun = look.query.copy()
    begun.pop("workspace", None)
    return begun


def _home(look: Look) -> str:
    return look.caller.workspace.alias or look.caller.workspace.public_id


def _form(draft: Draft, errors: dict[str, str], look: Look, shown: str = "") -> dict[str, Any]:
    place = directory.workspace(draft.texts["workspace"]) or look.caller.workspace
    names = [name for name in agents(place.id) if name != look.caller.agent.name]
    known = dict.fromkeys([*names, *draft.to])
    return {
        "facts": "",
        "draft": draft,
        "texts": draft.texts,
        "errors": errors,
        "general": errors.get("", ""),
        "shown": shown,
        "kinds": KINDS,
        "places": places(),
        "people": [entry for name in known if (entry := directory.agent_named(name)) is not None],
        "words": capabilities(place.id),
        "has_more": any(name in errors for name in ("lease_seconds", "paths", "due_at", "priority")),
    }


COMPOSE = Screen(NAME, TITLE, TEMPLATE, build)


async def compose(request: HttpRequest) -> HttpResponse:
    """Show the form, or send what it holds; what is refused comes back as it was typed."""
    if request.method != "POST":
        return await show(request, COMPOSE)
    try:
        look = await look_at(request)
    except Refusal as refusal:
        return HttpResponse(refusal.message, status=refusal.status)
    draft = typed(request.POST, _home(look))
    errors = {} if "again" in request.POST else draft.missing
    if errors or "again" in request.POST:
        return await _returned(request, look, draft, errors)
    try:
        answer = await door.call(draft.operation, look.caller, draft.order)
    except Refusal as refusal:
        return await _returned(request, look, draft, errors_of(refusal))
    return _sent(request, draft, told(draft.operation, answer))


async def _returned(request: HttpRequest, look: Look, draft: Draft, errors: dict[str, str]) -> HttpResponse:
    screen = Screen(NAME, TITLE, TEMPLATE, partial(_form, draft, errors))
    answer: HttpResponse = await readers.run(partial(page, request, look, screen))
    return answer


def _sent(request: HttpRequest, draft: Draft, said: str) -> HttpResponse:
    """Answer a toast into a page that stays, or lead to where the new thing is listed."""
    if request.headers.get("HX-Request") == "true":
        answer = HttpResponse(render_to_string("dashboard/_toast.html", {"said": said, "colour": "green"}, request))
        answer["HX-Trigger"] = "nexus:acted"
        return answer
    messages.success(request, said)
    where = reverse("handoffs" if draft.kind == "handoff" else "messages")
    return HttpResponseRedirect(f"{where}?{urlencode({'workspace': draft.texts['workspace']})}")


async def preview(request: HttpRequest) -> HttpResponse:
    """Show the text of the form as it will look: alone, or in the form where there is no JavaScript."""
    if request.method != "POST":
        return HttpResponse(status=405)
    return await guarded(request, partial(_preview, request))


def _preview(request: HttpRequest, look: Look) -> HttpResponse:
    draft = typed(request.POST, _home(look))
    html = rendered(draft.texts["body"][:LONGEST])
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(html)
    return page(request, look, Screen(NAME, TITLE, TEMPLATE, lambda look: _form(draft, {}, look, html)))
