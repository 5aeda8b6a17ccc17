"""Orders and answers of the overview."""

from typing import Any

from pydantic import BaseModel, Field

from bus.schemas.base import Answer, Cursor, Limit, Order, Text64
from bus.schemas.inbox import Counts
from bus.schemas.messages import MessageView
from handoffs.schemas.answers import HandoffBrief


class Whoami(Order):
    """Where I work."""

    project_root: str | None = Field(None, max_length=4096, description="Absolute path of your repository.")
    harness: str | None = Field(None, max_length=40)
    session_ref: str | None = Field(None, max_length=200)


class Peer(BaseModel):
    """A present member."""

    agent: str
    harness: str | None = None
    role: str | None = None
    capabilities: list[str] | None = None


class Me(Answer):
    """One call before work starts: who I am, who is here, and what waits for me."""

    agent: str
    origin: str
    harness: str | None = None
    role: str | None = None
    capabilities: list[str]
    workspace: str
    alias: str | None = None
    session: str | None = None
    peers: list[Peer] = Field(description="Members present now, at most 50.")
    inbox: Counts
    unread_elsewhere: int = Field(description="Unread messages in your other workspaces, at most 100.")
    claimable_handoffs: int = Field(description="Handoffs you could claim now, at most 100.")
    cursor: str = Field(description="The log's position now; pass it to event_list as `after`.")
    version: str
    toolsets: dict[str, list[str]] = Field(
        description="Toolsets and their tools; pick by URL: /mcp?toolsets=core,inbox."
    )


class ConversationRead(Order):
    """With whom."""

    peer: Text64 = Field(description="Agent name.")
    cursor: Cursor = None
    limit: Limit = 20


class Conversation(Answer):
    """The two-way thread, newest first."""

    peer: str
    messages: list[MessageView]
    handoffs: list[HandoffBrief]
    next_cursor: str | None = None


class Help(Order):
    """What to explain."""

    about: Text64 | None = Field(None, description="A tool or toolset; without it, the short manual.")


class ToolHelp(BaseModel):
    """One operation in full."""

    name: str
    toolset: str
    description: str
    kind: str = Field(description="query, operation (changes something) or wait.")
    input_schema: dict[str, Any] | None = None


class Manual(Answer):
    """The short manual, or what was asked about."""

    manual: str | None = None
    toolsets: dict[str, list[str]] | None = None
    tools: list[ToolHelp] | None = None
