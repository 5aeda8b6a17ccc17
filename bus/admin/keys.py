"""Keys and sessions in the admin; the text of a new key is on one page, once, and nowhere else."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from bus import clock
from bus.admin import acting, cells
from bus.admin.base import ReadOnly, Rows
from bus.admin.exports import export_csv, export_jsonl
from bus.admin.filters import by_choice
from bus.admin.forms import Once, Question, WhenField, asked
from bus.models import Agent, Key, Session, Workspace

__all__ = ["KeyForm", "KeyRows", "shown_once"]

REVOKE = acting.Step(
    "key_revoke",
    lambda key: {"agent": key.agent.name, "key": key.prefix},
    "Revoked {count} key{s}.",
    "Within a second they open nothing any more, and their sessions close. This cannot be undone.",
)
END = acting.Step(
    "session_end",
    lambda session: {"session": session.public_id},
    "Ended {count} session{s}.",
    "Their agents must open new ones. Keys stay as they are.",
)


class KeyForm(Once):
    """What a key is for."""

    label = forms.CharField(max_length=64, required=False, help_text="Where the key is kept.")
    scope = forms.ChoiceField(
        choices=[("agent", "agent: everything an agent may do"), ("read", "read: queries only")], initial="agent"
    )
    expires_at = WhenField(required=False, label="Expires at (UTC)", help_text="Leave empty for never.")
    any_workspace = forms.BooleanField(required=False, help_text="It may enter, and found, any workspace.")


class MintForm(KeyForm):
    """For whom another key is, and where it may enter."""

    agent = forms.ChoiceField()
    workspaces = forms.MultipleChoiceField(
        required=False, help_text="Where it may enter; the agent joins them. None chosen: all that it belongs to."
    )

    field_order = ("agent", "label", "scope", "expires_at", "workspaces", "any_workspace")

    def __init__(self, *values: Any, **options: Any) -> None:
        """Offer the agents and workspaces there are."""
        super().__init__(*values, **options)
        agents = Agent.objects.filter(archived_at=None).exclude(kind=Agent.Kind.SYSTEM).order_by("name")
        named = Workspace.objects.exclude(alias=None).order_by("alias").values_list("public_id", "alias")
        agent, workspaces = self.fields["agent"], self.fields["workspaces"]
        agent.choices = [(name, name) for name in agents.values_list("name", flat=True)]  # type: ignore[attr-defined]
        workspaces.choices = list(named)  # type: ignore[attr-defined]


MINT = Question(
    "Mint a key", "key_mint", MintForm, "The text of the key is shown once, on the next page.", "Mint and show the key"
)


def shown_once(model_admin: Any, request: HttpRequest, answer: Any) -> HttpResponse:
    """Show the text of a new key; a page that is sent again has it no more."""
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Key for {answer.agent}",
        "opts": model_admin.opts,
        "answer": answer,
        "mcp": request.build_absolute_uri("/mcp"),
    }
    response = TemplateResponse(request, "admin/nexus/key.html", context)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _standing(key: Key) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= clock.now() else "live"


def _live() -> Q:
    return Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=clock.now()))


STANDING = by_choice(
    "standing",
    "standing",
    {
        "live": ("Live", _live),
        "expired": ("Expired", lambda: Q(revoked_at=None, expires_at__lte=clock.now())),
        "revoked": ("Revoked", lambda: Q(revoked_at__isnull=False)),
    },
)


class KeyRows(Rows):
    """The keys of an agent."""

    model = Key
    fields = readonly_fields = ("name", "label", "scope", "standing", "used")

    name = admin.display(lambda _, row: cells.link(row), description="key")
    standing = admin.display(lambda _, row: cells.badge(_standing(row)), description="standing")
    used = admin.display(lambda _, row: cells.moment(row.last_used_at), description="last used")


@admin.register(Key)
class Keys(ReadOnly):
    """Who may come in; the secrets themselves are kept nowhere."""

    list_display = ("name", "agent_link", "label", "scope", "where", "standing", "minted", "used", "expires")
    list_filter = (STANDING, "scope")
    list_select_related = ("agent",)
    search_fields = ("prefix__startswith", "label", "agent__name")
    search_help_text = "Prefix, label or agent."
    actions = ("revoke", export_jsonl, export_csv)
    tools = (("bus_key_mint", "Mint a key"),)
    fields = readonly_fields = (
        "name",
        "agent_link",
        "label",
        "scope",
        "where",
        "standing",
        "minted_exactly",
        "used_exactly",
        "expires_exactly",
        "revoked_exactly",
        "sessions",
    )

    name = admin.display(lambda _, row: cells.code(row), description="key")
    agent_link = admin.display(lambda _, row: cells.link(row.agent), description="agent")
    standing = admin.display(lambda _, row: cells.badge(_standing(row)), description="standing")
    minted = admin.display(lambda _, row: cells.moment(row.created_at), description="minted")
    used = admin.display(lambda _, row: cells.moment(row.last_used_at), description="last used")
    expires = admin.display(lambda _, row: cells.moment(row.expires_at), description="expires")
    minted_exactly = admin.display(lambda _, row: cells.exact(row.created_at), description="minted")
    used_exactly = admin.display(lambda _, row: cells.exact(row.last_used_at), description="last used")
    expires_exactly = admin.display(lambda _, row: cells.exact(row.expires_at), description="expires")
    revoked_exactly = admin.display(lambda _, row: cells.exact(row.revoked_at), description="revoked")
    sessions = admin.display(lambda _, row: cells.listed("bus_session", "list them", key__id__exact=row.pk))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Load the workspaces of a whole page at once."""
        return super().get_queryset(request).prefetch_related("workspaces")

    @admin.display(description="may enter")
    def where(self, row: Key) -> str:
        """Name the workspaces it may enter."""
        return (
            "any workspace" if row.any_workspace else cells.line(", ".join(str(each) for each in row.workspaces.all()))
        )

    def row_tools(self, row: Any) -> list[tuple[str, str]]:
        """Offer another key."""
        return [(cells.address("bus_key_mint", agent=row.agent.name), "Mint another key")]

    def history(self, row: Any) -> Mapping[str, Any]:
        """Find what happened to its agent's keys."""
        return {"agent": row.agent.name, "type__startswith": "key."}

    def get_urls(self) -> list[Any]:
        """Add the page that mints a key."""
        return [self.page("mint/", self.mint, "bus_key_mint"), *super().get_urls()]

    def mint(self, request: HttpRequest) -> HttpResponse:
        """Mint a key and show it once."""
        first = {"agent": request.GET.get("agent", "")}
        return asked(self, request, MINT, lambda answer: shown_once(self, request, answer), first)

    @admin.action(description="Revoke…")
    def revoke(self, request: HttpRequest, rows: QuerySet[Key]) -> HttpResponse | None:
        """End keys, once it was confirmed."""
        return acting.confirmed(self, request, rows, REVOKE)


OPEN = by_choice(
    "standing",
    "standing",
    {"open": ("Open", lambda: Q(closed_at=None)), "closed": ("Closed", lambda: Q(closed_at__isnull=False))},
)


@admin.register(Session)
class Sessions(ReadOnly):
    """The sittings of agents."""

    list_display = (
        "name",
        "agent_link",
        "workspace_link",
        "surface",
        "harness",
        "machine",
        "standing",
        "opened",
        "seen",
    )
    list_filter = (OPEN, "workspace")
    list_select_related = ("agent", "workspace")
    search_fields = ("public_id__startswith", "agent__name", "machine", "session_ref")
    search_help_text = "Id, agent, machine or the harness's own id."
    actions = ("end", export_jsonl, export_csv)
    fields = readonly_fields = (
        "name",
        "agent_link",
        "key_link",
        "workspace_link",
        "surface",
        "harness",
        "session_ref",
        "machine",
        "standing",
        "opened_exactly",
        "seen_exactly",
        "closed_exactly",
    )

    name = admin.display(lambda _, row: cells.code(row.public_id), description="session")
    agent_link = admin.display(lambda _, row: cells.link(row.agent), description="agent")
    key_link = admin.display(lambda _, row: cells.link(row.key), description="key")
    workspace_link = admin.display(lambda _, row: cells.place(row.workspace), description="workspace")
    standing = admin.display(lambda _, row: cells.badge("closed" if row.closed_at else "open"), description="standing")
    opened = admin.display(lambda _, row: cells.moment(row.opened_at), description="opened")
    seen = admin.display(lambda _, row: cells.moment(row.last_seen_at), description="last heard")
    opened_exactly = admin.display(lambda _, row: cells.exact(row.opened_at), description="opened")
    seen_exactly = admin.display(lambda _, row: cells.exact(row.last_seen_at), description="last heard")
    closed_exactly = admin.display(lambda _, row: cells.exact(row.closed_at), description="closed")

    def history(self, row: Any) -> Mapping[str, Any]:
        """Find what happened to its agent's sessions."""
        return {"agent": row.agent.name, "type__startswith": "session."}

    @admin.action(description="End…")
    def end(self, request: HttpRequest, rows: QuerySet[Session]) -> HttpResponse | None:
        """End sessions, once it was confirmed."""
        return acting.confirmed(self, request, rows, END)
