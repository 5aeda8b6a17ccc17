"""Workspaces, the agents in them, and what they can do."""

from django.db import models
from django.db.models.functions import Lower

INSTALLATION = "wsp_installation"


class Workspace(models.Model):
    """One repository (or folder) whose agents see each other."""

    public_id = models.CharField(max_length=40, unique=True)
    path = models.TextField(blank=True, help_text="Canonical real path; shown to operators only.")
    alias = models.CharField(max_length=64, unique=True, null=True, blank=True)
    git_remote = models.CharField(max_length=300, blank=True, db_index=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        """Return the alias, or the id where there is none."""
        return self.alias or self.public_id


class Agent(models.Model):
    """Anyone who acts: a coding agent, a person (operator) or Nexus itself (system)."""

    class Kind(models.TextChoices):
        """What stands behind the name; every message's and event's `origin`."""

        AGENT = "agent"
        OPERATOR = "operator"
        SYSTEM = "system"

    class Presence(models.TextChoices):
        """How recently the agent was heard, as last recorded in the log."""

        PRESENT = "present"
        STALE = "stale"
        OFFLINE = "offline"

    name = models.CharField(max_length=64)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.AGENT)
    user = models.OneToOneField("auth.User", models.PROTECT, null=True, blank=True, related_name="agent")
    home = models.ForeignKey(Workspace, models.PROTECT, null=True, blank=True, related_name="residents")
    harness = models.CharField(max_length=40, blank=True)
    role = models.CharField(max_length=64, blank=True)
    description = models.TextField(blank=True)
    wakes_by = models.CharField(max_length=40, default="poll", help_text="How it learns of mail when idle.")
    presence = models.CharField(max_length=8, choices=Presence.choices, default=Presence.OFFLINE)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    connected_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True, help_text="Since when nothing may wake it.")
    wakes = models.JSONField(default=list, blank=True, help_text="Its latest wakes, newest first; the log has all.")
    workspaces = models.ManyToManyField(Workspace, through="Membership", related_name="agents")

    class Meta:
        """A name is unique whatever its case."""

        constraints = (models.UniqueConstraint(Lower("name"), name="agent_name_unique"),)
        indexes = (models.Index(fields=["presence", "last_seen_at"], name="agent_presence"),)

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Capability(models.Model):
    """One word for something an agent can do."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="capabilities")
    name = models.CharField(max_length=64)

    class Meta:
        """Each word once an agent; who can do something is found by the word."""

        constraints = (models.UniqueConstraint(fields=["agent", "name"], name="capability_once"),)
        indexes = (models.Index(fields=["name", "agent"], name="capability_of_agents"),)

    def __str__(self) -> str:
        """Return the word."""
        return self.name


class AgentTag(models.Model):
    """A key and value by which agents can be addressed, like team=core."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="tags")
    key = models.CharField(max_length=64)
    value = models.CharField(max_length=64)

    class Meta:
        """One value a key."""

        constraints = (models.UniqueConstraint(fields=["agent", "key"], name="tag_once"),)

    def __str__(self) -> str:
        """Return `key=value`."""
        return f"{self.key}={self.value}"


class Membership(models.Model):
    """An agent belongs to a workspace."""

    agent = models.ForeignKey(Agent, models.PROTECT, related_name="memberships")
    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="memberships")
    joined_at = models.DateTimeField()

    class Meta:
        """An agent joins a workspace once."""

        constraints = (models.UniqueConstraint(fields=["workspace", "agent"], name="membership_once"),)

    def __str__(self) -> str:
        """Return `agent in workspace`."""
        return f"{self.agent} in {self.workspace}"
