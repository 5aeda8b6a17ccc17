"""Who sits where."""

from bus.identity import Caller
from bus.models import Session
from bus.pages import page
from bus.queries.workspaces import enterable_ids
from bus.schemas.sessions import SessionList, Sessions, SessionView

__all__ = ["session_list"]


def session_list(caller: Caller, order: SessionList) -> Sessions:
    """List your own sessions, newest first; operators see everybody's."""
    rows = Session.objects.select_related("agent", "workspace")
    if not caller.is_operator:
        rows = rows.filter(agent_id=caller.agent.id, workspace_id__in=enterable_ids(caller))
    if order.agent is not None:
        rows = rows.filter(agent__name__iexact=order.agent)
    if order.workspace is not None:
        rows = rows.filter(workspace_id=caller.workspace.id)
    if not order.include_closed:
        rows = rows.filter(closed_at=None)
    views, following = page("sessions", rows, order, _view)
    return Sessions(sessions=views, next_cursor=following)


def _view(row: Session) -> SessionView:
    return SessionView(
        session=row.public_id,
        agent=row.agent.name,
        workspace=row.workspace.public_id,
        alias=row.workspace.alias,
        surface=row.surface,
        harness=row.harness or None,
        session_ref=row.session_ref or None,
        machine=row.machine or None,
        opened_at=row.opened_at,
        last_seen_at=row.last_seen_at,
        closed_at=row.closed_at,
    )
