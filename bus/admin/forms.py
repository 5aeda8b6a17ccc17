"""The forms behind what is not done to chosen rows: enrolling, minting, turning a setting, keeping the data."""

import secrets
from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.views.decorators.debug import sensitive_variables

from bus.admin.acting import run, sentence
from bus.errors import Refusal

__all__ = ["Once", "Question", "Reason", "WhenField", "asked"]


class Once(forms.Form):
    """A form that does its work once, also when the page is sent again."""

    once = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, *values: Any, **options: Any) -> None:
        """Give a form that is shown for the first time its own key."""
        super().__init__(*values, **options)
        self.fields["once"].initial = secrets.token_urlsafe(16)

    def order(self) -> dict[str, Any]:
        """Return what was filled in, as the arguments of the operation."""
        given = {name: value for name, value in self.cleaned_data.items() if value not in ("", None, [])}
        once = given.pop("once")
        return {**given, "idempotency_key": f"admin:{once}"}


class Reason(forms.Form):
    """Why: the agents concerned read it."""

    reason = forms.CharField(max_length=500, required=False, help_text="The agents concerned read it.")


class WhenField(forms.DateTimeField):
    """An instant in UTC."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"})

    def to_python(self, value: Any) -> Any:
        """Return it as ISO 8601."""
        at = super().to_python(value)
        return at.isoformat() if at is not None else None


class Question:
    """One form page: its title, what it does, and what is answered when it worked."""

    def __init__(self, title: str, operation: str, form: type[Once], about: str, button: str) -> None:
        """Keep what the page says."""
        self.title, self.operation, self.form, self.about, self.button = title, operation, form, about, button


Answered = Callable[[Any], HttpResponse]


@sensitive_variables("answer")
def asked(
    model_admin: Any, request: HttpRequest, question: Question, answered: Answered, initial: Any = None
) -> HttpResponse:
    """Show a form; once it is filled in, run its operation and answer; a refusal is shown on the form."""
    form = question.form(request.POST) if request.method == "POST" else question.form(initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            answer = run(request, question.operation, form.order())
        except Refusal as refusal:
            form.add_error(None, sentence(refusal))
        else:
            return answered(answer)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": capfirst(question.title),
        "opts": model_admin.opts,
        "form": form,
        "question": question,
    }
    return TemplateResponse(request, "admin/nexus/form.html", context)
