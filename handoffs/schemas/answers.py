"""What operations on handoffs answer."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from bus.schemas.base import Answer, UtcTime


class Candidate(BaseModel):
    """An agent that could claim it, and how present it is."""

    agent: str
    presence: str


class HandoffCreated(Answer):
    """The new handoff and who can claim it."""

    handoff: str
    eligible: list[Candidate] = Field(description="Those who were told: named agents, and present ones that match.")
    warning: str | None = None


class Reassigned(HandoffCreated):
    """The handoff and who can claim it now."""

    state: str
    epoch: int


class Standing(Answer):
    """Where the handoff stands now."""

    handoff: str
    state: str
    epoch: int
    attempts: int = Field(description="Claims that ended without a result.")
    lease_until: UtcTime | None = None
    verify_by: Any = Field(None, description='Who is asked to verify: a name, a selector or "human".')


class HandoffView(BaseModel):
    """A handoff as one who may see it sees it."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    handoff: str
    title: str
    state: str
    priority: int
    from_: str = Field(alias="from", description="Its creator.")
    to: Any
    epoch: int
    attempts: int = Field(description="Claims that ended without a result.")
    max_attempts: int
    visibility: str
    claimant: str | None = Field(None, description="Who has it, or did it.")
    lease_until: UtcTime | None = None
    note: str | None = Field(None, description="Progress, in the claimant's words.")
    body: str | None = None
    payload: Any = Field(None, description="Only for the creator, the claimant and operators.")
    acceptance_criteria: list[str] | None = None
    verify_by: Any = None
    feedback: str | None = Field(None, description="What the verifier said last.")
    paths: list[str] | None = None
    reason: str | None = Field(None, description="Why it came back or was closed.")
    result: Any = Field(None, description="Only for the creator, the claimant, verifiers and operators.")
    error: Any = None
    created_at: UtcTime
    claimed_at: UtcTime | None = None
    due_at: UtcTime | None = None
    closed_at: UtcTime | None = None
    truncated: bool | None = Field(None, description="True when it is cut; handoff_get has it whole.")


class HandoffGot(Answer, HandoffView):
    """One handoff, never cut."""


class Handoffs(Answer):
    """A page of handoffs: newest first, or a queue when `available`."""

    handoffs: list[HandoffView]
    next_cursor: str | None = None


class Claimed(Answer):
    """Your claim: do the work, keep the epoch, complete before the lease ends. Without one, `claimed` is false."""

    claimed: bool = Field(description="False when there is nothing for you to claim; then nothing else is said.")
    handoff: str | None = None
    epoch: int | None = Field(None, description="Names your claim; the other calls ask for it.")
    lease_until: UtcTime | None = None
    lease_seconds: int | None = None
    title: str | None = None
    body: str | None = None
    payload: Any = None
    acceptance_criteria: list[str] | None = None
    paths: list[str] | None = Field(None, description="Globs that are yours until the claim ends.")
    from_: str | None = Field(None, alias="from")
    priority: int | None = None
    due_at: UtcTime | None = None
    attempts: int | None = Field(None, description="Claims before yours that ended without a result.")
    max_attempts: int | None = None
    note: str | None = Field(None, description="Progress of the claim before.")
    feedback: str | None = None
    reason: str | None = Field(None, description="Why it came back.")


class HandoffWaited(Answer):
    """What was waited for, or how things stand when the time is over."""

    found: bool = Field(description="False when the time ran out.")
    handoff: HandoffView | None = None
    available: list[HandoffView] | None = Field(None, description="What I can claim, the best first.")


class HandoffBrief(BaseModel):
    """A handoff between two agents, with its state."""

    handoff: str
    title: str
    state: str
    creator: str
    claimant: str | None = None
    created_at: UtcTime
