"""Orders about a claim: take it, keep it, end it."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from bus.schemas.base import Body, Clean, Text64, WriteOrder, fits
from handoffs.schemas.handoffs import Reason

KB = 1024
Outcome = Annotated[dict[str, Any] | str, fits(64 * KB)]
Epoch = Annotated[int, Field(ge=0, le=2**31 - 1)]
YOUR_EPOCH = "As handoff_claim gave it."


class HandoffClaim(WriteOrder):
    """Which handoff to take."""

    handoff: Text64 | None = Field(None, description="Default: the most urgent, oldest one that I can claim.")


class HandoffRenew(WriteOrder):
    """Which claim to keep."""

    handoff: Text64
    epoch: Epoch = Field(description=YOUR_EPOCH)
    note: Annotated[str, StringConstraints(max_length=500), Clean] | None = Field(
        None, description="Progress others see, at most 500 characters."
    )


class HandoffComplete(WriteOrder):
    """What came of it."""

    handoff: Text64
    epoch: Epoch = Field(description=YOUR_EPOCH)
    result: Outcome | None = Field(None, description="Object or text, at most 64 KB.")
    error: Outcome | None = Field(None, description="Instead of result: why it failed, object or text.")

    @model_validator(mode="after")
    def _says_one(self) -> "HandoffComplete":
        if (self.result is None) == (self.error is None):
            raise ValueError("give either `result` or `error`")
        return self


class HandoffVerify(WriteOrder):
    """Whether the result meets the acceptance criteria."""

    handoff: Text64
    epoch: Epoch = Field(description="Of the handoff now.")
    verdict: Literal["pass", "fail"]
    feedback: Body = Field("", description="What is missing; the executor reads it.")


class HandoffRelease(WriteOrder):
    """Which claim to give back."""

    handoff: Text64
    epoch: Epoch = Field(description=YOUR_EPOCH)
    reason: Reason = Field("", description="Why, at most 500 characters.")
