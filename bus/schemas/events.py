"""Orders and answers about the log."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from bus.schemas.base import Answer, Cursor, Limit, Order, Text64, Timeout, UtcTime

Types = Annotated[list[Text64], Field(min_length=1, max_length=50)]


class EventOrder(Order):
    """Which events."""

    after: Cursor = Field(None, max_length=200, description="A `cursor`: only events after it, oldest first.")
    types: Types | None = Field(None, description='Types or nouns, e.g. ["handoff", "message.created"].')
    subjects: Types | None = Field(None, description="Message, handoff, topic or task ids, or agent names.")
    limit: Limit = 20


class EventList(EventOrder):
    """Which page of the log; without `after` the newest events, newest first."""

    before: Cursor = Field(None, max_length=200, description="`next_cursor` of the page before: older events.")


class EventWait(EventOrder):
    """What to wait for; without `after` from now on."""

    timeout_seconds: Timeout = Field(25, description="Seconds, 0 to 300.")


class EventCursor(Order):
    """Nothing but the workspace."""


class EventView(BaseModel):
    """One event; `cursor` resumes right after it."""

    event: str = Field(description="Id: the start of its hash in the log.")
    type: str
    at: UtcTime
    actor: str
    origin: str
    message: str | None = None
    handoff: str | None = None
    topic: str | None = None
    task: str | None = None
    agent: str | None = None
    data: dict[str, Any]
    cursor: str


class Events(Answer):
    """Events and the cursor to resume from."""

    events: list[EventView]
    cursor: str
    next_cursor: str | None = Field(
        None, description="Pass as `before` for older events; a page may be short, or empty, and still have one."
    )


class LogPosition(Answer):
    """Where the log stands now."""

    cursor: str
