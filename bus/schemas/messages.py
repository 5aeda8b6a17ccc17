"""Orders and answers about messages."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bus.schemas.address import To
from bus.schemas.base import (
    Answer,
    Body,
    Cursor,
    Instant,
    Limit,
    Metadata,
    Order,
    Priority,
    Subject,
    Text64,
    UtcTime,
    WriteOrder,
)

Lane = Literal["unread", "delivered", "read", "parked", "expired"]
Kind = Literal["direct", "broadcast", "handoff", "topic"]


class Reference(BaseModel):
    """Something a message points to."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["file", "url", "message", "handoff", "task", "document"]
    id: str = Field(min_length=1, max_length=500, description="Path, URL or public id.")
    label: str | None = Field(None, max_length=200)


class MessageCreate(WriteOrder):
    """What to say and to whom."""

    subject: Subject = Field(description="One line, at most 200 characters.")
    body: Body = Field(description="Markdown, at most 64 KB.")
    to: To | None = Field(
        None,
        description='"bob", {"capability": "review"}, {"role"|"tag": …}, a list of these, or "broadcast". '
        "Optional with reply_to.",
    )
    reply_to: Text64 | None = Field(None, description="Message id this answers.")
    priority: Priority = Field(5, description="0 to 9, 9 first; 8 and 9 are urgent.")
    references: list[Reference] = Field([], max_length=20, description="Files, URLs or ids: {kind, id, label?}.")
    metadata: Metadata = Field({}, description="Your own JSON object, at most 8 KB.")
    expires_at: Instant | None = Field(None, description="ISO 8601 time after which it is not delivered.")
    include_stale: bool = Field(False, description="Let selectors and broadcast reach quiet agents too.")


class Recipient(BaseModel):
    """How one recipient stands at the moment of sending."""

    agent: str
    presence: str
    unread: int = Field(description="Messages waiting unread, at most 100.")
    last_seen_at: UtcTime | None = None


class MessageCreated(Answer):
    """Delivery truth at once."""

    message: str
    recipients: list[Recipient]
    excluded_stale: list[str] = Field(description="Left out because quiet for over 5 minutes.")
    excluded_offline: list[str] = Field(description="Left out because quiet for over 30 minutes.")
    warning: str | None = None


class MessageView(BaseModel):
    """A message as its sender or a recipient sees it."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    message: str
    kind: str
    from_: str = Field(alias="from")
    origin: str = Field(description="agent, operator or system: set by the server from the key.")
    to: Any = None
    subject: str
    body: str | None = None
    sent_at: UtcTime
    lane: str | None = None
    attempt: int | None = None
    lease_until: UtcTime | None = None
    reply_to: str | None = None
    priority: int
    metadata: dict[str, Any] | None = None
    references: list[dict[str, Any]] | None = None
    handoff: str | None = None
    truncated: bool | None = Field(None, description="True when the body is cut; message_get has it whole.")


class MessageRef(Order):
    """Names one message."""

    message: Text64


class MessageGet(MessageRef):
    """Names one message you sent or received."""


class MessageStatus(MessageRef):
    """Names one message you sent."""


class MessageGot(Answer, MessageView):
    """One message, never cut."""


class DeliveryView(BaseModel):
    """What became of a message for one recipient."""

    agent: str
    lane: str
    attempt: int
    delivered_at: UtcTime | None = None
    lease_until: UtcTime | None = None
    read_at: UtcTime | None = None
    ended_at: UtcTime | None = None
    reason: str | None = None


class Status(Answer):
    """The receipts of one message."""

    message: str
    sent_at: UtcTime
    recipients: list[DeliveryView]


class MessageList(Order):
    """Which of my messages to list."""

    peer: Text64 | None = Field(None, description="Only messages with this agent.")
    kind: Kind | None = None
    lane: Lane | None = Field(None, description="Only messages in this lane of a recipient.")
    since: Instant | None = Field(None, description="Only messages sent at or after this time.")
    query: str | None = Field(None, min_length=1, max_length=200, description="Text in the subject or body.")
    cursor: Cursor = None
    limit: Limit = 20


class Messages(Answer):
    """A page of messages, newest first."""

    messages: list[MessageView]
    next_cursor: str | None = None
