"""The log in the admin: every event with who, from where and about what."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from bus.admin import cells
from bus.admin.base import ReadOnly, Total, every
from bus.admin.filters import by_choice
from bus.admin.names import NAMERS, name_subjects
from bus.models import Agent, Audience, Checkpoint, Event, Workspace
from bus.text import shorten, visible

FEW = 500


def _of_type(start: str) -> Q:
    """Match the types that begin with this; where they are few, by number, as their index finds them at once."""
    found = _rows_of(start)
    return Q(type__startswith=start) if len(found) > FEW else Q(pk__in=found)


def _rows_of(start: str) -> list[int]:
    """Return the numbers of the rows whose type begins with this, one more than few at most."""
    places = Workspace.objects.values("pk")
    known = Event.objects.filter(workspace_id__in=places, type__gte=start, type__lt=f"{start}~").order_by()
    return list(known.values_list("pk", flat=True)[: FEW + 1])


def _is_rare(start: str) -> bool:
    return len(_rows_of(start)) <= FEW


def _is_type(term: str) -> bool:
    return "." in term and term.replace(".", "").isalpha()


NOUNS = (
    *("agent", "workspace", "key", "session", "presence", "message", "delivery", "topic", "handoff", "paths"),
    *("setting", "log", "backup"),
)
SUBJECTS = {"msg_": "message", "hnd_": "handoff", "top_": "topic", "tsk_": "task"}
ABOUT = by_choice("about", "about", {noun: (noun, partial(_of_type, f"{noun}.")) for noun in NOUNS})
ORIGIN = by_choice("origin", "from", {kind: (kind, partial(Q, origin=kind)) for kind in Agent.Kind.values})


@admin.register(Event)
class Events(ReadOnly):
    """Everything that happened, newest first."""

    list_display = ("type_code", "when", "actor_link", "subject", "place", "through")
    list_display_links = ("type_code",)
    list_filter = (ABOUT, ORIGIN, "workspace")
    list_select_related = ("actor", "workspace")
    date_hierarchy = "at"
    looks_through = 100_000
    search_fields = ("type",)
    search_help_text = "A type, an agent, a person, an address, or the id of a message or handoff."
    fieldsets = (
        (None, {"fields": ("type_code", "when_exactly", "place", "seq", "subject")}),
        ("Who", {"fields": ("actor_link", "origin", "who", "surface", "address", "fleet")}),
        ("What", {"fields": ("payload_json", "public", "hash_hex")}),
    )
    readonly_fields = every(fieldsets)

    type_code = admin.display(lambda _, row: cells.code(row.type), description="event")
    actor_link = admin.display(lambda _, row: cells.link(row.actor), description="by")
    place = admin.display(lambda _, row: cells.place(row.workspace), description="workspace")
    who = admin.display(lambda _, row: cells.line(row.person), description="person")
    when = admin.display(lambda _, row: cells.moment(row.at), description="when")
    when_exactly = admin.display(lambda _, row: cells.exact(row.at), description="when")
    payload_json = admin.display(lambda _, row: cells.pretty(row.payload), description="payload")
    hash_hex = admin.display(lambda _, row: cells.hexadecimal(row.hash), description="hash")

    @admin.display(description="person, surface, address")
    def through(self, row: Event) -> str:
        """Say who it was and where it came from."""
        return cells.line(" · ".join(part for part in (row.person, row.surface, row.address) if part))

    def enrich(self, rows: Sequence[Event]) -> None:
        """Find the names of what the events are about."""
        name_subjects(rows)

    @admin.display(description="about")
    def subject(self, row: Any) -> str:
        """Link to what it is about, by name."""
        if "subject_names" not in row.__dict__:
            name_subjects([row])
        parts = [_named(row, column) for column in NAMERS if getattr(row, column)]
        if row.agent:
            url = cells.address("bus_agent_changelist", q=row.agent)
            parts.append(format_html('<a href="{}">{}</a>', url, visible(row.agent)))
        return cells.joined(*parts) if parts else cells.NONE

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """Find by a subject's id, an address, a type, a name or a person."""
        term = search_term.strip()
        if not term:
            return queryset, False
        column = SUBJECTS.get(term[:4])
        if column:
            return queryset.filter(**{column: term}), False
        if _is_type(term):
            return queryset.filter(_of_type(term)), False
        agent = Agent.objects.filter(name__iexact=term).first()
        found = Q(person=term) | Q(address=term) | Q(surface=term)
        if agent is not None:
            found |= Q(actor=agent) | Q(agent=agent.name)
        return queryset.filter(found), False

    def is_searching(self, request: HttpRequest) -> bool:
        """Say whether the filters of the URL have no index: subjects and workspaces have one, and so have rare types."""
        term, kinds = request.GET.get("q", "").strip(), request.GET
        if any(name in kinds for name in SUBJECTS.values()):
            return False
        is_text = bool(term) and term[:4] not in SUBJECTS and not (_is_type(term) and _is_rare(term))
        is_noun = "about" in kinds and not _is_rare(f"{kinds['about']}.")
        return is_text or is_noun or any(name in kinds for name in ("from", "agent"))

    def history(self, row: Any) -> Mapping[str, Any]:
        """Find the log it stands in."""
        return {"workspace__id__exact": row.workspace_id}

    def totals(self) -> list[Total]:
        """Count the log."""
        return [Total("Events", f"{Event.objects.count():,}", cells.address("bus_event_changelist"))]


def _named(row: Any, column: str) -> str:
    public_id = getattr(row, column)
    text = row.subject_names[column] or public_id
    url = cells.address(f"{NAMERS[column][0]}_changelist", public_id=public_id)
    return format_html('<a href="{}">{}</a>', url, shorten(visible(text), 60)[0])


@admin.register(Audience)
class Audiences(ReadOnly):
    """Who may see the events about something that is not public."""

    list_display = ("subject_code", "agent_link")
    list_select_related = ("agent",)
    search_fields = ("subject__exact", "agent__name__iexact")
    search_help_text = "The id of a handoff, or an agent's name."
    fields = readonly_fields = ("subject_code", "agent_link")

    subject_code = admin.display(lambda _, row: cells.code(row.subject), description="subject")
    agent_link = admin.display(lambda _, row: cells.link(row.agent), description="agent")

    def history(self, row: Any) -> Mapping[str, Any]:
        """Find the events about the subject."""
        column = SUBJECTS.get(row.subject[:4], "handoff")
        return {column: row.subject}


@admin.register(Checkpoint)
class Checkpoints(ReadOnly):
    """What the log added up to, now and then."""

    list_display = ("name", "place", "seq", "size", "is_floor", "made")
    list_filter = ("workspace",)
    list_select_related = ("workspace",)
    fields = readonly_fields = ("place", "seq", "hash_hex", "state_hash_hex", "is_floor", "made_exactly", "size")

    name = admin.display(lambda _, row: f"after event {row.seq:,}", description="checkpoint")
    place = admin.display(lambda _, row: cells.place(row.workspace), description="workspace")
    size = admin.display(lambda _, row: f"{len(row.state):,} characters", description="state")
    is_floor = admin.display(lambda _, row: row.floor, description="older events may go", boolean=True)
    made = admin.display(lambda _, row: cells.moment(row.created_at), description="made")
    made_exactly = admin.display(lambda _, row: cells.exact(row.created_at), description="made")
    hash_hex = admin.display(lambda _, row: cells.hexadecimal(row.hash), description="hash of the event")
    state_hash_hex = admin.display(lambda _, row: cells.hexadecimal(row.state_hash), description="hash of the state")

    def history(self, row: Any) -> Mapping[str, Any]:
        """Find the log it stands in."""
        return {"workspace__id__exact": row.workspace_id}
