"""Looking at handoffs without moving them."""

from collections.abc import Iterator, Sequence
from itertools import islice

from django.db.models import Exists, OuterRef, Q

from bus import cursors, pages
from bus.errors import InvalidInput
from bus.identity import Caller
from bus.models import Audience
from bus.prepared import prepared
from handoffs import pool, queue, standing, verification, views
from handoffs.models import Handoff, HandoffQuerySet, State, Visibility, concerns
from handoffs.queue import Waiting
from handoffs.schemas.answers import HandoffBrief, HandoffGot, Handoffs, HandoffView
from handoffs.schemas.handoffs import HandoffGet, HandoffList

__all__ = ["between", "claimable_items", "handoff_get", "handoff_list", "held", "visible_to"]

KIND, QUEUE = "handoffs", "handoff queue"
NEXT_POOL = prepared(
    lambda workspace, after: (
        Handoff.objects.filter(workspace_id=workspace, pool__gt=after).order_by("pool").values_list("pool")[:1]
    ),
    int,
    str,
)


def handoff_get(caller: Caller, order: HandoffGet) -> HandoffGot:
    """Read one handoff in full: where it stands, who has it, and what came of it."""
    return HandoffGot(**dict(views.view(caller, standing.find(caller, order.handoff))))


def handoff_list(caller: Caller, order: HandoffList) -> Handoffs:
    """List handoffs: what you can claim with `available`, what concerns you with `mine`, else all you may see."""
    if order.available:
        return _available(caller, order)
    rows = visible_to(caller)
    if order.mine:
        rows = rows.concerning(caller.agent.id)
    if order.states is not None:
        rows = rows.in_states(order.states, caller.now)
    items, following = pages.page(KIND, rows, order, lambda handoff: views.item(caller, handoff))
    return Handoffs(handoffs=items, next_cursor=following)


def visible_to(caller: Caller) -> HandoffQuerySet:
    """Return the handoffs of the workspace that the caller may see, as `standing.may_see` has it."""
    rows = Handoff.objects.filter(workspace_id=caller.workspace.id)
    if caller.is_operator:
        return rows
    fitting = [text for text in _pools(caller.workspace.id) if pool.fits(caller.agent, text)]
    offered = Q(pool__in=fitting) & (~Q(visibility=Visibility.PRIVATE) | Q(state=State.OPEN))
    shown = Exists(Audience.objects.filter(subject=OuterRef("public_id"), agent_id=caller.agent.id))
    judged = Q(state=State.VERIFYING, pk__in=_to_verify(caller, rows))
    return rows.filter(Q(visibility=Visibility.PUBLIC) | concerns(caller.agent.id) | offered | shown | judged)


def _pools(workspace: int) -> Iterator[str]:
    """Yield each pool once, by as many steps in the index: handoffs are many, pools are few."""
    text = ""
    while (text := NEXT_POOL.value(workspace, text) or "") != "":
        yield text


def _to_verify(caller: Caller, rows: HandoffQuerySet) -> list[int]:
    """Return those of the rows that the caller is asked to verify."""
    waiting = rows.filter(state=State.VERIFYING, verify_by__isnull=False).only("verify_by", "creator", "last_claimant")
    return [handoff.pk for handoff in waiting if verification.may_verify(caller, handoff)]


def _available(caller: Caller, order: HandoffList) -> Handoffs:
    if order.mine or order.states is not None:
        hint = "Leave `mine` and `states` out, or list without `available`."
        raise InvalidInput("`available` lists all that you can claim.", hint=hint, field="available")
    priority, pk = cursors.decode(QUEUE, order.cursor, 2) if order.cursor is not None else queue.FRONT
    left = list(islice(queue.claimable(caller, (priority, pk)), order.limit + 1))
    items = claimable_items(caller, left[: order.limit])
    more = len(items) < len(left)
    return Handoffs(handoffs=items, next_cursor=cursors.encode(QUEUE, *left[len(items) - 1].place) if more else None)


def claimable_items(caller: Caller, waiting: Sequence[Waiting]) -> list[HandoffView]:
    """Return the leading ones of a queue that fit a list of 24 KB, at least one."""
    rows = Handoff.objects.in_bulk([each.pk for each in waiting])
    items: list[HandoffView] = []
    size = 0
    for each in waiting:
        shown = views.item(caller, rows[each.pk])
        size += len(shown.model_dump_json(exclude_none=True).encode())
        if items and size > pages.PAGE_LIMIT:
            break
        items.append(shown)
    return items


def held(caller: Caller, *, limit: int) -> list[HandoffView]:
    """Return what the caller has claimed and may still go on with, what ends first at the top."""
    mine = Handoff.objects.filter(workspace_id=caller.workspace.id, claimant_id=caller.agent.id, state=State.CLAIMED)
    rows = mine.in_time(caller.now).filter(lease_until__gt=caller.now).order_by("lease_until", "pk")
    return [views.item(caller, handoff) for handoff in rows[:limit]]


def between(workspace: int, a: int, b: int, *, limit: int = 20) -> list[HandoffBrief]:
    """Return the newest handoffs that one of two agents gave the other."""
    rows = Handoff.objects.filter(workspace_id=workspace).between(a, b).order_by("-pk")[:limit]
    return [views.brief(handoff) for handoff in rows]
