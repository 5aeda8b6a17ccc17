"""Opening, keeping and ending sessions."""

from typing import Any

from django.db.models import Q

from bus import events, ids, people
from bus.errors import Conflict, InvalidInput, NotFound
from bus.identity import Caller, may_enter
from bus.models import Agent, Session, Workspace
from bus.models.people import INSTALLATION
from bus.schemas.sessions import (
    SessionAlive,
    SessionClose,
    SessionClosed,
    SessionEnd,
    SessionHeartbeat,
    SessionOpen,
    SessionOpened,
)

__all__ = ["session_close", "session_end", "session_heartbeat", "session_open"]

MCP = "mcp"
WORDS = ("harness", "session_ref", "machine")


def session_open(caller: Caller, order: SessionOpen) -> SessionOpened:
    """Say where you work: join that workspace if your key may enter it, and work there from now on."""
    workspace = _entered(caller, order.project_root)
    given = {word: value for word in WORDS if (value := getattr(order, word))}
    session = _continued(caller, workspace, given)
    if session is None:
        session = _create(caller, workspace, given)
    elif session.workspace_id != workspace.pk or any(getattr(session, word) != given[word] for word in given):
        _move(caller, session, workspace, given)
    return SessionOpened(
        session=session.public_id, workspace=workspace.public_id, alias=workspace.alias, opened_at=session.opened_at
    )


def _entered(caller: Caller, project_root: str | None) -> Workspace:
    """Return the workspace to work in; the caller is a member then. Unknown and foreign alike are refused."""
    if project_root is None:
        if caller.workspace.public_id == INSTALLATION or not may_enter(caller, caller.workspace):
            raise InvalidInput("Say where you work.", hint="Send `project_root`.", field="project_root")
        return Workspace.objects.get(pk=caller.workspace.id)
    workspace = people.workspace_at(project_root)
    if caller.is_operator or (caller.key is not None and caller.key.any_workspace):
        workspace = workspace or people.create_workspace(caller, project_root)
    elif workspace is None or not _may_join(caller, workspace):
        raise NotFound(
            "There is no such workspace for you.",
            hint="An operator makes a key that lists it: `nexus agent key`.",
            project_root=project_root,
        )
    if not caller.is_operator:
        people.join(caller, Agent.objects.get(pk=caller.agent.id), workspace)
    return workspace


def _may_join(caller: Caller, workspace: Workspace) -> bool:
    return workspace.pk in (caller.agent.memberships if caller.key is None else caller.key.workspaces)


def _continued(caller: Caller, workspace: Workspace, given: dict[str, str]) -> Session | None:
    """Return the open session that the order goes on with: its `session_ref`'s, else the one that the caller is in."""
    mine = Q(key_id=caller.key.id) if caller.key else Q(key=None)
    own = Session.objects.filter(mine, agent_id=caller.agent.id, closed_at=None).order_by("-pk")
    if "session_ref" in given and (same := own.filter(session_ref=given["session_ref"]).first()):
        return same
    if caller.session is not None:
        own = own.filter(pk=caller.session.id)
    elif "session_ref" in given:
        return None
    current = own.first()
    return current if current is not None and _is_same(current, caller, workspace, given) else None


def _is_same(session: Session, caller: Caller, workspace: Workspace, given: dict[str, str]) -> bool:
    """Say whether it is one sitting: nothing known differs; and an MCP session takes its workspace along."""
    if any(getattr(session, word) not in ("", given[word]) for word in given):
        return False
    return session.workspace_id == workspace.pk or session.surface == caller.surface == MCP


def _create(caller: Caller, workspace: Workspace, given: dict[str, str]) -> Session:
    session = Session.objects.create(
        public_id=ids.new("ses", caller.now),
        agent_id=caller.agent.id,
        key_id=caller.key.id if caller.key else None,
        workspace=workspace,
        surface=caller.surface,
        opened_at=caller.now,
        last_seen_at=caller.now,
        **given,
    )
    _record_opened(caller, session)
    return session


def _move(caller: Caller, session: Session, workspace: Workspace, given: dict[str, str]) -> None:
    """Go on with the session in another workspace, or with more known of it."""
    if session.workspace_id != workspace.pk:
        payload = {"session": session.public_id, "reason": "moved"}
        events.record(caller, "session.closed", payload, agent=caller.agent.name, workspace=session.workspace_id)
    values: dict[str, Any] = {**given, "workspace": workspace, "last_seen_at": caller.now}
    Session.objects.filter(pk=session.pk).update(**values)
    session.workspace = workspace
    _record_opened(caller, session)


def _record_opened(caller: Caller, session: Session) -> None:
    payload = {"session": session.public_id, "surface": caller.surface}
    events.record(caller, "session.opened", payload, agent=caller.agent.name, workspace=session.workspace_id)


def _own(caller: Caller, public_id: str | None) -> Session:
    """Return the named session of the caller, open or not, or the one it is in."""
    name = public_id or (caller.session.public_id if caller.session else "")
    if not name:
        raise InvalidInput("You are in no session.", hint="Name it, or call `session_open`.", field="session")
    session = Session.objects.filter(public_id=name, agent_id=caller.agent.id).first()
    if session is None:
        raise NotFound("You have no such session.", session=name)
    return session


def session_heartbeat(caller: Caller, order: SessionHeartbeat) -> SessionAlive:
    """Say that you are still here; any other call of yours does so too."""
    session = _own(caller, order.session)
    if not Session.objects.filter(pk=session.pk, closed_at=None).update(last_seen_at=caller.now):
        raise _over(session)
    return SessionAlive(session=session.public_id, last_seen_at=caller.now)


def session_close(caller: Caller, order: SessionClose) -> SessionClosed:
    """Say that you are done here: the session ends, your mail and handoffs stay."""
    return _closed(caller, _own(caller, order.session), "closed")


def session_end(caller: Caller, order: SessionEnd) -> SessionClosed:
    """End the session of any agent; its key stays valid."""
    session = Session.objects.filter(public_id=order.session).first()
    if session is None:
        raise NotFound("There is no such session.", session=order.session)
    return _closed(caller, session, "ended by an operator")


def _closed(caller: Caller, session: Session, reason: str) -> SessionClosed:
    if not people.close_sessions(caller, Session.objects.filter(pk=session.pk), reason):
        raise _over(session)
    return SessionClosed(session=session.public_id, agent=session.agent.name, closed_at=caller.now)


def _over(session: Session) -> Conflict:
    return Conflict("That session is over.", hint="Call `session_open` for a new one.", session=session.public_id)
