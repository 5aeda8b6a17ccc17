"""What search takes and answers."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from bus.schemas.base import Answer, Cursor, Instant, Order, Text64, UtcTime

__all__ = ["Found", "Hit", "Kind", "Search"]

Kind = Literal["message", "topic", "handoff"]
Typed = Annotated[str, Field(min_length=1, max_length=20_000)]


class Search(Order):
    """What to look for, and where."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    query: Typed = Field(
        description='Words that must all be there, "quoted phrases", beginnings*. The first 200 characters count.'
    )
    kinds: list[Kind] | None = Field(None, description="Only message, topic (posts) or handoff; default: all.")
    topic: Text64 | None = Field(None, description="Only posts of this topic.")
    from_: Text64 | None = Field(None, alias="from", description="Only what this agent wrote.")
    since: Instant | None = Field(None, description="Only what was written at or after this time.")
    until: Instant | None = Field(None, description="Only what was written before this time.")
    cursor: Cursor = None
    limit: int = Field(20, ge=1, le=50, description="Page size, 1 to 50.")


class Hit(BaseModel):
    """Something that was found."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    kind: Kind
    id: str = Field(description="Of the message or handoff; message_get and handoff_get read it.")
    title: str
    snippet: str | None = Field(None, description="One line of the text, around what was found.")
    hits: list[tuple[int, int]] | None = Field(None, description="[start, end] of each hit, in characters of snippet.")
    from_: str = Field(alias="from")
    at: UtcTime
    topic: str | None = Field(None, description="The topic of a post.")
    seq: int | None = Field(None, description="The number of a post in its topic; topic_read reads what is around it.")
    rank: float = Field(description="How well it fits, 0 to 1.")


class Found(Answer):
    """What was found, best first."""

    results: list[Hit]
    next_cursor: str | None = Field(None, description="There is more, further back; also where this page is empty.")
