"""Messages and deliveries in the admin."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest

from bus.admin import acting, cells
from bus.admin.base import ReadOnly, Rows, Total, every
from bus.admin.exports import export_csv, export_jsonl
from bus.admin.filters import by_choice
from bus.admin.names import whom
from bus.models import Agent, Delivery, Message

REQUEUE = acting.Step(
    "inbox_requeue",
    lambda row: {
        "message": row.message.public_id,
        "agent": row.recipient.name,
        "workspace": row.workspace.public_id,
    },
    "Delivered {count} message{s} again.",
)

# Only leased mail has a lease: where there is none, an index has a lane in the order of its rows.
LANE = by_choice(
    "lane",
    "lane__exact",
    {
        lane: (lane, partial(Q, lane=lane, lease_until__isnull=lane != Delivery.Lane.DELIVERED))
        for lane in Delivery.Lane.values
    },
)


def _sender(term: str) -> Agent | None:
    """Return the agent of this name, if any."""
    return Agent.objects.filter(name__iexact=term).first() if term else None


class DeliveryRows(Rows):
    """What became of a message, a recipient a line."""

    model = Delivery
    fields = readonly_fields = ("recipient_link", "lane_badge", "attempt", "delivered", "ended", "reason_line", "page")
    sources = ("recipient", "message")
    verbose_name_plural = "deliveries"

    recipient_link = admin.display(lambda _, row: cells.link(row.recipient), description="recipient")
    lane_badge = admin.display(lambda _, row: cells.badge(row.lane), description="lane")
    delivered = admin.display(lambda _, row: cells.moment(row.delivered_at), description="delivered")
    ended = admin.display(lambda _, row: cells.moment(row.ended_at), description="ended")
    reason_line = admin.display(lambda _, row: cells.line(row.reason), description="reason")
    page = admin.display(lambda _, row: cells.link(row, "details"), description="")


@admin.register(Message)
class Messages(ReadOnly):
    """What was said."""

    list_display = ("subject_line", "kind_badge", "sender_link", "addressed", "receipts", "priority", "place", "sent")
    list_display_links = ("subject_line",)
    list_filter = ("kind", "workspace")
    list_select_related = ("sender", "workspace")
    date_hierarchy = "sent_at"
    looks_through = 100_000
    search_fields = ("subject",)
    search_help_text = "A message id, an agent's name, or words of the subject."
    inlines = (DeliveryRows,)
    fieldsets = (
        (None, {"fields": ("subject_text", "kind_badge", "sender_link", "addressed_fully", "place", "priority")}),
        ("Text", {"fields": ("body_text", "references_json", "metadata_json")}),
        ("Context", {"fields": ("id_code", "answers", "handoff_link", "sent_exactly", "expires", "related")}),
    )
    readonly_fields = every(fieldsets)

    subject_line = admin.display(lambda _, row: cells.line(row.subject), description="subject")
    subject_text = admin.display(lambda _, row: cells.whole(row.subject), description="subject")
    kind_badge = admin.display(lambda _, row: cells.badge(row.kind), description="kind")
    sender_link = admin.display(lambda _, row: cells.link(row.sender), description="from")
    addressed = admin.display(lambda _, row: cells.line(whom(row.to)), description="to")
    addressed_fully = admin.display(lambda _, row: cells.pretty(row.to), description="to")
    place = admin.display(lambda _, row: cells.place(row.workspace), description="workspace")
    sent = admin.display(lambda _, row: cells.moment(row.sent_at), description="sent")
    sent_exactly = admin.display(lambda _, row: cells.exact(row.sent_at), description="sent")
    expires = admin.display(lambda _, row: cells.exact(row.expires_at), description="expires")
    body_text = admin.display(lambda _, row: cells.block(row.body), description="body")
    references_json = admin.display(lambda _, row: cells.pretty(row.references), description="references")
    metadata_json = admin.display(lambda _, row: cells.pretty(row.metadata), description="metadata")
    id_code = admin.display(lambda _, row: cells.code(row.public_id), description="id")
    answers = admin.display(lambda _, row: cells.link(row.reply_to), description="reply to")

    def enrich(self, rows: Sequence[Message]) -> None:
        """Count the receipts of the messages on the page, in one statement."""
        counts = Count("pk"), Count("pk", filter=Q(lane=Delivery.Lane.READ))
        deliveries = Delivery.objects.filter(message__in=rows).order_by().values_list("message")
        counted = {pk: (read, all_) for pk, all_, read in deliveries.annotate(all=counts[0], read=counts[1])}
        for row in rows:
            row.receipt_counts = counted.get(row.pk)  # type: ignore[attr-defined]

    @admin.display(description="read")
    def receipts(self, row: Any) -> str:
        """Link to the deliveries by how many are read."""
        if row.receipt_counts is None:
            return cells.NONE
        read, all_ = row.receipt_counts
        return cells.listed("bus_delivery", f"{read} of {all_}", message__id__exact=row.pk)

    @admin.display(description="handoff")
    def handoff_link(self, row: Message) -> str:
        """Link to the handoff it is about."""
        return cells.listed("handoffs_handoff", row.handoff, public_id=row.handoff) if row.handoff else cells.NONE

    @admin.display(description="related")
    def related(self, row: Message) -> str:
        """Link to what came of it."""
        return cells.joined(
            cells.listed("bus_delivery", "deliveries", message__id__exact=row.pk),
            cells.listed("bus_message", f"{row.replies.count()} replies", reply_to__id__exact=row.pk),
            cells.listed("bus_event", "events", message=row.public_id),
        )

    def is_searching(self, request: HttpRequest) -> bool:
        """Say whether words of subjects or a kind are looked for, which have no index."""
        term = request.GET.get("q", "").strip()
        if term.startswith(("msg_", "hnd_")) or (term and _sender(term)):
            return False
        return bool(term) or "kind__exact" in request.GET

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """Find by id or name at once, and else by words of the subject among the newest."""
        term = search_term.strip()
        if term.startswith("msg_"):
            return queryset.filter(public_id=term), False
        if term.startswith("hnd_"):
            return queryset.filter(handoff=term), False
        sender = _sender(term)
        if sender is not None:
            return queryset.filter(sender=sender), False
        return super().get_search_results(request, queryset, search_term)

    def history(self, row: Any) -> Mapping[str, Any]:
        """Find its events."""
        return {"message": row.public_id}

    def totals(self) -> list[Total]:
        """Count what was said."""
        return [Total("Messages", f"{Message.objects.count():,}", cells.address("bus_message_changelist"))]


@admin.register(Delivery)
class Deliveries(ReadOnly):
    """What became of each message, a recipient a row."""

    plural = "deliveries"
    list_display = ("subject", "recipient_link", "lane_badge", "why", "lease", "ended", "place")
    list_display_links = ("subject",)
    list_filter = (LANE, "workspace")
    list_select_related = ("message", "recipient", "workspace")
    search_fields = ("message__public_id",)
    search_help_text = "A message id or the recipient's name."
    actions = ("requeue", export_jsonl, export_csv)
    fieldsets = (
        (None, {"fields": ("message_link", "recipient_link", "lane_badge", "place", "priority", "attempt", "reason")}),
        ("Times", {"fields": ("lease_exactly", "delivered_exactly", "ended_exactly", "expires", "related")}),
    )
    readonly_fields = every(fieldsets)

    subject = admin.display(lambda _, row: cells.line(row.message.subject), description="message")
    message_link = admin.display(lambda _, row: cells.link(row.message), description="message")
    recipient_link = admin.display(lambda _, row: cells.link(row.recipient), description="recipient")
    lane_badge = admin.display(lambda _, row: cells.badge(row.lane), description="lane")
    place = admin.display(lambda _, row: cells.place(row.workspace), description="workspace")
    lease = admin.display(lambda _, row: cells.moment(row.lease_until), description="lease ends")
    ended = admin.display(lambda _, row: cells.moment(row.ended_at), description="ended")
    lease_exactly = admin.display(lambda _, row: cells.exact(row.lease_until), description="lease ends")
    delivered_exactly = admin.display(lambda _, row: cells.exact(row.delivered_at), description="delivered")
    ended_exactly = admin.display(lambda _, row: cells.exact(row.ended_at), description="ended")
    expires = admin.display(lambda _, row: cells.exact(row.expires_at), description="expires")
    why = admin.display(lambda _, row: cells.line(row.reason), description="reason")
    related = admin.display(lambda _, row: cells.listed("bus_event", "events", message=row.message.public_id))

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """Find by the message's id or the recipient's name."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.startswith("msg_"):
            return queryset.filter(message=Message.objects.filter(public_id=term).first()), False
        return queryset.filter(recipient=Agent.objects.filter(name__iexact=term).first()), False

    def history(self, row: Any) -> Mapping[str, Any]:
        """Find the events of its message for its recipient."""
        return {"message": row.message.public_id, "agent": row.recipient.name}

    def totals(self) -> list[Total]:
        """Count what waits and what is stuck."""
        lanes = Delivery.objects.filter(lane__in=["unread", "parked"]).order_by()
        counted = dict(lanes.values_list("lane").annotate(count=Count("pk")))
        return [
            Total(word, f"{counted.get(lane, 0):,}", cells.address("bus_delivery_changelist", lane__exact=lane), note)
            for word, lane, note in (("Unread", "unread", "deliveries"), ("Parked", "parked", "need a decision"))
        ]

    @admin.action(description="Deliver parked mail again")
    def requeue(self, request: HttpRequest, rows: QuerySet[Delivery]) -> None:
        """Put parked mail back into its recipients' inboxes."""
        acting.at_once(request, rows, REQUEUE)
