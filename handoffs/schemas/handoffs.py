"""Orders that make, find and follow handoffs."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from bus.schemas.address import Selector
from bus.schemas.base import (
    Body,
    Clean,
    Cursor,
    Instant,
    Limit,
    Order,
    Payload,
    Priority,
    Subject,
    Text64,
    Timeout,
    WriteOrder,
)
from handoffs.schemas.address import HandoffTo

State = Literal["open", "claimed", "verifying", "completed", "failed", "cancelled", "rejected", "expired"]
Visibility = Literal["public", "eligible", "private"]
Criterion = Annotated[str, StringConstraints(min_length=1, max_length=1000), Clean]
Glob = Annotated[str, StringConstraints(min_length=1, max_length=300), Clean]
Reason = Annotated[str, StringConstraints(max_length=500), Clean]


class HandoffCreate(WriteOrder):
    """What is to be done, and by whom."""

    title: Subject = Field(description="One line, at most 200 characters.")
    to: HandoffTo = Field(
        description='"bob", {"capability": "review"}, {"role"|"tag": …}, a list of these, "broadcast", or '
        '{"agent": "bob", "fallback": {…}, "fallback_after": seconds}.'
    )
    body: Body = Field("", description="What to do, in Markdown, at most 64 KB.")
    payload: Payload = Field(None, description="JSON for the claimant only, at most 64 KB.")
    priority: Priority = Field(5, description="0 to 9, 9 first.")
    due_at: Instant | None = Field(None, description="ISO 8601 time at which it expires.")
    lease_seconds: int | None = Field(None, description="How long a claim lasts unrenewed, 30 to 86,400 s (300).")
    max_attempts: int | None = Field(None, ge=1, le=100, description="Fails after so many claims without result (5).")
    acceptance_criteria: list[Criterion] | None = Field(
        None, min_length=1, max_length=20, description="1 to 20 checks; the result is verified against them."
    )
    verify_by: Text64 | Selector | None = Field(
        None, description='Who verifies: "carol", {"capability": …} or "human"; default: you.'
    )
    paths: list[Glob] | None = Field(
        None, min_length=1, max_length=20, description="Globs the claimant holds alone, e.g. src/**; at most 20."
    )
    visibility: Visibility = Field("eligible", description="public: the workspace; private: creator, target, claimant.")


class HandoffList(Order):
    """Which handoffs to list."""

    mine: bool = Field(False, description="Only what I created, was named for or claimed.")
    available: bool = Field(False, description="Only what I can claim now, most urgent and oldest first.")
    states: list[State] | None = Field(None, min_length=1, max_length=8, description="Only these states.")
    cursor: Cursor = None
    limit: Limit = 20


class HandoffGet(Order):
    """Names one handoff."""

    handoff: Text64


class HandoffWait(Order):
    """What to wait for: the outcome of one handoff, or anything to claim."""

    handoff: Text64 | None = Field(None, description="Wait until it is closed, or wants your verdict.")
    available: bool = Field(False, description="Wait until I can claim something; the default without `handoff`.")
    timeout_seconds: Timeout = Field(25, description="Seconds, 0 to 300.")


class HandoffReassign(WriteOrder):
    """To whom it goes instead."""

    handoff: Text64
    to: HandoffTo = Field(description="As in handoff_create.")
    reason: Reason = Field("", description="At most 500 characters.")


class HandoffReject(WriteOrder):
    """Which handoff you decline."""

    handoff: Text64
    reason: Reason = Field("", description="At most 500 characters.")


class HandoffCancel(WriteOrder):
    """Which handoff is not wanted any more."""

    handoff: Text64
    reason: Reason = Field("", description="At most 500 characters.")


class LeaseBreak(WriteOrder):
    """Whose claim to end."""

    handoff: Text64
    reason: Reason = Field("", description="At most 500 characters.")
