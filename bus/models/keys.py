"""How an agent proves who it is, and its sittings."""

from django.db import models

from bus.models.people import Agent, Workspace


class Key(models.Model):
    """A secret of one agent; only its hash is kept."""

    class Scope(models.TextChoices):
        """What a key may do."""

        AGENT = "agent"
        READ = "read"

    agent = models.ForeignKey(Agent, models.PROTECT, related_name="keys")
    prefix = models.CharField(max_length=16, unique=True, help_text="The part that is safe to show.")
    secret_hash = models.BinaryField(max_length=32, help_text="SHA-256 of the whole key.")
    label = models.CharField(max_length=64, blank=True)
    scope = models.CharField(max_length=8, choices=Scope.choices, default=Scope.AGENT)
    any_workspace = models.BooleanField(default=False)
    workspaces = models.ManyToManyField(Workspace, related_name="keys", blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        """Return the part that is safe to show."""
        return f"nxs_{self.prefix}_…"


class Session(models.Model):
    """One sitting of an agent: a terminal, an MCP session, an editor window."""

    public_id = models.CharField(max_length=40, unique=True)
    agent = models.ForeignKey(Agent, models.PROTECT, related_name="sessions")
    key = models.ForeignKey(Key, models.PROTECT, null=True, blank=True, related_name="sessions")
    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="sessions")
    surface = models.CharField(max_length=16)
    harness = models.CharField(max_length=40, blank=True)
    session_ref = models.CharField(max_length=200, blank=True, help_text="The harness's own session id.")
    machine = models.CharField(max_length=100, blank=True)
    opened_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Found by key, newest first."""

        indexes = (models.Index(fields=["key", "closed_at", "-id"], name="session_newest"),)

    def __str__(self) -> str:
        """Return the id."""
        return self.public_id
