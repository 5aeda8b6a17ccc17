"""The append-only log: events, who may see them, and checkpoints of the state they add up to."""

from django.db import models

from bus.models.people import Agent, Workspace


class Event(models.Model):
    """One change, never edited: who did what to which, in commit order, chained by hash."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="events", db_index=False)
    seq = models.PositiveBigIntegerField(help_text="1, 2, 3 … in this workspace, without gaps.")
    hash = models.BinaryField(max_length=32, help_text="SHA-256 over the version, the previous hash and this event.")
    type = models.CharField(max_length=40)
    at = models.DateTimeField()
    actor = models.ForeignKey(Agent, models.PROTECT, related_name="+", db_index=False)
    origin = models.CharField(max_length=8)
    person = models.CharField(max_length=150, blank=True)
    fleet = models.CharField(max_length=40, blank=True)
    surface = models.CharField(max_length=16, blank=True)
    address = models.CharField(max_length=64, blank=True)
    message = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001
    handoff = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001
    topic = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001
    task = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001
    agent = models.CharField(max_length=64, blank=True, help_text="Name of the agent it happened to.")
    public = models.BooleanField(default=False, help_text="Every member of the workspace may see it.")
    payload = models.JSONField(default=dict)

    class Meta:
        """Gapless a workspace; found by what it is about."""

        constraints = (models.UniqueConstraint(fields=["workspace", "seq"], name="event_seq_unique"),)
        indexes = (
            *(
                # Null where there is no subject, as only IS NOT NULL lets the database use a partial index.
                models.Index(
                    fields=[subject], name=f"event_of_{subject}", condition=models.Q((f"{subject}__isnull", False))
                )
                for subject in ("message", "handoff", "topic", "task")
            ),
            models.Index(fields=["workspace", "id"], name="event_of_workspace"),
            models.Index(fields=["workspace", "type", "-id"], name="event_of_type"),
        )

    def __str__(self) -> str:
        """Return `seq type`."""
        return f"{self.seq} {self.type}"


class Audience(models.Model):
    """An agent may see the events about a subject; rooms fill it for what is theirs."""

    subject = models.CharField(max_length=40, help_text="Public id of a handoff, topic or task.")
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="+", db_index=False)

    class Meta:
        """Once a subject and agent."""

        constraints = (models.UniqueConstraint(fields=["subject", "agent"], name="audience_once"),)

    def __str__(self) -> str:
        """Return `agent sees subject`."""
        return f"{self.agent_id} sees {self.subject}"


class Checkpoint(models.Model):
    """The folded state of a workspace at one event; where verifying and replaying start."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="checkpoints")
    seq = models.PositiveBigIntegerField()
    event_id = models.PositiveBigIntegerField(help_text="Row of the event with this seq.")
    hash = models.BinaryField(max_length=32, help_text="The hash of that event.")
    state = models.TextField(help_text="Canonical JSON.")
    state_hash = models.BinaryField(max_length=32, help_text="SHA-256 of the state.")
    floor = models.BooleanField(default=False, help_text="Events up to here may be deleted.")
    created_at = models.DateTimeField()

    class Meta:
        """One a workspace and event."""

        constraints = (models.UniqueConstraint(fields=["workspace", "seq"], name="checkpoint_once"),)

    def __str__(self) -> str:
        """Return `workspace at seq`."""
        return f"{self.workspace_id} at {self.seq}"
