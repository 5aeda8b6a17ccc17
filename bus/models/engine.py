"""What the engine keeps for itself: deadlines, settings and answers to repeat."""

from django.db import models

from bus.models.people import Agent


class Deadline(models.Model):
    """The next instant at which a sweep of this kind has work; a lower bound, never too late."""

    kind = models.CharField(max_length=40, unique=True)
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        """Return the kind."""
        return self.kind


class Setting(models.Model):
    """A knob that an operator has turned."""

    name = models.CharField(max_length=64, unique=True)
    value = models.JSONField()
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class StoredAnswer(models.Model):
    """The first answer to an idempotency key, given again to repeats for 24 hours."""

    agent = models.ForeignKey(Agent, models.PROTECT, related_name="+")
    key = models.CharField(max_length=128)
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of the operation, workspace and order.")
    answer = models.TextField()
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        """A key answers once an agent."""

        constraints = (models.UniqueConstraint(fields=["agent", "key"], name="answer_once"),)

    def __str__(self) -> str:
        """Return the key."""
        return self.key
