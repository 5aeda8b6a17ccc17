"""Actions of the admin: each row goes through the door, as the operator agent of the person who is logged in."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from bus import door, identity, people
from bus.errors import Refusal
from bus.identity import Caller
from bus.text import shorten, visible

__all__ = ["SURFACE", "Step", "at_once", "caller_of", "confirmed", "run", "run_each", "sentence", "tell"]

SURFACE = "admin"
MOST_NAMED = 5
MOST_LISTED = 100
MOST_ROWS = 900  # a form may have a thousand fields

Arguments = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One operation for each of some rows, and how to speak of it."""

    operation: str
    arguments: Callable[[Any], Arguments]
    done: str
    warning: str = ""
    form: type[forms.Form] | None = None


@dataclass
class Outcome:
    """How many rows were done, and which were refused for what reason."""

    done: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    named: dict[str, list[str]] = field(default_factory=dict)

    def refuse(self, row: Model, refusal: Refusal) -> None:
        """Note a row that stays as it is."""
        why = sentence(refusal)
        self.refused[why] += 1
        self.named.setdefault(why, []).append(shorten(visible(str(row)), 60)[0])


def caller_of(request: HttpRequest) -> Caller:
    """Return the operator agent of the person who is logged in, at this surface and from their address."""
    user: Any = request.user
    address = str(request.META.get("REMOTE_ADDR", ""))
    return identity.operator(SURFACE, address, name=people.operator_for(user), person=user.get_username())


def run(request: HttpRequest, operation: str, arguments: Arguments) -> Any:
    """Run one operation for the person who is logged in."""
    return door.run(operation, caller_of(request), arguments)


def run_each(request: HttpRequest, step: Step, rows: Iterable[Any], more: Arguments) -> Outcome:
    """Run an operation for each row; a refused one leaves the others alone."""
    outcome = Outcome()
    for row in rows:
        try:
            run(request, step.operation, step.arguments(row) | more)
        except Refusal as refusal:
            outcome.refuse(row, refusal)
        else:
            outcome.done += 1
    return outcome


def sentence(refusal: Refusal) -> str:
    """Return a refusal in plain words, without its code; advice that names operations is for agents."""
    advice = "" if "`" in refusal.fix else f" {refusal.fix}"
    return f"{refusal.message}{advice}".replace("`", "")


def tell(request: HttpRequest, outcome: Outcome, done: str) -> None:
    """Say how many were done and how many were refused, and why."""
    if outcome.done:
        messages.success(request, done.format(count=outcome.done, s="" if outcome.done == 1 else "s"))
    for why, count in outcome.refused.items():
        names = ", ".join(outcome.named[why][:MOST_NAMED]) + (", …" if count > MOST_NAMED else "")
        messages.error(request, f"{count} refused ({names}): {why}")


def at_once(request: HttpRequest, rows: QuerySet[Any], step: Step) -> None:
    """Run a step that harms nobody, without asking."""
    if not _are_too_many(request, rows):
        tell(request, run_each(request, step, rows, {}), step.done)


def _are_too_many(request: HttpRequest, rows: QuerySet[Any]) -> bool:
    if rows.count() <= MOST_ROWS:
        return False
    messages.error(request, f"That is more than {MOST_ROWS} rows. Narrow the list with filters first.")
    return True


def confirmed(model_admin: Any, request: HttpRequest, rows: QuerySet[Any], step: Step) -> HttpResponse | None:
    """Run a step once it was confirmed on a page that lists the rows; return that page before."""
    if _are_too_many(request, rows):
        return None
    is_sure = request.POST.get("sure") == "yes"
    form = step.form(request.POST if is_sure else None) if step.form else None
    if not is_sure or (form is not None and not form.is_valid()):
        return _page(model_admin, request, rows, step, form)
    more = {name: value for name, value in form.cleaned_data.items() if value not in ("", None)} if form else {}
    tell(request, run_each(request, step, rows, more), step.done)
    return None


def _page(
    model_admin: Any, request: HttpRequest, rows: QuerySet[Any], step: Step, form: forms.Form | None
) -> HttpResponse:
    listed = list(rows)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Are you sure?",
        "opts": model_admin.opts,
        "warning": step.warning,
        "rows": [shorten(visible(str(row)), 120)[0] or row.pk for row in listed[:MOST_LISTED]],
        "more": max(0, len(listed) - MOST_LISTED),
        "keys": [row.pk for row in listed],
        "checkbox": ACTION_CHECKBOX_NAME,
        "action": request.POST.get("action", ""),
        "form": form,
    }
    return TemplateResponse(request, "admin/nexus/confirm.html", context)
