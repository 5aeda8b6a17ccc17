"""Settings, deadlines and stored answers in the admin, and keeping the data: retention and backups."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse

from bus import knobs
from bus.admin import acting, cells
from bus.admin.base import ReadOnly, Total
from bus.admin.forms import Once, Question, asked
from bus.errors import Refusal
from bus.models import Deadline, Setting, StoredAnswer

MOST_STEPS = 200


class SettingForm(Once):
    """Which setting to turn, and to what."""

    name = forms.ChoiceField(choices=[(name, name) for name in sorted(knobs.KNOBS)])
    value = forms.IntegerField(help_text="A whole number in the range of the setting.")


class RetentionForm(Once):
    """Whether to delete, or only to count."""

    dry_run = forms.BooleanField(required=False, initial=True, help_text="Count what would go and delete nothing.")


CHANGE = Question(
    "Change a setting", "setting_put", SettingForm, "It is in force at once, in every process.", "Change it"
)
RETAIN = Question(
    "Run retention",
    "retention_run",
    RetentionForm,
    "Deletes what is older than the settings keep. Unread and parked mail and open handoffs are never deleted.",
    "Run it",
)
BACK_UP = Question(
    "Make a backup", "backup_create", Once, "Copies the database while everybody goes on working.", "Make it now"
)


@admin.register(Setting)
class TurnedSettings(ReadOnly):
    """The settings that an operator has turned; all others have their defaults."""

    list_display = ("name", "value", "changed", "about")
    tools = (
        ("bus_setting_all", "All settings"),
        ("bus_setting_retention", "Run retention"),
        ("bus_setting_backup", "Make a backup"),
    )
    search_fields = ("name",)
    fields = readonly_fields = ("name", "value", "changed_exactly", "about")

    changed = admin.display(lambda _, row: cells.moment(row.changed_at), description="changed")
    changed_exactly = admin.display(lambda _, row: cells.exact(row.changed_at), description="changed")

    @admin.display(description="what it does")
    def about(self, row: Setting) -> str:
        """Say what the setting does and what it takes."""
        knob = knobs.KNOBS.get(row.name)
        return f"{knob.about} Takes {knob.low} to {knob.high} {knob.unit}." if knob else "No longer used."

    def row_tools(self, row: Any) -> list[tuple[str, str]]:
        """Offer to change it."""
        return [(cells.address("bus_setting_change_one", name=row.name), "Change it")]

    def history(self, row: Any) -> Mapping[str, Any]:
        """Find when settings were changed."""
        return {"type": "setting.changed"}

    def totals(self) -> list[Total]:
        """Say how large the database is."""
        file = Path(str(connection.settings_dict["NAME"]))
        files = (file, file.with_name(f"{file.name}-wal"))
        size = sum(each.stat().st_size for each in files if each.exists())
        return [Total("Database", filesizeformat(size), cells.address("bus_setting_all"))]

    def get_urls(self) -> list[Any]:
        """Add the pages that change things."""
        pages = {
            "all": ("all/", self.all),
            "change_one": ("put/", self.put),
            "retention": ("retention/", self.retain),
            "backup": ("backup/", self.back_up),
        }
        added = [self.page(route, page, f"bus_setting_{name}") for name, (route, page) in pages.items()]
        return [*added, *super().get_urls()]

    def all(self, request: HttpRequest) -> HttpResponse:
        """Show every setting with its value, its range and what it does."""
        context = {
            **self.admin_site.each_context(request),
            "title": "All settings",
            "opts": self.opts,
            "settings": acting.run(request, "setting_list", {}).settings,
        }
        return TemplateResponse(request, "admin/nexus/settings.html", context)

    def put(self, request: HttpRequest) -> HttpResponse:
        """Change one setting."""
        knob = knobs.KNOBS.get(request.GET.get("name", ""))
        first = {"name": knob.name, "value": knobs.get(knob.name)} if knob else {}
        about = f"{knob.about} Takes {knob.low} to {knob.high} {knob.unit}. " if knob else ""
        question = Question(CHANGE.title, CHANGE.operation, CHANGE.form, about + CHANGE.about, CHANGE.button)

        def done(answer: Any) -> HttpResponse:
            messages.success(request, f"{answer.name} is {answer.value} now; it was {answer.was}.")
            return redirect("admin:bus_setting_all")

        return asked(self, request, question, done, first)

    def retain(self, request: HttpRequest) -> HttpResponse:
        """Delete what is too old, or count it."""

        def done(answer: Any) -> HttpResponse:
            pruned, more = _to_the_end(request, answer)
            messages.success(request, _pruned(pruned, is_dry=bool(answer.dry_run), more=more))
            return redirect("admin:bus_setting_retention")

        return asked(self, request, RETAIN, done)

    def back_up(self, request: HttpRequest) -> HttpResponse:
        """Make a backup now, and show which are kept."""

        def done(answer: Any) -> HttpResponse:
            messages.success(request, f"Made {answer.backup} ({filesizeformat(answer.bytes)}), and checked it.")
            return redirect("admin:bus_setting_backup")

        return asked(self, request, BACK_UP, done)


def _to_the_end(request: HttpRequest, first: Any) -> tuple[Counter[str], bool]:
    """Go on after the first step; return what went in all, and whether something is left."""
    pruned, more = Counter[str](first.pruned), bool(first.more)
    for _ in range(MOST_STEPS if more else 0):
        try:
            step = acting.run(request, "retention_run", {})
        except Refusal as refusal:
            messages.error(request, acting.sentence(refusal))
            break
        pruned.update(step.pruned)
        more = step.more
        if not more:
            break
    return pruned, more


def _pruned(pruned: Mapping[str, int], *, is_dry: bool, more: bool) -> str:
    """Say what went, or would go."""
    counts = ", ".join(f"{count:,} {kind}" for kind, count in pruned.items() if count) or "nothing"
    rest = " There is more: run it again." if more else ""
    return f"{'Would delete' if is_dry else 'Deleted'} {counts}.{rest}"


@admin.register(Deadline)
class Deadlines(ReadOnly):
    """When each kind of sweep has work next."""

    list_display = ("kind", "due")
    fields = readonly_fields = ("kind", "due_exactly")

    due = admin.display(lambda _, row: cells.moment(row.at), description="next")
    due_exactly = admin.display(lambda _, row: cells.exact(row.at), description="next")


@admin.register(StoredAnswer)
class StoredAnswers(ReadOnly):
    """First answers to idempotency keys; what they say is the agent's own."""

    list_display = ("key_code", "agent_link", "stored")
    list_select_related = ("agent",)
    search_fields = ("key__exact", "agent__name__iexact")
    search_help_text = "An idempotency key, or an agent's name."
    fields = readonly_fields = ("key_code", "agent_link", "stored_exactly", "size")

    key_code = admin.display(lambda _, row: cells.code(row.key), description="idempotency key")
    agent_link = admin.display(lambda _, row: cells.link(row.agent), description="agent")
    stored = admin.display(lambda _, row: cells.moment(row.created_at), description="stored")
    stored_exactly = admin.display(lambda _, row: cells.exact(row.created_at), description="stored")
    size = admin.display(lambda _, row: f"{len(row.answer):,} characters", description="answer")

    def history(self, row: Any) -> Mapping[str, Any]:
        """Find what its agent did."""
        return {"actor__id__exact": row.agent_id}
