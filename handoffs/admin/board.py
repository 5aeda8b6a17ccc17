"""Handoffs in the admin."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse

from bus.admin import acting, cells
from bus.admin.base import ReadOnly, Rows, Total, every
from bus.admin.exports import export_csv, export_jsonl
from bus.admin.forms import Reason
from bus.admin.names import NAMERS, whom
from bus.models import Agent
from handoffs.models import LIVE, Handoff, PathClaim


class Target(Reason):
    """To whom it goes instead."""

    to = forms.CharField(label="To", max_length=64, help_text="The name of an agent, or broadcast.")

    field_order = ("to", "reason")


class Feedback(forms.Form):
    """What is said with the verdict."""

    feedback = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}), required=False, help_text="Its executor reads it."
    )


def _named(row: Handoff) -> dict[str, Any]:
    return {"handoff": row.public_id, "workspace": row.workspace.public_id}


CANCEL = acting.Step(
    "handoff_cancel",
    _named,
    "Cancelled {count} handoff{s}.",
    "Claims on them end at once, and their files are free again. A cancelled handoff stays cancelled.",
    Reason,
)
BREAK = acting.Step(
    "lease_break",
    _named,
    "Ended the claim on {count} handoff{s}.",
    "They return to the pool, and no attempt is counted. What the claimant sends afterwards is refused.",
    Reason,
)
REASSIGN = acting.Step(
    "handoff_reassign",
    _named,
    "Reassigned {count} handoff{s}.",
    "Claims on them end at once, and only the new address may claim them.",
    Target,
)
PASS = acting.Step(
    "handoff_verify",
    lambda row: _named(row) | {"epoch": row.epoch, "verdict": "pass"},
    "Passed {count} result{s}.",
    "The results are accepted, and the handoffs are completed.",
    Feedback,
)
FAIL = acting.Step(
    "handoff_verify",
    lambda row: _named(row) | {"epoch": row.epoch, "verdict": "fail"},
    "Sent {count} result{s} back.",
    "The handoffs return to their executors, or fail where no attempt is left.",
    Feedback,
)


class PathRows(Rows):
    """The files that came with a handoff."""

    model = PathClaim
    fields = readonly_fields = ("glob_code", "agent_link", "ends", "released")
    sources = ("agent",)
    verbose_name_plural = "path claims"

    glob_code = admin.display(lambda _, row: cells.code(row.glob), description="files")
    agent_link = admin.display(lambda _, row: cells.link(row.agent), description="agent")
    ends = admin.display(lambda _, row: cells.moment(row.until), description="until")
    released = admin.display(lambda _, row: cells.moment(row.released_at), description="given back")


@admin.register(Handoff)
class Handoffs(ReadOnly):
    """Every job handed over."""

    list_display = ("name", "state_badge", "creator_link", "holder", "addressed", "lease", "made", "place")
    list_display_links = ("name",)
    list_filter = ("state", "visibility", "workspace")
    list_select_related = ("creator", "claimant", "last_claimant", "workspace")
    date_hierarchy = "created_at"
    search_fields = ("title",)
    search_help_text = "A handoff id, an agent's name, or words of the title."
    actions = ("end_claim", "reassign", "accept", "send_back", "cancel", export_jsonl, export_csv)
    inlines = (PathRows,)
    fieldsets = (
        (None, {"fields": ("title_text", "state_badge", "creator_link", "holder", "place", "priority", "related")}),
        ("Request", {"fields": ("addressed_fully", "body_text", "payload_json", "criteria", "verifier", "globs")}),
        ("Outcome", {"fields": ("note_text", "result_json", "error_json", "feedback_text", "reason_text")}),
        ("Claim", {"fields": ("epoch", "tries", "lease_seconds", "lease_exactly", "claimed")}),
        (
            "Times and sight",
            {"fields": ("id_code", "visibility", "pool_json", "fallback_json", "due", "begun", "closed")},
        ),
    )
    readonly_fields = every(fieldsets)

    name = admin.display(lambda _, row: cells.line(row.title), description="title")
    title_text = admin.display(lambda _, row: cells.whole(row.title), description="title")
    state_badge = admin.display(lambda _, row: cells.badge(row.state), description="state")
    creator_link = admin.display(lambda _, row: cells.link(row.creator), description="from")
    addressed = admin.display(lambda _, row: cells.line(whom(row.to)), description="to")
    addressed_fully = admin.display(lambda _, row: cells.pretty(row.to), description="to")
    tries = admin.display(lambda _, row: f"{row.attempts} of {row.max_attempts}", description="failed tries")
    lease = admin.display(lambda _, row: cells.moment(row.lease_until), description="lease ends")
    lease_exactly = admin.display(lambda _, row: cells.exact(row.lease_until), description="lease ends")
    place = admin.display(lambda _, row: cells.place(row.workspace), description="workspace")
    made = admin.display(lambda _, row: cells.moment(row.created_at), description="created")
    begun = admin.display(lambda _, row: cells.exact(row.created_at), description="created")
    claimed = admin.display(lambda _, row: cells.exact(row.claimed_at), description="claimed")
    closed = admin.display(lambda _, row: cells.exact(row.closed_at), description="closed")
    due = admin.display(lambda _, row: cells.exact(row.due_at), description="due")
    id_code = admin.display(lambda _, row: cells.code(row.public_id), description="id")
    body_text = admin.display(lambda _, row: cells.block(row.body), description="body")
    payload_json = admin.display(lambda _, row: cells.pretty(row.payload), description="payload")
    criteria = admin.display(lambda _, row: cells.pretty(row.acceptance_criteria), description="acceptance criteria")
    verifier = admin.display(lambda _, row: cells.line(whom(row.verify_by or "its creator")), description="verified by")
    globs = admin.display(lambda _, row: cells.pretty(row.paths), description="files")
    note_text = admin.display(lambda _, row: cells.whole(row.note), description="progress")
    result_json = admin.display(lambda _, row: cells.pretty(row.result), description="result")
    error_json = admin.display(lambda _, row: cells.pretty(row.error), description="error")
    feedback_text = admin.display(lambda _, row: cells.block(row.feedback), description="feedback")
    reason_text = admin.display(lambda _, row: cells.whole(row.reason), description="reason")
    pool_json = admin.display(lambda _, row: cells.pretty(row.pool), description="may claim it")
    fallback_json = admin.display(lambda _, row: cells.pretty(row.fallback), description="fallback")

    @admin.display(description="with")
    def holder(self, row: Handoff) -> str:
        """Link to who has it, or had it last."""
        return cells.link(row.claimant or row.last_claimant)

    @admin.display(description="related")
    def related(self, row: Handoff) -> str:
        """Link to what was said about it and what happened to it."""
        return cells.joined(
            cells.listed("bus_event", "events", handoff=row.public_id),
            cells.listed("bus_message", "messages", handoff=row.public_id),
            cells.listed("bus_audience", "who sees it", subject=row.public_id),
        )

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """Find by id or name at once, and else by words of the title."""
        term = search_term.strip()
        if term.startswith("hnd_"):
            return queryset.filter(public_id=term), False
        agent = Agent.objects.filter(name__iexact=term).first() if term else None
        if agent is not None:
            return queryset.concerning(agent.pk), False  # type: ignore[attr-defined]
        return super().get_search_results(request, queryset, search_term)

    def history(self, row: Any) -> Mapping[str, Any]:
        """Find its events."""
        return {"handoff": row.public_id}

    def totals(self) -> list[Total]:
        """Count what is open, claimed and under verification."""
        live = Handoff.objects.filter(state__in=LIVE).order_by()
        counted = dict(live.values_list("state").annotate(count=Count("pk")))
        return [
            Total(
                state.label,
                f"{counted.get(state.value, 0):,}",
                cells.address(CHANGELIST, state__exact=state.value),
                NOTE,
            )
            for state in LIVE
        ]

    @admin.action(description="End the claim…")
    def end_claim(self, request: HttpRequest, rows: QuerySet[Handoff]) -> HttpResponse | None:
        """End claims of agents that do not come back."""
        return acting.confirmed(self, request, rows, BREAK)

    @admin.action(description="Reassign…")
    def reassign(self, request: HttpRequest, rows: QuerySet[Handoff]) -> HttpResponse | None:
        """Give handoffs to somebody else."""
        return acting.confirmed(self, request, rows, REASSIGN)

    @admin.action(description="Accept the result…")
    def accept(self, request: HttpRequest, rows: QuerySet[Handoff]) -> HttpResponse | None:
        """Pass results that wait for a verdict."""
        return acting.confirmed(self, request, rows, PASS)

    @admin.action(description="Send the result back…")
    def send_back(self, request: HttpRequest, rows: QuerySet[Handoff]) -> HttpResponse | None:
        """Fail results that wait for a verdict."""
        return acting.confirmed(self, request, rows, FAIL)

    @admin.action(description="Cancel…")
    def cancel(self, request: HttpRequest, rows: QuerySet[Handoff]) -> HttpResponse | None:
        """Take handoffs back."""
        return acting.confirmed(self, request, rows, CANCEL)


def _titles(ids: set[str]) -> Mapping[str, str]:
    return dict(Handoff.objects.filter(public_id__in=ids).values_list("public_id", "title"))


CHANGELIST = "handoffs_handoff_changelist"
NOTE = "handoffs"
NAMERS["handoff"] = ("handoffs_handoff", _titles)
