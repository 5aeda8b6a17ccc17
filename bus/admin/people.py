"""Workspaces and agents in the admin."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse

from bus.admin import acting, cells, waking
from bus.admin import forms as pages
from bus.admin.base import ReadOnly, Rows, Total, every
from bus.admin.exports import export_csv, export_jsonl
from bus.admin.filters import by_choice
from bus.admin.keys import KeyForm, KeyRows, shown_once
from bus.models import Agent, AgentTag, Capability, Delivery, Membership, Workspace

ARCHIVE = acting.Step(
    "agent_archive",
    lambda agent: {"agent": agent.name},
    "Archived {count} agent{s}.",
    "Their keys and sessions end at once and for good. Their mail stays visible, and their names stay taken.",
)
CREATE = pages.Question(
    "Enrol an agent", "agent_create", KeyForm, "It gets its first key, which is shown once.", "Enrol and show the key"
)
ARCHIVED = by_choice(
    "standing",
    "standing",
    {
        "active": ("Enrolled", lambda: Q(archived_at=None)),
        "archived": ("Archived", lambda: Q(archived_at__isnull=False)),
    },
)


class AgentForm(KeyForm):
    """Who an agent is and what its first key is for."""

    name = forms.CharField(max_length=64, help_text="Letters, digits, dot, underscore and hyphen; unique in any case.")
    workspace = forms.ChoiceField(required=False, help_text="Its home. Leave it out only for a key for any workspace.")
    harness = forms.CharField(max_length=40, required=False, help_text="The program it runs in, as in claude-code.")
    role = forms.CharField(max_length=64, required=False)
    description = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), max_length=2000, required=False)
    capabilities = forms.CharField(max_length=2000, required=False, help_text="What it can do, between commas.")

    field_order = ("name", "workspace", "harness", "role", "capabilities", "description", "label", "scope")

    def __init__(self, *values: Any, **options: Any) -> None:
        """Offer the workspaces there are."""
        super().__init__(*values, **options)
        named = Workspace.objects.exclude(alias=None).order_by("alias").values_list("public_id", "alias")
        chosen: Any = self.fields["workspace"]
        chosen.choices = [("", "none"), *named]

    def clean_capabilities(self) -> list[str]:
        """Return the words."""
        return [word.strip() for word in self.cleaned_data["capabilities"].split(",") if word.strip()]


CREATE.form = AgentForm


class MembershipRows(Rows):
    """Where an agent belongs, or who belongs to a workspace."""

    model = Membership
    fields = readonly_fields = ("workspace_link", "agent_link", "since")
    sources = ("agent", "workspace")
    verbose_name_plural = "memberships"

    @admin.display(description="workspace")
    def workspace_link(self, row: Membership) -> str:
        """Link to the workspace."""
        return cells.place(row.workspace)

    @admin.display(description="agent")
    def agent_link(self, row: Membership) -> str:
        """Link to the agent."""
        return cells.link(row.agent)

    @admin.display(description="joined")
    def since(self, row: Membership) -> str:
        """Say when it joined."""
        return cells.moment(row.joined_at)


@admin.register(Agent)
class Agents(ReadOnly):
    """Everyone who acts."""

    list_display = (
        "name",
        "kind_badge",
        "presence_badge",
        "harness",
        "role",
        "home_link",
        "unread",
        "seen",
        "standing",
    )
    list_display_links = ("name",)
    list_filter = (ARCHIVED, "kind", "presence", "home")
    list_select_related = ("home",)
    search_fields = ("name", "role", "harness", "description")
    sortable_by = ("name",)
    actions = ("pause_waking", "resume_waking", "archive", export_jsonl, export_csv)
    tools = (("bus_agent_create", "Enrol an agent"),)
    inlines = (MembershipRows, KeyRows)
    fieldsets = (
        (None, {"fields": ("name", "kind_badge", "presence_badge", "home_link", "person", "related")}),
        ("Profile", {"fields": ("harness", "role", "capabilities", "tags", "about", "wakes_by")}),
        ("Waking", {"fields": ("waking", "woken")}),
        ("Times", {"fields": ("seen_exactly", "connected", "created", "archived")}),
    )
    readonly_fields = every(fieldsets)

    kind_badge = admin.display(lambda _, row: cells.badge(row.kind), description="kind")
    presence_badge = admin.display(lambda _, row: cells.badge(row.presence), description="presence")
    home_link = admin.display(lambda _, row: cells.place(row.home), description="home")
    seen = admin.display(lambda _, row: cells.moment(row.last_seen_at), description="last heard")
    seen_exactly = admin.display(lambda _, row: cells.exact(row.last_seen_at), description="last heard")
    connected = admin.display(lambda _, row: cells.exact(row.connected_until), description="connected until")
    created = admin.display(lambda _, row: cells.exact(row.created_at))
    archived = admin.display(lambda _, row: cells.exact(row.archived_at))
    person = admin.display(lambda _, row: cells.link(row.user), description="login")
    waking = admin.display(lambda _, row: waking.state(row))
    woken = admin.display(lambda _, row: waking.history(row), description="latest wakes")
    about = admin.display(lambda _, row: cells.block(row.description), description="description")

    @admin.display(description="standing")
    def standing(self, row: Agent) -> str:
        """Say whether it was archived."""
        return cells.badge("archived") if row.archived_at else cells.badge("enrolled")

    def enrich(self, rows: Sequence[Agent]) -> None:
        """Count the unread mail of those on the page, in one statement."""
        unread = Delivery.objects.filter(recipient__in=rows, lane=Delivery.Lane.UNREAD).order_by()
        counted = dict(unread.values_list("recipient").annotate(count=Count("pk")))
        for row in rows:
            row.unread_count = counted.get(row.pk, 0)  # type: ignore[attr-defined]

    @admin.display(description="unread")
    def unread(self, row: Any) -> str:
        """Link to what waits for it."""
        query = {"recipient__id__exact": row.pk, "lane__exact": "unread"}
        return cells.listed("bus_delivery", f"{row.unread_count:,}", **query) if row.unread_count else cells.NONE

    @admin.display(description="capabilities")
    def capabilities(self, row: Agent) -> str:
        """Name what it can do."""
        return cells.line(", ".join(row.capabilities.order_by("name").values_list("name", flat=True)))

    @admin.display(description="tags")
    def tags(self, row: Agent) -> str:
        """Name its tags."""
        return cells.line(", ".join(str(tag) for tag in row.tags.order_by("key")))

    @admin.display(description="related")
    def related(self, row: Agent) -> str:
        """Link to what it did and what it has."""
        return cells.joined(
            cells.listed("bus_delivery", "inbox", recipient__id__exact=row.pk),
            cells.listed("bus_message", "sent messages", sender__id__exact=row.pk),
            cells.listed("bus_session", "sessions", agent__id__exact=row.pk),
            cells.listed("bus_key", "keys", agent__id__exact=row.pk),
            cells.listed("handoffs_handoff", "handoffs claimed", last_claimant__id__exact=row.pk),
            cells.listed("handoffs_handoff", "handoffs created", creator__id__exact=row.pk),
            cells.listed("bus_event", "what it did", actor__id__exact=row.pk),
            cells.listed("bus_event", "what happened to it", agent=row.name),
        )

    def row_tools(self, row: Any) -> list[tuple[str, str]]:
        """Offer another key."""
        if row.kind == Agent.Kind.SYSTEM or row.archived_at:
            return []
        return [(cells.address("bus_key_mint", agent=row.name), "Mint a key")]

    def history(self, row: Any) -> Mapping[str, Any]:
        """Find what happened to it."""
        return {"agent": row.name}

    def totals(self) -> list[Total]:
        """Count those that are here."""
        agents = Agent.objects.filter(kind=Agent.Kind.AGENT, archived_at=None)
        found = agents.aggregate(all=Count("pk"), here=Count("pk", filter=Q(presence=Agent.Presence.PRESENT)))
        url = cells.address("bus_agent_changelist", kind__exact="agent", standing="active")
        return [Total("Agents present", f"{found['here']:,}", url, f"of {found['all']:,}")]

    def get_urls(self) -> list[Any]:
        """Add the page that enrols an agent."""
        return [self.page("create/", self.create, "bus_agent_create"), *super().get_urls()]

    def create(self, request: HttpRequest) -> HttpResponse:
        """Enrol an agent and show its key once."""
        return pages.asked(self, request, CREATE, lambda answer: shown_once(self, request, answer))

    @admin.action(description="Pause waking")
    def pause_waking(self, request: HttpRequest, rows: QuerySet[Agent]) -> None:
        """Let nothing start a turn of these agents."""
        acting.at_once(request, rows, waking.PAUSE)

    @admin.action(description="Resume waking")
    def resume_waking(self, request: HttpRequest, rows: QuerySet[Agent]) -> None:
        """Let these agents be woken again."""
        acting.at_once(request, rows, waking.RESUME)

    @admin.action(description="Archive…")
    def archive(self, request: HttpRequest, rows: QuerySet[Agent]) -> HttpResponse | None:
        """Retire agents, once it was confirmed."""
        return acting.confirmed(self, request, rows, ARCHIVE)


@admin.register(Workspace)
class Workspaces(ReadOnly):
    """The repositories whose agents see each other."""

    list_display = ("name", "folder", "remote", "since")
    search_fields = ("alias", "public_id", "path", "git_remote")
    inlines = (MembershipRows,)
    fields = readonly_fields = ("alias", "id_code", "folder", "remote", "since", "related")

    id_code = admin.display(lambda _, row: cells.code(row.public_id), description="id")
    folder = admin.display(lambda _, row: cells.code(row.path))
    remote = admin.display(lambda _, row: cells.code(row.git_remote), description="git remote")
    since = admin.display(lambda _, row: cells.moment(row.created_at), description="founded")

    @admin.display(description="workspace")
    def name(self, row: Workspace) -> str:
        """Call the one without an alias what it is."""
        return row.alias or "the installation"

    @admin.display(description="related")
    def related(self, row: Workspace) -> str:
        """Link to what is in it."""
        query: dict[str, Any] = {"workspace__id__exact": row.pk}
        names = ("bus_message", "bus_delivery", "handoffs_handoff", "bus_event", "bus_session")
        words = ("messages", "deliveries", "handoffs", "events", "sessions")
        return cells.joined(*(cells.listed(*each, **query) for each in zip(names, words, strict=True)))

    def history(self, row: Any) -> Mapping[str, Any]:
        """Find its log."""
        return {"workspace__id__exact": row.pk}


class OfAgent(ReadOnly):
    """A small table of facts about agents."""

    list_select_related: ClassVar[Any] = ("agent",)
    search_fields: ClassVar[Any] = ("agent__name",)

    agent_link = admin.display(lambda _, row: cells.link(row.agent), description="agent")

    def history(self, row: Any) -> Mapping[str, Any]:
        """Find what happened to the agent."""
        return {"agent": row.agent.name}


@admin.register(Capability)
class Capabilities(OfAgent):
    """What agents can do."""

    plural = "capabilities"
    list_display = ("name", "agent_link")
    search_fields = ("name", "agent__name")
    fields = readonly_fields = ("name", "agent_link")


@admin.register(AgentTag)
class Tags(OfAgent):
    """The words by which agents can be addressed."""

    list_display = ("tag", "agent_link")
    search_fields = ("key", "value", "agent__name")
    fields = readonly_fields = ("key", "value", "agent_link")

    tag = admin.display(lambda _, row: cells.code(row), description="tag")


@admin.register(Membership)
class Memberships(OfAgent):
    """Who belongs where."""

    list_display = ("name", "agent_link", "workspace_link", "since")
    list_filter = ("workspace",)
    list_select_related = ("agent", "workspace")
    fields = readonly_fields = ("agent_link", "workspace_link", "since")

    name = admin.display(lambda _, row: cells.line(row), description="membership")
    workspace_link = admin.display(lambda _, row: cells.place(row.workspace), description="workspace")
    since = admin.display(lambda _, row: cells.moment(row.joined_at), description="joined")
