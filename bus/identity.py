"""Who is calling: made once a request, from the key or the login and never from an argument."""

from dataclasses import dataclass, replace
from datetime import datetime

from bus import clock
from bus.directory import AgentEntry, KeyEntry, SessionEntry, WorkspaceEntry, directory
from bus.errors import NotFound, Unauthorized

__all__ = ["OPERATOR", "SYSTEM", "Caller", "from_key", "home", "look_again", "operator", "placed", "seated", "system"]

OPERATOR = "operator"
SYSTEM = "system"
LOOK_AGAIN = 30.0


@dataclass(frozen=True, slots=True)
class Caller:
    """The actor behind one call; everything a rule may ask of it.

    The session may be the newest one of the key; the seat is what the call itself says it comes from: a session that it
    names, or the pipe that it came through. It is empty where the call says nothing. Who is alone shares no name of a topic
    with other sessions of its agent.
    """

    agent: AgentEntry
    workspace: WorkspaceEntry
    now: datetime
    surface: str
    address: str = ""
    key: KeyEntry | None = None
    session: SessionEntry | None = None
    seat: str = ""
    is_alone: bool = False
    person: str = ""
    fleet: str = ""

    @property
    def is_operator(self) -> bool:
        """Whether a person (or Nexus itself) acts, who may see and do everything."""
        return self.agent.kind != "agent"


def from_key(key: KeyEntry, surface: str, address: str = "", *, workspace: str = "", session: str = "") -> Caller:
    """Return the caller behind a key; `workspace` is the URL's, `session` the `Nexus-Session` header.

    Raises `Unauthorized` for a key that expired and `NotFound` for a session or workspace that is not the key's.
    """
    now = clock.now()
    if key.expires_at is not None and key.expires_at <= now:
        raise Unauthorized("The key has expired.")
    agent = directory.agent(key.agent_id)
    sitting = _session(key, session)
    caller = Caller(
        agent=agent,
        workspace=directory.workspace_by_id(sitting.workspace_id) if sitting else home(agent, key),
        now=now,
        surface=surface,
        address=address,
        key=key,
        session=sitting,
        seat=session,
        person=agent.person,
    )
    return placed(caller, workspace) if workspace else caller


def look_again(caller: Caller) -> float | None:
    """Return in how many seconds at most to look whether a key is still valid, as it expires without a word."""
    if caller.key is None or caller.key.expires_at is None:
        return None
    return max(0.0, min(LOOK_AGAIN, (caller.key.expires_at - caller.now).total_seconds()))


def home(agent: AgentEntry, key: KeyEntry | None) -> WorkspaceEntry:
    """Return where a key's calls go by default: the agent's home, or where the key may enter; operators start first."""
    if agent.kind != "agent":
        return directory.first_workspace()
    if key is None or key.any_workspace or agent.home_id in key.workspaces:
        return directory.workspace_by_id(agent.home_id)
    return directory.workspace_by_id(min(key.workspaces & agent.memberships, default=None))


def _session(key: KeyEntry, session: str) -> SessionEntry | None:
    newest = directory.newest_session(key.id)
    if not session or (newest is not None and newest.public_id == session):
        return newest
    named = directory.session(session)
    if named is None or named.key_id != key.id:
        raise NotFound("There is no such open session of this key.", session=session)
    return named


def placed(caller: Caller, workspace: str) -> Caller:
    """Return the caller moved to `workspace` (id or alias); unknown and foreign alike raise `NotFound`."""
    if workspace == caller.workspace.public_id:
        return caller
    entry = directory.workspace(workspace)
    if entry is None or not may_enter(caller, entry):
        raise NotFound("There is no such workspace for you.", workspace=workspace)
    return replace(caller, workspace=entry)


def seated(caller: Caller, session: str, workspace: str) -> Caller:
    """Return the caller in a session that was just opened, with the memberships it has now."""
    now = replace(caller, agent=directory.agent(caller.agent.id), session=directory.session(session))
    return placed(now, workspace)


def may_enter(caller: Caller, workspace: WorkspaceEntry) -> bool:
    """Say whether the caller is a member there and its key allows it; operators belong everywhere."""
    if caller.is_operator:
        return True
    key = caller.key
    listed = key is None or key.any_workspace or workspace.id in key.workspaces
    return listed and workspace.id in caller.agent.memberships


def operator(surface: str, address: str = "", *, name: str = OPERATOR, person: str = "", workspace: str = "") -> Caller:
    """Return the caller for a person: the loopback operator, or the operator agent `name` of a login."""
    caller = _resident(name, surface, address, person)
    return placed(caller, workspace) if workspace else caller


def system(surface: str = "sweep") -> Caller:
    """Return the caller for what Nexus does by itself."""
    return _resident(SYSTEM, surface, "", "")


def _resident(name: str, surface: str, address: str, person: str) -> Caller:
    agent = directory.agent_named(name)
    if agent is None:
        raise Unauthorized(f"There is no agent named {name}.")
    return Caller(agent, directory.first_workspace(), clock.now(), surface, address, person=person)
