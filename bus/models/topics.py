"""Topics: one thread that many follow, who takes part under which name, and the posts in their order."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from bus.models.mail import Message
from bus.models.people import Agent, Workspace


class Topic(models.Model):
    """A named thread in a workspace; every member may read it."""

    public_id = models.CharField(max_length=40, unique=True)
    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="topics", db_index=False)
    name = models.CharField(max_length=200)
    metadata = models.JSONField(default=dict, blank=True)
    created_by = models.ForeignKey(Agent, models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    latest_seq = models.PositiveBigIntegerField(default=0, help_text="The number of its newest post; 0 without one.")
    active_at = models.DateTimeField(help_text="When something was last posted, or it was created.")
    closed_at = models.DateTimeField(null=True, blank=True)
    close_reason = models.CharField(max_length=200, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True, help_text="Since when lists leave it out.")

    class Meta:
        """Listed by activity, found by name; only closed ones are archived."""

        constraints = (
            models.CheckConstraint(
                condition=Q(archived_at__isnull=True) | Q(closed_at__isnull=False), name="topic_archived_when_closed"
            ),
        )
        indexes = (
            models.Index(fields=["workspace", "-active_at", "-id"], name="topic_of_workspace"),
            models.Index(fields=["workspace", "name", "-id"], name="topic_by_name"),
        )

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    @property
    def state(self) -> str:
        """Return `open` or `closed`."""
        return "open" if self.closed_at is None else "closed"

    def close(self, reason: str, now: datetime) -> bool:
        """Take no more posts; False when it was closed already."""
        was_open = type(self).objects.filter(pk=self.pk, closed_at=None)
        return bool(was_open.update(closed_at=now, close_reason=reason))


class Peer(models.Model):
    """One who takes part in a topic: a name for the life of the topic, and how far it has read."""

    topic = models.ForeignKey(Topic, models.CASCADE, related_name="peers", db_index=False)
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=64)
    holder = models.CharField(max_length=64, null=True, blank=True, help_text="Whose calls act under the name.")  # noqa: DJ001
    token_hash = models.BinaryField(
        max_length=32, null=True, blank=True, help_text="SHA-256 of the token that proves the name; none when released."
    )
    seq = models.PositiveBigIntegerField(default=0, help_text="The number of the newest post that it has taken.")
    moved_at = models.DateTimeField(help_text="When its cursor last moved.")
    seen_at = models.DateTimeField(help_text="When it last joined or asked for news.")
    joined_at = models.DateTimeField()

    class Meta:
        """A name stands for one in a topic, whatever its case, and whoever acts does so under one name."""

        constraints = (
            models.UniqueConstraint("topic", Lower("name"), name="peer_name_unique"),
            models.UniqueConstraint(fields=["topic", "holder"], name="peer_holder_unique"),
        )
        indexes = (models.Index(fields=["agent", "topic"], name="peer_of_agent"),)

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Post(models.Model):
    """The place of a message in its topic."""

    message = models.OneToOneField(Message, models.CASCADE, related_name="post")
    topic = models.ForeignKey(Topic, models.PROTECT, related_name="posts", db_index=False)
    seq = models.PositiveBigIntegerField(help_text="1, 2, 3 … in this topic, without gaps.")
    peer = models.ForeignKey(Peer, models.PROTECT, related_name="posts", db_index=False)
    kind = models.CharField(max_length=32, help_text="In the words of whoever posts: message, question, answer …")
    client_id = models.CharField(max_length=128, null=True, blank=True, help_text="The sender's own id for it.")  # noqa: DJ001

    class Meta:
        """Gapless a topic; a peer's own id counts once."""

        constraints = (
            models.UniqueConstraint(fields=["topic", "seq"], name="post_seq_unique"),
            models.UniqueConstraint(fields=["peer", "client_id"], name="post_client_id_unique"),
        )

    def __str__(self) -> str:
        """Return `topic seq`."""
        return f"{self.topic_id} {self.seq}"
