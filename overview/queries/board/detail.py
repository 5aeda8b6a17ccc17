"""One handoff whole: what was asked, what came of it, who could take it, what was said, and its history."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import TextField
from django.db.models.functions import Cast

from bus import ids
from bus.directory import AgentEntry, directory
from bus.identity import Caller
from bus.models import Message
from handoffs import pool
from handoffs.models import CLOSED, Handoff, State
from overview.queries.board.shapes import Card, card, present
from overview.queries.happened import Filter, Happened, newest

__all__ = ["Detail", "Said", "detail"]

MOST_SAID, MOST_SEARCHED, MOST_EVENTS, MOST_ELIGIBLE = 20, 5_000, 200, 12


@dataclass(frozen=True, slots=True)
class Said:
    """A message about the handoff."""

    message: str
    sender: AgentEntry
    subject: str
    body: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything about one handoff."""

    card: Card
    body: str
    criteria: list[str]
    payload: str
    result: str
    error: str
    feedback: str
    reason: str
    note: str
    due_at: datetime | None
    visibility: str
    eligible: list[AgentEntry]
    said: list[Said]
    history: list[Happened]
    may: frozenset[str]


def detail(caller: Caller, public_id: str) -> Detail | None:
    """Return one handoff as an operator sees it, or None."""
    row: Any = Handoff.objects.filter(public_id=public_id).select_related("workspace").first()
    if row is None:
        return None
    here = present(caller.now)
    (shown,) = card([row], here, caller.now)
    return Detail(
        card=shown,
        body=row.body,
        criteria=row.acceptance_criteria,
        payload=_text(row.payload),
        result=_text(row.result),
        error=_text(row.error),
        feedback=row.feedback,
        reason=row.reason,
        note=row.note,
        due_at=row.due_at,
        visibility=row.visibility,
        eligible=_eligible(row, here, caller.now) if shown.state == State.OPEN else [],
        said=_said(public_id),
        history=list(reversed(newest(row.workspace_id, Filter(subject=public_id), limit=MOST_EVENTS))),
        may=_may(caller, row, shown),
    )


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, indent=2)


def _eligible(row: Handoff, here: list[AgentEntry], now: datetime) -> list[AgentEntry]:
    can = (each for each in here if row.workspace_id in each.memberships and pool.is_eligible(each, row, now))
    return [each for each, _ in zip(can, range(MOST_ELIGIBLE), strict=False)]


def _said(public_id: str) -> list[Said]:
    """Return what agents and people wrote about it, newest first: answers to its mail, and what refers to it.

    References are looked for in the 5,000 messages that came after it; ids begin with their time.
    """
    begins = public_id.removeprefix("hnd_")[: ids.TIME_CHARS]
    later = Message.objects.filter(public_id__gt=f"msg_{begins}").order_by("public_id")
    near = later.values("pk")[:MOST_SEARCHED]
    texts = Message.objects.alias(referring=Cast("references", TextField()))
    refers = texts.filter(pk__in=near, referring__contains=public_id).values("pk")
    offers = Message.objects.filter(handoff=public_id).values("pk")
    answers = Message.objects.filter(reply_to__in=offers).values("pk")
    # Most messages are about no handoff: their index is not to be used, so it is not asked for the empty name.
    about = Message.objects.filter(pk__in=refers.union(answers)).exclude(handoff__gt="").order_by("-pk")[:MOST_SAID]
    rows = about.values_list("public_id", "sender_id", "subject", "body", "sent_at")
    return [Said(row[0], directory.agent(row[1]), *row[2:]) for row in rows]


def _may(caller: Caller, row: Handoff, shown: Card) -> frozenset[str]:
    """Return what the operator may do; the operations decide it once more."""
    me, state = caller.agent.id, shown.state
    if state in CLOSED:
        return frozenset()
    may = {"cancel"}
    if state == State.VERIFYING:
        return frozenset(may | ({"verify"} if row.last_claimant_id != me else set()))
    may.add("reassign")
    if state == State.OPEN:
        may |= {"claim"} if pool.is_eligible(caller.agent, row, caller.now) else set()
        may |= {"reject"} if row.target_id == me and row.pool == pool.NOBODY else set()
        return frozenset(may)
    is_mine = row.claimant_id == me
    return frozenset(may | ({"renew", "release", "complete"} if is_mine else {"break"}))
