"""Orders and answers about sessions: one sitting of an agent."""

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from bus.schemas.agents import Harness
from bus.schemas.base import Answer, Clean, Cursor, Limit, Order, Text64, Text200, UtcTime, WriteOrder
from bus.schemas.workspaces import ProjectRoot


class SessionOpen(WriteOrder):
    """Where and in what you work; a repeat with the same values changes nothing."""

    project_root: ProjectRoot | None = Field(
        None, description="Absolute path in your repository; default: the workspace you are in."
    )
    harness: Harness | None = Field(None, description="Program you run in, e.g. claude-code or codex.")
    session_ref: Text200 | None = Field(None, description="Your harness's own session id, at most 200 characters.")
    machine: Annotated[str, StringConstraints(max_length=100), Clean] | None = Field(
        None, description="Name of the machine or container you run on."
    )


class SessionOpened(Answer):
    """The session and its workspace."""

    session: str = Field(description="Send it as the header `Nexus-Session`.")
    workspace: str
    alias: str | None = None
    opened_at: UtcTime


class SessionHeartbeat(WriteOrder):
    """Which session is alive; any call of yours says so too."""

    session: Text64 | None = Field(None, description="Session id; default: the one you are in.")


class SessionAlive(Answer):
    """The session and when it was last heard."""

    session: str
    last_seen_at: UtcTime


class SessionClose(WriteOrder):
    """Which session of yours is over."""

    session: Text64 | None = Field(None, description="Session id; default: the one you are in.")


class SessionEnd(WriteOrder):
    """Which session to end."""

    session: Text64


class SessionClosed(Answer):
    """The session and when it ended."""

    session: str
    agent: str
    closed_at: UtcTime


class SessionList(Order):
    """Which sessions to list."""

    agent: Text64 | None = Field(None, description="Only sessions of this agent.")
    include_closed: bool = Field(False, description="List sessions that are over, too.")
    cursor: Cursor = None
    limit: Limit = 20


class SessionView(BaseModel):
    """A session as its agent and operators see it."""

    session: str
    agent: str
    workspace: str
    alias: str | None = None
    surface: str
    harness: str | None = None
    session_ref: str | None = None
    machine: str | None = None
    opened_at: UtcTime
    last_seen_at: UtcTime
    closed_at: UtcTime | None = None


class Sessions(Answer):
    """A page of sessions, newest first."""

    sessions: list[SessionView]
    next_cursor: str | None = None
