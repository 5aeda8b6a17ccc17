"""Topics in the admin: who takes part, and what was posted in order."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse

from bus.admin import acting, cells
from bus.admin.base import ReadOnly, Rows, Total, every
from bus.admin.exports import export_csv, export_jsonl
from bus.admin.filters import by_choice
from bus.models import Peer, Post, Topic


class Reason(forms.Form):
    """Why something is closed."""

    reason = forms.CharField(max_length=200, required=False, help_text="For whoever reads it later.")


def _about(row: Any) -> dict[str, Any]:
    return {"topic": row.public_id, "workspace": row.workspace.public_id}


CLOSE = acting.Step("topic_close", _about, "Closed {count} topic{s}.", "They take no more posts.", Reason)
ARCHIVE = acting.Step("topic_archive", _about, "Archived {count} topic{s}.")
UNARCHIVE = acting.Step(
    "topic_archive", lambda row: {**_about(row), "archived": False}, "Took {count} topic{s} out of the archive."
)
DELETE = acting.Step(
    "topic_delete",
    lambda row: {**_about(row), "confirm": row.name},
    "Deleted {count} topic{s}.",
    "All their posts are deleted with them, for good. An export keeps them.",
)
RELEASE = acting.Step(
    "topic_release_name",
    lambda row: {"topic": row.topic.public_id, "peer": row.name, "workspace": row.topic.workspace.public_id},
    "Gave {count} name{s} free.",
    "Whoever joins under such a name next has it, with its place in the topic.",
)
STATE = by_choice(
    "state",
    "state",
    {
        "open": ("open", partial(Q, closed_at=None)),
        "closed": ("closed", partial(Q, closed_at__isnull=False)),
        "archived": ("archived", partial(Q, archived_at__isnull=False)),
    },
)


class PeerRows(Rows):
    """Who takes part, a name a line."""

    model = Peer
    fields = readonly_fields = ("name_line", "agent_link", "seq", "moved", "seen", "state")
    sources = ("agent",)

    name_line = admin.display(lambda _, row: cells.line(row.name), description="name")
    agent_link = admin.display(lambda _, row: cells.link(row.agent), description="agent")
    moved = admin.display(lambda _, row: cells.moment(row.moved_at), description="cursor moved")
    seen = admin.display(lambda _, row: cells.moment(row.seen_at), description="heard")
    state = admin.display(lambda _, row: "released" if row.token_hash is None else "", description="")


@admin.register(Topic)
class Topics(ReadOnly):
    """Threads that many follow, the newest first."""

    list_display = ("name_line", "state_badge", "latest_seq", "peers_count", "creator", "place", "active")
    list_display_links = ("name_line",)
    list_filter = (STATE, "workspace")
    list_select_related = ("created_by", "workspace")
    search_fields = ("name",)
    search_help_text = "A topic's id, or words of its name."
    actions = ("close", "archive", "unarchive", "delete", export_jsonl, export_csv)
    inlines = (PeerRows,)
    fieldsets = (
        (None, {"fields": ("name_text", "state_badge", "place", "creator", "posts_link", "metadata_json")}),
        ("Times", {"fields": ("id_code", "created", "active_exactly", "closed", "reason_text", "archived", "related")}),
    )
    readonly_fields = every(fieldsets)

    name_line = admin.display(lambda _, row: cells.line(row.name), description="name")
    name_text = admin.display(lambda _, row: cells.whole(row.name), description="name")
    state_badge = admin.display(
        lambda _, row: cells.badge("archived" if row.archived_at else row.state), description="state"
    )
    creator = admin.display(lambda _, row: cells.link(row.created_by), description="opened by")
    place = admin.display(lambda _, row: cells.place(row.workspace), description="workspace")
    active = admin.display(lambda _, row: cells.moment(row.active_at), description="last post")
    active_exactly = admin.display(lambda _, row: cells.exact(row.active_at), description="last post")
    created = admin.display(lambda _, row: cells.exact(row.created_at), description="opened")
    closed = admin.display(lambda _, row: cells.exact(row.closed_at), description="closed")
    archived = admin.display(lambda _, row: cells.exact(row.archived_at), description="archived")
    reason_text = admin.display(lambda _, row: cells.line(row.close_reason), description="reason")
    metadata_json = admin.display(lambda _, row: cells.pretty(row.metadata), description="metadata")
    id_code = admin.display(lambda _, row: cells.code(row.public_id), description="id")
    related = admin.display(lambda _, row: cells.listed("bus_event", "events", topic=row.public_id))
    peers_count = admin.display(lambda _, row: row.peer_count, description="peers")

    def enrich(self, rows: Sequence[Topic]) -> None:
        """Count who takes part in the topics of the page, in one statement."""
        counted = Peer.objects.filter(topic__in=rows).order_by().values_list("topic").annotate(count=Count("pk"))
        counts = dict(counted)
        for row in rows:
            row.peer_count = counts.get(row.pk, 0)  # type: ignore[attr-defined]

    @admin.display(description="posts")
    def posts_link(self, row: Topic) -> str:
        """Link to what was posted."""
        return cells.listed("bus_post", f"{row.latest_seq:,} posts", topic__id__exact=row.pk)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """Find by id, and else by words of the name."""
        term = search_term.strip()
        if term.startswith("top_"):
            return queryset.filter(public_id=term), False
        return super().get_search_results(request, queryset, search_term)

    def history(self, row: Any) -> Mapping[str, Any]:
        """Find its events."""
        return {"topic": row.public_id}

    def totals(self) -> list[Total]:
        """Count the open ones."""
        count = Topic.objects.filter(closed_at=None).count()
        return [Total("Topics", f"{count:,}", cells.address("bus_topic_changelist", state="open"), "open")]

    @admin.action(description="Close")
    def close(self, request: HttpRequest, rows: QuerySet[Topic]) -> HttpResponse | None:
        """Close them, with a reason."""
        return acting.confirmed(self, request, rows, CLOSE)

    @admin.action(description="Archive closed ones")
    def archive(self, request: HttpRequest, rows: QuerySet[Topic]) -> None:
        """Leave them out of lists."""
        acting.at_once(request, rows, ARCHIVE)

    @admin.action(description="Take out of the archive")
    def unarchive(self, request: HttpRequest, rows: QuerySet[Topic]) -> None:
        """List them again."""
        acting.at_once(request, rows, UNARCHIVE)

    @admin.action(description="Delete with all posts")
    def delete(self, request: HttpRequest, rows: QuerySet[Topic]) -> HttpResponse | None:
        """Delete them for good."""
        return acting.confirmed(self, request, rows, DELETE)


@admin.register(Peer)
class Peers(ReadOnly):
    """Names in topics, whose they are, and how far each has read."""

    list_display = ("name_line", "topic_link", "agent_link", "seq", "seen", "state")
    list_display_links = ("name_line",)
    list_select_related = ("topic", "topic__workspace", "agent")
    search_fields = ("name__iexact", "agent__name__iexact")
    search_help_text = "The name, or the agent's name."
    actions = ("release", export_jsonl, export_csv)
    fields = readonly_fields = ("name_line", "topic_link", "agent_link", "seq", "moved", "seen", "joined", "state")

    name_line = admin.display(lambda _, row: cells.line(row.name), description="name")
    topic_link = admin.display(lambda _, row: cells.link(row.topic), description="topic")
    agent_link = admin.display(lambda _, row: cells.link(row.agent), description="agent")
    moved = admin.display(lambda _, row: cells.exact(row.moved_at), description="cursor moved")
    seen = admin.display(lambda _, row: cells.moment(row.seen_at), description="heard")
    joined = admin.display(lambda _, row: cells.exact(row.joined_at), description="joined")
    state = admin.display(lambda _, row: "released" if row.token_hash is None else "", description="")

    def history(self, row: Any) -> Mapping[str, Any]:
        """Find the events of its topic."""
        return {"topic": row.topic.public_id}

    @admin.action(description="Give the name free")
    def release(self, request: HttpRequest, rows: QuerySet[Peer]) -> HttpResponse | None:
        """Let the next who joins have it."""
        return acting.confirmed(self, request, rows, RELEASE)


@admin.register(Post)
class Posts(ReadOnly):
    """What was posted, in the order of each topic."""

    list_display = ("text", "topic_link", "seq", "peer_line", "kind_line", "sent")
    list_display_links = ("text",)
    list_select_related = ("message", "topic", "peer")
    search_fields = ("message__public_id",)
    search_help_text = "A message id or a topic's id."
    fields = readonly_fields = ("message_link", "topic_link", "seq", "peer_line", "kind_line", "client_line", "sent")

    text = admin.display(lambda _, row: cells.line(row.message.subject), description="post")
    message_link = admin.display(lambda _, row: cells.link(row.message), description="message")
    topic_link = admin.display(lambda _, row: cells.link(row.topic), description="topic")
    peer_line = admin.display(lambda _, row: cells.line(row.peer.name), description="as")
    kind_line = admin.display(lambda _, row: cells.line(row.kind), description="kind")
    client_line = admin.display(lambda _, row: cells.line(row.client_id or ""), description="the sender's id")
    sent = admin.display(lambda _, row: cells.moment(row.message.sent_at), description="sent")

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """Find by the message's id or the topic's."""
        term = search_term.strip()
        if not term:
            return queryset, False
        column = "topic__public_id" if term.startswith("top_") else "message__public_id"
        return queryset.filter(**{column: term}), False

    def history(self, row: Any) -> Mapping[str, Any]:
        """Find the events of its message."""
        return {"message": row.message.public_id}
