"""One job that exactly one agent does: its row, its verbs, and the sets it is found in.

Every verb is one UPDATE guarded by the state and epoch that were read; the row count decides who was first.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.base import ModelState

from bus.events import compact
from bus.models import Agent, Workspace
from bus.prepared import insert, prepared
from handoffs.models.sets import LIVE, HandoffQuerySet, State, Visibility


class Handoff(models.Model):
    """A job handed over: to whom, where it stands, who has it until when, and what came of it."""

    public_id = models.CharField(max_length=40, unique=True)
    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="handoffs", db_index=False)
    creator = models.ForeignKey(Agent, models.PROTECT, related_name="handoffs_created", db_index=False)
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    payload = models.JSONField(null=True, blank=True, help_text="Only creator, claimant and operators see it.")
    priority = models.PositiveSmallIntegerField(default=5)
    to = models.JSONField(help_text="As the creator wrote it.")
    target = models.ForeignKey(
        Agent, models.PROTECT, null=True, blank=True, related_name="handoffs_directed", db_index=False
    )
    pool = models.TextField(default="[]", help_text="JSON: names and selectors that may claim it; null is any member.")
    fallback = models.TextField(blank=True, help_text="JSON: the pool from `fallback_at` on.")
    fallback_at = models.DateTimeField(null=True, blank=True)
    visibility = models.CharField(max_length=8, choices=Visibility.choices, default=Visibility.ELIGIBLE)
    lease_seconds = models.PositiveIntegerField()
    max_attempts = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField(null=True, blank=True)
    acceptance_criteria = models.JSONField(default=list, blank=True)
    verify_by = models.JSONField(null=True, blank=True, help_text='A name, a selector or "human"; empty: the creator.')
    paths = models.JSONField(default=list, blank=True, help_text="Globs that are held while it is claimed.")
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    epoch = models.PositiveIntegerField(default=0, help_text="Rises by one at each claim and at nothing else.")
    attempts = models.PositiveIntegerField(default=0, help_text="Claims that ended without a result.")
    claimant = models.ForeignKey(
        Agent, models.PROTECT, null=True, blank=True, related_name="handoffs_held", db_index=False
    )
    last_claimant = models.ForeignKey(
        Agent, models.PROTECT, null=True, blank=True, related_name="handoffs_claimed", db_index=False
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True, help_text="Progress, in the claimant's words.")
    feedback = models.TextField(blank=True, help_text="What the verifier said last.")
    reason = models.CharField(max_length=500, blank=True, help_text="Why it came back or was closed.")
    result = models.JSONField(null=True, blank=True)
    error = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = HandoffQuerySet.as_manager()

    class Meta:
        """What can never be false, whoever writes."""

        constraints = (
            models.CheckConstraint(condition=Q(state__in=State.values), name="handoff_state_known"),
            models.CheckConstraint(condition=Q(visibility__in=Visibility.values), name="handoff_visibility_known"),
            models.CheckConstraint(condition=Q(epoch__gte=0, attempts__gte=0), name="handoff_counts_up"),
            models.CheckConstraint(condition=Q(priority__lte=9), name="handoff_priority_in_range"),
            models.CheckConstraint(
                condition=Q(lease_seconds__gte=1, max_attempts__gte=1), name="handoff_lease_and_attempts_positive"
            ),
            models.CheckConstraint(
                condition=Q(state="claimed", claimant__isnull=False, lease_until__isnull=False)
                | Q(state="verifying", claimant__isnull=False, lease_until__isnull=True)
                | (~Q(state__in=["claimed", "verifying"]) & Q(claimant__isnull=True, lease_until__isnull=True)),
                name="handoff_held_while_claimed",
            ),
            models.CheckConstraint(
                condition=Q(claimant__isnull=True) | Q(epoch__gte=1, last_claimant=F("claimant")),
                name="handoff_claim_has_epoch",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "claimed", "verifying"], closed_at__isnull=True)
                | (~Q(state__in=["open", "claimed", "verifying"]) & Q(closed_at__isnull=False)),
                name="handoff_closed_when_over",
            ),
            models.CheckConstraint(condition=Q(error__isnull=True) | Q(state="failed"), name="handoff_error_failed"),
            models.CheckConstraint(
                condition=Q(fallback="", fallback_at__isnull=True) | (~Q(fallback="") & Q(fallback_at__isnull=False)),
                name="handoff_fallback_has_time",
            ),
        )
        indexes = (
            models.Index(fields=["workspace", "state", "-priority", "id"], name="handoff_queue"),
            models.Index(fields=["workspace", "-id"], name="handoff_newest"),
            models.Index(fields=["workspace", "pool"], name="handoff_pools"),
            models.Index(
                fields=["workspace", "state", "closed_at"], name="handoff_ended", condition=Q(closed_at__isnull=False)
            ),
            models.Index(fields=["lease_until"], name="handoff_leases", condition=Q(lease_until__isnull=False)),
            models.Index(
                fields=["due_at"], name="handoff_due", condition=Q(due_at__isnull=False, closed_at__isnull=True)
            ),
            models.Index(
                fields=["fallback_at"],
                name="handoff_fallbacks",
                condition=Q(fallback_at__isnull=False, closed_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        """Return the title."""
        return self.title

    @classmethod
    def find(cls, public_id: str, workspace: int) -> "Handoff | None":
        """Return the handoff of this id in a workspace, or None; one statement."""
        row = FIND.first(public_id, workspace)
        return cls._loaded(row) if row else None

    @classmethod
    def _loaded(cls, row: Sequence[Any]) -> "Handoff":
        """Return a row of COLUMNS as Django would, without asking each of 30 fields."""
        handoff = cls.drafted(**dict(zip(COLUMNS, row, strict=True)))
        handoff._state.adding, handoff._state.db = False, "default"
        return handoff

    def state_at(self, now: datetime) -> str:
        """Return where it stands at an instant, also before a sweep has written that down."""
        if self.state in LIVE and self.due_at is not None and self.due_at <= now:
            return State.EXPIRED.value
        if self.has_lapsed(now):
            return State.FAILED.value if self.is_last_attempt else State.OPEN.value
        return str(self.state)

    def has_lapsed(self, now: datetime) -> bool:
        """Say whether it is claimed and the lease is over."""
        return self.state == State.CLAIMED and self.lease_until is not None and self.lease_until <= now

    @property
    def is_last_attempt(self) -> bool:
        """Say whether it fails when this claim ends without a result."""
        return self.attempts + 1 >= self.max_attempts

    @property
    def is_public(self) -> bool:
        """Say whether every member of the workspace sees it."""
        return self.visibility == Visibility.PUBLIC

    @property
    def is_private(self) -> bool:
        """Say whether only the creator, the target, claimants and operators see it."""
        return self.visibility == Visibility.PRIVATE

    @classmethod
    def drafted(cls, **columns: Any) -> "Handoff":
        """Return a row to add, the columns that are not given at their defaults, as the constructor would but sooner."""
        handoff = cls.__new__(cls)
        handoff._state = ModelState()
        handoff.__dict__.update(BLANK, **columns)
        return handoff

    def add(self) -> None:
        """Insert the row; one statement."""
        row = [(self.__dict__[name], is_json) for name, is_json in ADDED]
        self.pk = INSERT.one(*[compact(value) if is_json and value is not None else value for value, is_json in row])

    def claim(self, agent: int, until: datetime, now: datetime) -> bool:
        """Let `agent` have it until then; False when somebody was faster."""
        if not CLAIM.run(agent, until, now, self.pk, self.epoch):
            return False
        self._set(state=State.CLAIMED.value, claimant_id=agent, last_claimant_id=agent, lease_until=until)
        self._set(claimed_at=now, epoch=self.epoch + 1)
        return True

    def renew(self, until: datetime, note: str) -> bool:
        """Let the claimant keep it until then."""
        return self._move(lease_until=until, note=note)

    def reopen(self, *, attempts: int, reason: str) -> bool:
        """Take the claim back, so that others may have it."""
        return self._move(state=State.OPEN.value, claimant_id=None, lease_until=None, attempts=attempts, reason=reason)

    def submit(self, result: Any) -> bool:
        """Hold it with its last claimant, without a lease, until the result is verified."""
        claimant = self.last_claimant_id
        values = {"state": State.VERIFYING.value, "claimant_id": claimant, "lease_until": None, "closed_at": None}
        return self._move(**values, result=result, reason="")

    def resume(self, until: datetime, feedback: str) -> bool:
        """Give it back to the executor with a new lease and what is missing."""
        return self._move(state=State.CLAIMED.value, lease_until=until, result=None, feedback=feedback)

    def close(self, state: str, now: datetime, *, reason: str = "", result: Any = None, error: Any = None) -> bool:
        """End it, whatever it was."""
        texts = [None if value is None else compact(value) for value in (result, error)]
        if not CLOSE.run(state, now, reason, *texts, self.pk, str(self.state), self.epoch):
            return False
        self._set(state=state, closed_at=now, reason=reason, result=result, error=error)
        self._set(claimant_id=None, lease_until=None)
        return True

    def exhaust(self, now: datetime, reason: str) -> bool:
        """End it, as its last claim ended without a result."""
        values = {"state": State.FAILED.value, "claimant_id": None, "lease_until": None, "closed_at": now}
        return self._move(**values, attempts=self.attempts + 1, reason=reason)

    def redirect(self, **address: Any) -> bool:
        """Offer it to somebody else; a claim ends, and its last epoch counts no more."""
        held = {"claimant_id": None, "last_claimant_id": None, "lease_until": None}
        return self._move(state=State.OPEN.value, **held, **address)

    def fall_back(self) -> bool:
        """Offer it to the fallback too."""
        return self._move(pool=self.fallback, fallback="", fallback_at=None)

    def _move(self, **values: Any) -> bool:
        """Write values if nobody has moved it since it was read."""
        unmoved = Handoff.objects.filter(
            pk=self.pk, state=self.state, epoch=self.epoch, lease_until=self.lease_until, fallback=self.fallback
        )
        if not unmoved.update(**values):
            return False
        self._set(**values)
        return True

    def _set(self, **values: Any) -> None:
        self.__dict__.update(values)
        self._state.fields_cache.clear()


COLUMNS = [field.attname for field in Handoff._meta.concrete_fields]
WRITTEN_LATER = {"id", "claimant", "last_claimant", "lease_until", "result", "error", "claimed_at", "closed_at"}
FIELDS = [field for field in Handoff._meta.concrete_fields if field.name not in WRITTEN_LATER]
ADDED = [(field.attname, isinstance(field, models.JSONField)) for field in FIELDS]
# Lists are no defaults here: two rows would share them.
BLANK = {field.attname: field.get_default() for field in Handoff._meta.concrete_fields if field.default is not list}
INSERT = insert(Handoff, *[field.name for field in FIELDS])


def _json(text: str) -> Value:
    """Return JSON text as it is to be stored."""
    return Value(text, models.TextField())


FIND = prepared(
    lambda public_id, workspace: Handoff.objects.filter(public_id=public_id, workspace_id=workspace).values_list(
        *COLUMNS
    ),
    str,
    int,
)
CLAIM = prepared(
    lambda agent, until, now, pk, epoch: (
        Handoff.objects.filter(pk=pk, state=State.OPEN.value, epoch=epoch),
        {
            "state": State.CLAIMED.value,
            "claimant": agent,
            "last_claimant": agent,
            "lease_until": until,
            "claimed_at": now,
            "epoch": F("epoch") + 1,
        },
    ),
    int,
    datetime,
    datetime,
    int,
    int,
)
CLOSE = prepared(
    lambda state, now, reason, result, error, pk, was, epoch: (
        Handoff.objects.filter(pk=pk, state=was, epoch=epoch),
        {
            "state": state,
            "closed_at": now,
            "reason": reason,
            "result": _json(result),
            "error": _json(error),
            "claimant": None,
            "lease_until": None,
        },
    ),
    str,
    datetime,
    str,
    str,
    str,
    int,
    str,
    int,
)
