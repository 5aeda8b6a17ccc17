"""To whom a handoff may be given."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from bus.schemas.address import Recipient, Selector
from bus.schemas.base import Text64

__all__ = ["HandoffTo", "WithFallback"]


class WithFallback(BaseModel):
    """One agent first; others too when it has not claimed in time."""

    model_config = ConfigDict(extra="forbid")

    agent: Text64
    fallback: Selector | Literal["broadcast"] = Field(description='Who else: a selector or "broadcast".')
    fallback_after: int = Field(ge=1, le=2_592_000, description="Seconds, 1 to 2,592,000 (30 days).")


HandoffTo = Recipient | WithFallback | Annotated[list[Recipient], Field(min_length=1, max_length=50)]
