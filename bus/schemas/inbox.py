"""Orders and answers about one's own inbox."""

from typing import Annotated

from pydantic import BaseModel, Field

from bus.schemas.base import Answer, Cursor, Limit, Order, Text64, Timeout, WriteOrder
from bus.schemas.messages import MessageView

MessageIds = Annotated[list[Text64], Field(min_length=1, max_length=200, description="Message ids.")]


class InboxPull(WriteOrder):
    """How much to take and for how long."""

    limit: Limit = Field(20, description="At most this many, 1 to 200.")
    lease_seconds: int | None = Field(None, description="Ack within this time, 10 to 3,600 s (300).")
    headers_only: bool = Field(False, description="Leave bodies out.")


class Pulled(Answer):
    """Messages leased to you, and how many more wait (at most 100)."""

    messages: list[MessageView]
    waiting: int


class InboxAck(WriteOrder):
    """Which messages are done."""

    messages: MessageIds


class NotAcked(BaseModel):
    """A message whose lane is over already."""

    message: str
    lane: str
    reason: str | None = None


class Acked(Answer):
    """What is read now, and what could not be acknowledged because it had expired."""

    acked: list[str]
    not_acked: list[NotAcked] | None = None


class InboxExtend(WriteOrder):
    """Which leases to lengthen; all or none."""

    messages: MessageIds
    seconds: int | None = Field(None, description="New lease from now, 10 to 3,600 s (300).")


class Extended(Answer):
    """The messages and when their leases end."""

    messages: list[MessageView]


class InboxRelease(WriteOrder):
    """Which leased messages to give back unread; all or none."""

    messages: MessageIds


class Released(Answer):
    """The messages that are unread again."""

    released: list[str]


class InboxRequeue(WriteOrder):
    """Which parked message to deliver again."""

    message: Text64
    agent: Text64 | None = Field(None, description="Only for this recipient; default: all that parked it.")


class Requeued(Answer):
    """For whom the message is unread again, attempts counted anew."""

    message: str
    agents: list[str]


class InboxPeek(Order):
    """How much of the inbox to look at."""

    cursor: Cursor = None
    limit: Limit = 20


class Peeked(Answer):
    """What could be pulled now, in that order."""

    messages: list[MessageView]
    waiting: int = Field(description="How many could be pulled, at most 100.")
    next_cursor: str | None = None


class InboxCount(Order):
    """Nothing but the workspace."""


class Counts(Answer):
    """How many messages are in each lane, each at most 100."""

    unread: int
    delivered: int
    parked: int
    urgent: int = Field(description="Unread with priority 8 or 9.")


class InboxHistory(Order):
    """Which page of what was read, parked or expired."""

    cursor: Cursor = None
    limit: Limit = 20


class InboxWait(Order):
    """How long to wait."""

    timeout_seconds: Timeout = Field(25, description="Seconds, 0 to 300.")


class Waited(Answer):
    """What can be pulled now; empty when the time ran out. Nothing is leased."""

    messages: list[MessageView]
    waiting: int
