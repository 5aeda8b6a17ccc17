"""New agents and new keys: a form, then the page that shows the secret once and waits for its first call."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from bus import door
from bus.errors import Refusal, Unauthorized
from dashboard.acting import fields, refusal_words
from dashboard.look import NUMBER, Look, look_at
from dashboard.people import program
from dashboard.screens import Screen, guarded, show
from overview.queries.connections import connection
from overview.queries.frame import places
from overview.queries.people import Wanted, people

__all__ = ["agent_keys", "agent_new", "key_connection"]

HARNESSES = ("claude-code", "codex", "gemini-cli", "cursor", "opencode")
SIGNS = {"claude-code": "claude", "gemini-cli": "gemini"}
DAYS = ((0, "never"), (1, "in a day"), (7, "in 7 days"), (30, "in 30 days"), (90, "in 90 days"))
NEW, SHOWN, KEYS = "dashboard/agent_new.html", "dashboard/key_shown.html", "dashboard/key_new.html"


async def agent_new(request: HttpRequest) -> HttpResponse:
    """Show the form for a new agent; a posted one enrols it and shows its key."""
    if request.method == "POST":
        return await _minted(request, "agent_create", _enrol_form)
    return await show(request, Screen("agents", "New agent", NEW, _enrol_form))


async def agent_keys(request: HttpRequest, name: str) -> HttpResponse:
    """Show the form for another key of an agent; a posted one makes it and shows it."""
    form = partial(_key_form, name=name)
    if request.method == "POST":
        return await _minted(request, "key_mint", form)
    return await show(request, Screen("agents", "New key", KEYS, form))


async def key_connection(request: HttpRequest, name: str, prefix: str) -> HttpResponse:
    """Answer the line that says whether a call with a key has arrived."""

    def answer(look: Look) -> HttpResponse:
        facts = {"connection": connection(name, prefix), "look": look}
        return HttpResponse(render_to_string("dashboard/_connection.html", facts, request))

    return await guarded(request, answer)


def _enrol_form(look: Look, given: Any = None, refused: str = "") -> dict[str, Any]:
    return _terms(given, refused) | {
        "harnesses": [(name, program(name)) for name in HARNESSES],
        "places": places(),
        "chosen": look.caller.workspace.alias or look.caller.workspace.public_id,
    }


def _key_form(look: Look, given: Any = None, refused: str = "", *, name: str) -> dict[str, Any]:
    found = people(None, look.now, Wanted(names=[name])).rows
    return _terms(given, refused) | {"name": name, "agent": found[0] if found else None}


def _terms(given: Any, refused: str) -> dict[str, Any]:
    return {"given": given or {}, "refused": refused, "days": DAYS, "once": secrets.token_hex(12)}


async def _minted(request: HttpRequest, operation: str, form: Callable[..., dict[str, Any]]) -> HttpResponse:
    """Run what makes a key; show the key, or the form again with what was wrong."""
    template, title = (NEW, "New agent") if operation == "agent_create" else (KEYS, "New key")
    try:
        look = await look_at(request)
        answer = await door.call(operation, look.caller, _order(request, look, operation))
    except Unauthorized:
        return await show(request, Screen("agents", title, template, form))
    except Refusal as refusal:
        again = partial(form, given=request.POST.dict(), refused=refusal_words(refusal))
        return await show(request, Screen("agents", title, template, again))
    base = f"{request.scheme}://{request.get_host()}"
    label = request.POST.get("label", "")
    return await show(
        request, Screen("agents", "New key", SHOWN, partial(_shown, answer=answer, base=base, label=label))
    )


def _order(request: HttpRequest, look: Look, operation: str) -> dict[str, Any]:
    """Return the form as an order: words apart, and an expiry from the number of days."""
    order = {name: value for name, value in fields(request, operation).items() if name not in ("words", "days")}
    words, days = (request.POST.get(name, "") for name in ("words", "days"))
    if words:
        order["capabilities"] = [word.strip() for word in words.split(",") if word.strip()]
    if NUMBER.fullmatch(days) and 0 < int(days) <= DAYS[-1][0]:
        order["expires_at"] = (look.now + timedelta(days=int(days))).isoformat()
    return order


def _shown(look: Look, *, answer: Any, base: str, label: str) -> dict[str, Any]:
    """Return the page of a new key; a repeated order has no key to show any more."""
    agent = people(None, look.now, Wanted(names=[answer.agent])).rows[0]
    key: str = answer.key or ""
    prefix = key.split("_")[1] if key else ""
    return {
        "agent": agent,
        "key": key,
        "label": label,
        "url": f"{base}/mcp",
        "connection": connection(agent.name, prefix) if key else None,
        "harnesses": [(name, program(name), SIGNS.get(name, name)) for name in HARNESSES],
        "chosen": agent.harness if agent.harness in HARNESSES else HARNESSES[0],
    }
