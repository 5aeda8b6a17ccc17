"""Orders and answers about agents."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from bus.schemas.base import Answer, Clean, Cursor, Limit, Order, Text64, UtcTime, WriteOrder

RESERVED = frozenset({"broadcast", "hub", "human", "nexus", "operator", "system"})
UNREACHABLE = frozenset({".", ".."})  # a URL path drops them


def is_free(name: str) -> bool:
    """Say whether an agent may have this name: no selector and no role of Nexus itself is called so."""
    return name.lower() not in RESERVED | UNREACHABLE


def _free(name: str) -> str:
    if not is_free(name):
        raise ValueError("is a reserved name")
    return name


NAME = r"^[A-Za-z0-9._-]{1,64}$"
Name = Annotated[str, StringConstraints(pattern=NAME), AfterValidator(_free)]
Presence = Literal["present", "stale", "offline"]
Harness = Annotated[str, StringConstraints(max_length=40), Clean]


class ProfileOrder(WriteOrder):
    """What an agent says of itself; what is omitted stays as it is."""

    harness: Harness | None = Field(None, description="Program the agent runs in, e.g. claude-code or codex.")
    role: Annotated[str, StringConstraints(max_length=64), Clean] | None = Field(
        None, description="One word for its part, e.g. reviewer; any word will do."
    )
    capabilities: Annotated[list[Text64], Field(max_length=50)] | None = Field(
        None, description="All words for what it can do, at most 50, e.g. review, python."
    )
    tags: Annotated[dict[Text64, Text64], Field(max_length=50)] | None = Field(
        None, description='All keys and values to address it by, at most 50, e.g. {"team": "core"}.'
    )
    description: Annotated[str, StringConstraints(max_length=2000), Clean] | None = Field(
        None, description="What it is for, at most 2,000 characters."
    )


class AgentUpdate(ProfileOrder):
    """What to change of a profile."""

    agent: Text64 | None = Field(None, description="Operators only: whose profile; default: your own.")


class Profile(Answer):
    """What an agent says of itself."""

    agent: str
    harness: str | None = None
    role: str | None = None
    capabilities: list[str]
    tags: dict[str, str] | None = None
    description: str | None = None


class AgentUpdated(Profile):
    """The profile as it is now."""


class AgentList(Order):
    """Which agents to list; every given filter must match."""

    capability: Text64 | None = Field(None, description="Only agents that can do this.")
    role: Text64 | None = Field(None, description="Only agents with this role.")
    tag: Annotated[str, StringConstraints(pattern=r"^[^=]{1,64}=.{1,64}$")] | None = Field(
        None, description="Only agents with this tag, as key=value."
    )
    presence: Presence | None = Field(
        None, description="present (active in 5 min or connected), stale (to 30 min) or offline."
    )
    query: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = Field(
        None, description="Text in the name, role or description."
    )
    cursor: Cursor = None
    limit: Limit = 20


class AgentView(BaseModel):
    """An agent as its workspace sees it."""

    agent: str
    harness: str | None = None
    role: str | None = None
    capabilities: list[str]
    presence: str
    last_seen_at: UtcTime | None = None
    unread: int = Field(description="Messages waiting unread, at most 100.")
    wakes_by: str = Field(description="How it learns of mail when idle; poll: it looks by itself.")
    workspace: str | None = Field(None, description="Set when it is not in this workspace: pass it to reach the agent.")


class Agents(Answer):
    """A page of agents, newest first."""

    agents: list[AgentView]
    next_cursor: str | None = None


class AgentGet(Order):
    """Names one agent."""

    agent: Text64 = Field(description="Its name, whatever the case.")


class KeyView(BaseModel):
    """A key as operators see it; its secret is kept nowhere."""

    key: str = Field(description="The prefix that names it.")
    label: str | None = None
    scope: str
    workspaces: list[str] = Field(description="Ids of the workspaces it may enter, or `any`.")
    created_at: UtcTime
    expires_at: UtcTime | None = None
    last_used_at: UtcTime | None = None


class AgentDetail(Profile):
    """One agent; operators see its keys too."""

    presence: str
    last_seen_at: UtcTime | None = None
    unread: int = Field(description="Messages waiting unread, at most 100.")
    wakes_by: str
    paused_at: UtcTime | None = Field(None, description="Since when nothing may wake it; absent: it may be woken.")
    workspaces: list[str] = Field(description="Ids of the workspaces that you share, home first.")
    archived_at: UtcTime | None = None
    keys: list[KeyView] | None = Field(None, description="Operators only: its live keys.")
