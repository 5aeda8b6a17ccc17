"""What an agent is told when it opens its eyes."""

from typing import Annotated

from pydantic import Field

from bus.schemas.base import Answer, Order, Timeout

Seen = Annotated[str | None, Field(max_length=200, description="`cursor` of the digest that you have shown.")]


class Wake(Order):
    """What was shown already, how long to wait, and how much to say."""

    after: Seen = None
    wait: Timeout = Field(0, description="Seconds to wait for something new, 0 to 300 (0).")
    budget: int = Field(2000, ge=200, le=6000, description="Characters of the digest, 200 to 6,000 (2,000).")
    urgent: bool = Field(False, description="Only priority 8 and 9, and what the operator wrote.")
    waking: bool = Field(False, description="Only what may wake an idle agent: direct, urgent or claimable.")
    project_root: str | None = Field(None, max_length=4096, description="Absolute path of your repository.")
    harness: str | None = Field(None, max_length=40)
    session_ref: str | None = Field(None, max_length=200)


class Woken(Answer):
    """The digest, and the cursor to send once it was shown."""

    text: str = Field(description="For the agent to read; empty when there is nothing new.")
    cursor: str
    session: str | None = Field(None, description="Your session; send it as `Nexus-Session` over REST.")
    items: int = Field(description="How many things the digest shows.")
    left_out: int = Field(description="How many more it only counts; it looks at 100 messages at most.")
    urgent: int = Field(description="How many of those it shows are urgent.")
