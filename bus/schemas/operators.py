"""Orders and answers of what only operators do: enrolling agents, keys and settings."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints
from pydantic.config import JsonDict

from bus.schemas.agents import Name, ProfileOrder
from bus.schemas.base import Answer, Clean, Instant, Order, Text64, UtcTime, WriteOrder
from bus.schemas.workspaces import ProjectRoot

SECRET: JsonDict = {"secret": True}
Scope = Literal["agent", "read"]


class KeyOrder(WriteOrder):
    """What a key is for and where it may enter."""

    label: Annotated[str, StringConstraints(max_length=64), Clean] = Field("", description="Where the key is kept.")
    scope: Scope = Field("agent", description="agent: everything an agent may do; read: queries only.")
    expires_at: Instant | None = Field(None, description="ISO 8601 time at which it stops; default: never.")
    any_workspace: bool = Field(False, description="True: it may enter, and found, any workspace.")


class AgentCreate(ProfileOrder, KeyOrder):
    """Who the agent is, and its first key."""

    name: Name = Field(description="1 to 64 of letters, digits, `.`, `_` and `-`; unique whatever the case.")
    project_root: ProjectRoot | None = Field(
        None, description="Path in the repository that is its home; default: `workspace`, or none with any_workspace."
    )


class AgentCreated(Answer):
    """The agent and its key."""

    agent: str
    key: str | None = Field(None, description="Shown this once only.", json_schema_extra=SECRET)


class AgentArchive(WriteOrder):
    """Which agent has left for good."""

    agent: Text64


class AgentArchived(Answer):
    """What ended with the agent; its mail stays visible and its name taken."""

    agent: str
    archived_at: UtcTime
    keys_revoked: int
    sessions_closed: int


class KeyMint(KeyOrder):
    """For whom to make another key."""

    agent: Text64
    workspaces: Annotated[list[Text64], Field(min_length=1, max_length=50)] | None = Field(
        None, description="Ids or aliases it may enter, and so joins; default: all that the agent belongs to."
    )


class KeyMinted(Answer):
    """The new key."""

    agent: str
    key: str | None = Field(None, description="Shown this once only.", json_schema_extra=SECRET)
    prefix: str = Field(description="Names the key when it is listed or revoked.")


class KeyRevoke(WriteOrder):
    """Which key to end."""

    agent: Text64
    key: Text64 = Field(description="Its prefix: the part between `nxs_` and the second underscore.")


class KeyRevoked(Answer):
    """The key that no longer opens anything."""

    agent: str
    key: str
    revoked_at: UtcTime
    sessions_closed: int


class SettingList(Order):
    """Nothing: all settings are listed."""


class SettingView(BaseModel):
    """One setting: its value, where that comes from and what it takes."""

    name: str
    value: int
    default: int
    source: str = Field(description="environment, stored or default.")
    variable: str = Field(description="The environment variable that fixes it.")
    low: int
    high: int
    unit: str
    about: str


class Settings(Answer):
    """Every setting."""

    settings: list[SettingView]


class SettingPut(WriteOrder):
    """Which setting to store and its value."""

    name: Text64 = Field(description="Name of the setting.")
    value: int = Field(description="Whole number in the setting's range.")


class SettingChanged(Answer):
    """The setting as it is in force now, and what it was."""

    name: str
    value: int
    was: int
