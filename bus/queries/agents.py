"""Who is around, and what each can do."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery

from bus import knobs, people, presence
from bus.errors import NotFound
from bus.identity import Caller
from bus.models import Agent, Capability, Delivery, Key, Membership
from bus.pages import page
from bus.queries.workspaces import enterable_ids
from bus.schemas.agents import AgentDetail, AgentGet, AgentList, Agents, AgentView, KeyView

__all__ = ["agent_get", "agent_list"]

CAP = 100
WORDS = Prefetch("capabilities", Capability.objects.order_by("name"))


class Counted(Subquery):
    """The number of rows of a subquery."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def agent_list(caller: Caller, order: AgentList) -> Agents:
    """See which agents share your workspaces: what each can do, whether it is present and how much mail it has unread."""
    scope = [caller.workspace.id] if order.workspace is not None else _scope(caller)
    rows = _visible(caller, scope).filter(_wanted(caller, order), kind=Agent.Kind.AGENT, archived_at=None)
    elsewhere = _memberships(scope).order_by("pk").values("workspace__public_id")[:1]
    rows = rows.annotate(here=Exists(_memberships([caller.workspace.id])), elsewhere=Subquery(elsewhere))
    rows = rows.prefetch_related(WORDS)
    views, following = page("agents", rows, order, lambda row: _view(caller, row))
    return Agents(agents=views, next_cursor=following)


def agent_get(caller: Caller, order: AgentGet) -> AgentDetail:
    """See one agent of your workspaces: its profile, presence and unread mail."""
    scope = _scope(caller)
    row: Any = _visible(caller, scope).filter(name__iexact=order.agent).first()
    if row is None:
        raise NotFound("There is no such agent for you.", hint="Call `agent_list` for the names.", agent=order.agent)
    joined = Membership.objects.filter(_within(scope), agent=row).order_by("pk")
    return AgentDetail(
        **people.profile(row),
        presence=presence.of(row.last_seen_at, row.connected_until, caller.now),
        last_seen_at=row.last_seen_at,
        unread=row.unread,
        wakes_by=row.wakes_by,
        paused_at=row.paused_at,
        workspaces=list(joined.values_list("workspace__public_id", flat=True)),
        archived_at=row.archived_at,
        keys=_keys(row) if caller.is_operator else None,
    )


def _scope(caller: Caller) -> list[int] | None:
    """Return the workspaces that the caller sees into; None means all."""
    return None if caller.is_operator else sorted(enterable_ids(caller))


def _within(scope: list[int] | None) -> Q:
    return Q() if scope is None else Q(workspace_id__in=scope)


def _memberships(scope: list[int] | None) -> QuerySet[Membership]:
    return Membership.objects.filter(_within(scope), agent_id=OuterRef("pk"))


def _visible(caller: Caller, scope: list[int] | None) -> QuerySet[Any]:
    """Return the agents that the caller may know of, each with its unread mail in the scope counted to 100."""
    unread = Delivery.objects.filter(_within(scope), recipient_id=OuterRef("pk"), lane=Delivery.Lane.UNREAD)
    agents = Agent.objects.annotate(unread=Counted(unread.values("pk")[:CAP])).exclude(kind=Agent.Kind.SYSTEM)
    if caller.is_operator:
        return agents if scope is None else agents.filter(Exists(_memberships(scope)))
    known = Q(Exists(_memberships(scope))) | Q(kind=Agent.Kind.OPERATOR) | Q(pk=caller.agent.id)
    return agents.filter(known, archived_at=None)


def _wanted(caller: Caller, order: AgentList) -> Q:
    """Return the filters of the order; all must match."""
    wanted = Q()
    if order.capability is not None:
        wanted &= Q(Exists(Capability.objects.filter(agent_id=OuterRef("pk"), name=order.capability)))
    if order.role is not None:
        wanted &= Q(role=order.role)
    if order.tag is not None:
        key, _, value = order.tag.partition("=")
        wanted &= Q(tags__key=key, tags__value=value)
    if order.query is not None:
        text = order.query
        wanted &= Q(name__icontains=text) | Q(role__icontains=text) | Q(description__icontains=text)
    return wanted & in_presence(order.presence, caller.now)


def in_presence(wanted: str | None, now: datetime) -> Q:
    """Return what `presence.of` says, as a filter of agents; None matches all."""
    if wanted is None:
        return Q()
    offline_after = now - timedelta(seconds=knobs.get("presence_offline_after"))
    present = Q(connected_until__gt=now) | Q(last_seen_at__gt=presence.present_after(now))
    heard = Q(last_seen_at__gt=offline_after)
    return {"present": present, "stale": ~present & heard, "offline": ~present & ~heard}[wanted]


def _view(caller: Caller, row: Any) -> AgentView:
    return AgentView(
        agent=row.name,
        harness=row.harness or None,
        role=row.role or None,
        capabilities=[word.name for word in row.capabilities.all()],
        presence=presence.of(row.last_seen_at, row.connected_until, caller.now),
        last_seen_at=row.last_seen_at,
        unread=row.unread,
        wakes_by=row.wakes_by,
        workspace=None if row.here else row.elsewhere,
    )


def _keys(agent: Agent) -> list[KeyView]:
    """Return the agent's keys that are not revoked, newest first, at most 100."""
    keys = agent.keys.filter(revoked_at=None).prefetch_related("workspaces").order_by("-pk")[:CAP]
    return [_key(key) for key in keys]


def _key(key: Key) -> KeyView:
    return KeyView(
        key=key.prefix,
        label=key.label or None,
        scope=key.scope,
        workspaces=["any"] if key.any_workspace else [workspace.public_id for workspace in key.workspaces.all()],
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
    )
