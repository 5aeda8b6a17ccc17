"""Messages and what became of them, one delivery a recipient."""

from django.db import models
from django.db.models import Q

from bus.models.people import Agent, Workspace


class Message(models.Model):
    """What somebody said, to whom it was addressed, and what it refers to."""

    class Kind(models.TextChoices):
        """How it was addressed."""

        DIRECT = "direct"
        BROADCAST = "broadcast"
        HANDOFF = "handoff"
        TOPIC = "topic"

    public_id = models.CharField(max_length=40, unique=True)
    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="messages", db_index=False)
    kind = models.CharField(max_length=9, choices=Kind.choices)
    sender = models.ForeignKey(Agent, models.PROTECT, related_name="sent", db_index=False)
    to = models.JSONField(help_text="As the sender wrote it.")
    subject = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    priority = models.PositiveSmallIntegerField(default=5)
    metadata = models.JSONField(default=dict, blank=True)
    references = models.JSONField(default=list, blank=True)
    reply_to = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="replies")
    handoff = models.CharField(max_length=40, blank=True, db_index=True, help_text="Public id of its handoff.")
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Listed by workspace and by sender."""

        indexes = (
            models.Index(fields=["workspace", "-id"], name="message_of_workspace"),
            models.Index(fields=["sender", "workspace", "-id"], name="message_of_sender"),
        )

    def __str__(self) -> str:
        """Return the subject."""
        return self.subject


class Delivery(models.Model):
    """One message for one recipient: unread, leased, read, parked or expired."""

    class Lane(models.TextChoices):
        """Where it is; `delivered` means leased to the recipient."""

        UNREAD = "unread"
        DELIVERED = "delivered"
        READ = "read"
        PARKED = "parked"
        EXPIRED = "expired"

    message = models.ForeignKey(Message, models.PROTECT, related_name="deliveries", db_index=False)
    recipient = models.ForeignKey(Agent, models.PROTECT, related_name="deliveries", db_index=False)
    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="deliveries", db_index=False)
    lane = models.CharField(max_length=9, choices=Lane.choices, default=Lane.UNREAD)
    priority = models.PositiveSmallIntegerField()
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When it was read, parked or expired.")
    reason = models.CharField(max_length=100, blank=True, help_text="Why it was parked or expired.")

    class Meta:
        """One delivery a recipient; a lease exactly while delivered."""

        constraints = (
            models.UniqueConstraint(fields=["message", "recipient"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(lane="delivered", lease_until__isnull=False)
                | (~Q(lane="delivered") & Q(lease_until__isnull=True)),
                name="delivery_leased_while_delivered",
            ),
            models.CheckConstraint(
                condition=Q(lane__in=["unread", "delivered"], ended_at__isnull=True)
                | Q(lane__in=["read", "parked", "expired"], ended_at__isnull=False),
                name="delivery_ended_when_over",
            ),
        )
        indexes = (
            models.Index(fields=["recipient", "workspace", "lane", "-priority", "message"], name="delivery_inbox"),
            models.Index(
                fields=["recipient", "workspace", "-message"],
                name="delivery_history",
                condition=Q(ended_at__isnull=False),
            ),
            models.Index(fields=["lane", "lease_until"], name="delivery_leases"),
            models.Index(fields=["lane", "expires_at"], name="delivery_expiry", condition=Q(expires_at__isnull=False)),
        )

    def __str__(self) -> str:
        """Return `message for recipient: lane`."""
        return f"{self.message_id} for {self.recipient_id}: {self.lane}"
