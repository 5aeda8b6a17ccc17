"""Orders and answers about who may be woken, and how often."""

from typing import Annotated

from pydantic import Field

from bus.schemas.base import Answer, Text64, UtcTime, WriteOrder


class WakeClaim(WriteOrder):
    """Who wants to wake the caller's idle agent, and because of what."""

    waiter: Text64 | None = Field(None, description="What starts the turn, e.g. claude-code; shown in the history.")
    subjects: Annotated[list[Text64], Field(min_length=1, max_length=20)] | None = Field(
        None, description="Ids of the messages or handoffs because of which; default: the newest that may wake."
    )


class WakeClaimed(Answer):
    """The turn may start."""

    wakes_left: int = Field(description="How many wakes are left of this hour's budget.")
    gap_seconds: int = Field(description="In how many seconds at most it may be woken again for the same cause.")


class WakePause(WriteOrder):
    """Whose waking to pause or resume."""

    agent: Text64
    paused: bool = Field(True, description="False: it may be woken again.")


class WakeSwitched(Answer):
    """Whether anything may wake the agent now."""

    agent: str
    paused: bool
    paused_at: UtcTime | None = None
