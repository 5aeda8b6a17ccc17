"""Which workspaces there are for the caller."""

from typing import Any

from django.db.models import Count, Q, QuerySet

from bus import people
from bus.errors import Conflict, NotFound
from bus.identity import Caller
from bus.models import Workspace
from bus.models.people import INSTALLATION
from bus.pages import page
from bus.schemas.workspaces import WorkspaceList, WorkspaceResolve, WorkspaceResolved, Workspaces, WorkspaceView

__all__ = ["enterable", "enterable_ids", "workspace_list", "workspace_resolve"]

LIVE = Q(memberships__agent__archived_at=None)


def enterable_ids(caller: Caller) -> frozenset[int]:
    """Return the row numbers of the workspaces that an agent belongs to and its key lists."""
    key, joined = caller.key, caller.agent.memberships
    return joined if key is None or key.any_workspace else joined & key.workspaces


def enterable(caller: Caller) -> QuerySet[Workspace]:
    """Return the workspaces that the caller may work in; for operators all."""
    workspaces = Workspace.objects.exclude(public_id=INSTALLATION)
    return workspaces if caller.is_operator else workspaces.filter(pk__in=enterable_ids(caller))


def workspace_list(caller: Caller, order: WorkspaceList) -> Workspaces:
    """List the workspaces that you belong to and may enter."""
    rows = enterable(caller).annotate(members=Count("memberships", filter=LIVE))
    views, following = page("workspaces", rows, order, lambda row: _view(caller, row))
    return Workspaces(workspaces=views, next_cursor=following)


def workspace_resolve(caller: Caller, order: WorkspaceResolve) -> WorkspaceResolved:
    """Find one of your workspaces by a path in it, its alias or its git remote (host/owner/name)."""
    named = _named(order)
    rows = list(enterable(caller).filter(named).annotate(members=Count("memberships", filter=LIVE)).order_by("pk")[:20])
    if not rows:
        raise NotFound("There is no such workspace for you.", hint="`session_open` with `project_root` joins one.")
    if len(rows) > 1:
        raise Conflict(
            "Several of your workspaces have that git remote.",
            hint="Name one by its id or alias.",
            workspaces=[{"workspace": row.public_id, "alias": row.alias} for row in rows],
        )
    return WorkspaceResolved(**dict(_view(caller, rows[0])))


def _named(order: WorkspaceResolve) -> Q:
    if order.project_root is not None:
        known = people.workspace_at(order.project_root)
        return Q(pk=known.pk if known else None)
    return Q(alias=order.alias) if order.alias is not None else Q(git_remote=order.git_remote)


def _view(caller: Caller, row: Any) -> WorkspaceView:
    return WorkspaceView(
        workspace=row.public_id,
        alias=row.alias,
        git_remote=row.git_remote or None,
        path=row.path if caller.is_operator else None,
        members=row.members,
    )
