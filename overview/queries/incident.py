"""One incident whole: what was said about a message or a handoff, the handoffs that it speaks of, and what happened when."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from bus.errors import NotFound
from bus.models import Delivery, Event, Message
from handoffs.models import Handoff, State
from overview.queries.happened import Happened, told
from overview.queries.mailbox.shapes import Who
from overview.queries.mailbox.thread import members

__all__ = ["Incident", "Job", "Received", "Said", "incident"]

MOST_SAID, MOST_EVENTS, MOST_SEARCHED = 2_000, 5_000, 20_000
PERSON = ("sender__name", "sender__kind", "sender__harness")
SAID = (
    "pk",
    "reply_to",
    "public_id",
    *PERSON,
    "kind",
    "subject",
    "body",
    "sent_at",
    "priority",
    "metadata",
    "references",
)


@dataclass(frozen=True, slots=True)
class Received:
    """One recipient of a message, and what became of it there."""

    name: str
    lane: str
    reason: str


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the incident; `depth` is how far down its thread it stands, references are kinds and ids or labels."""

    id: str
    sender: Who
    kind: str
    subject: str
    body: str
    at: datetime
    priority: int
    metadata: str
    references: list[tuple[str, str]]
    to: list[Received]
    depth: int


@dataclass(frozen=True, slots=True)
class Job:
    """One handoff of the incident, as it stands."""

    id: str
    title: str
    state: str
    creator: str
    claimant: str
    body: str
    criteria: list[str]
    paths: list[str]
    payload: str
    result: str
    error: str
    feedback: str
    reason: str
    note: str
    attempts: int
    most_attempts: int
    created_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Incident:
    """What was asked for, and everything around it; `left_out` counts messages and events beyond what one page holds."""

    id: str
    title: str
    place: str
    said: list[Said]
    jobs: list[Job]
    events: list[Happened]
    left_out: int


def incident(public_id: str, now: datetime) -> Incident:
    """Return the incident around a message or a handoff; raise `NotFound` for anything else."""
    seed: Any = _seed(public_id)
    rows, is_cut = _around(seed)
    said = _said(rows)
    jobs = _jobs(seed, rows, now)
    events, more = _events(seed.workspace_id, said, jobs)
    title = seed.title if isinstance(seed, Handoff) else seed.subject
    place = seed.workspace.alias or seed.workspace.public_id
    return Incident(public_id, title, place, said, jobs, events, more + is_cut)


def _seed(public_id: str) -> Message | Handoff:
    for model in (Handoff, Message):
        found: Any = model._default_manager.filter(public_id=public_id).select_related("workspace").first()
        if found is not None:
            return found  # type: ignore[no-any-return]
    raise NotFound(
        "There is no such message or handoff.", hint="Name it by its id: msg_… or hnd_…", sent=public_id[:40]
    )


def _around(seed: Message | Handoff) -> tuple[list[int], bool]:
    """Return the rows of the messages: the threads of those that are about the seed, and whether there are more."""
    found: dict[int, None] = {}
    is_cut = False
    for row in [seed.pk] if isinstance(seed, Message) else _about(seed):
        if row not in found:
            thread, more = members(row, MOST_SAID)
            found |= dict.fromkeys(thread)
            is_cut |= more or len(found) > MOST_SAID
    return sorted(found)[:MOST_SAID], is_cut


def _about(handoff: Handoff) -> list[int]:
    """Return the messages that offer a handoff or tell of it, and those that came after it and refer to it."""
    here = Message.objects.filter(workspace_id=handoff.workspace_id)
    near = here.filter(sent_at__gte=handoff.created_at).order_by("pk").values("pk")[:MOST_SEARCHED]
    texts = Message.objects.alias(referring=Cast("references", TextField()), body_text=Cast("body", TextField()))
    refers = texts.filter(
        Q(referring__contains=handoff.public_id) | Q(body_text__contains=handoff.public_id), pk__in=near
    )
    own = Message.objects.filter(handoff=handoff.public_id).values_list("pk", flat=True)
    return sorted({*own, *refers.values_list("pk", flat=True)})


def _said(rows: Sequence[int]) -> list[Said]:
    """Return the messages in the order of their threads, each reply under what it answers."""
    received = _received(rows)
    replies: defaultdict[int | None, list[tuple[Any, ...]]] = defaultdict(list)
    there = set(rows)
    for row in Message.objects.filter(pk__in=rows).order_by("pk").values_list(*SAID):
        replies[row[1] if row[1] in there else None].append(row)
    found: list[Said] = []
    waiting = [(row, 0) for row in reversed(replies[None])]
    while waiting:
        row, depth = waiting.pop()
        found.append(_one(row, received[row[0]], depth))
        waiting += [(each, depth + 1) for each in reversed(replies[row[0]])]
    return found


def _one(row: tuple[Any, ...], to: list[Received], depth: int) -> Said:
    _, _, public_id, *who, kind, subject, body, at, priority, metadata, references = row
    named = [(str(each.get("kind", "")), str(each.get("id") or each.get("label") or "")) for each in references]
    return Said(public_id, Who(*who), kind, subject, body, at, priority, _text(metadata), named, to, depth)


def _received(rows: Sequence[int]) -> defaultdict[int, list[Received]]:
    found: defaultdict[int, list[Received]] = defaultdict(list)
    deliveries = Delivery.objects.filter(message_id__in=rows).order_by("pk")
    for message, *facts in deliveries.values_list("message_id", "recipient__name", "lane", "reason"):
        found[message].append(Received(*facts))
    return found


def _jobs(seed: Message | Handoff, rows: Sequence[int], now: datetime) -> list[Job]:
    """Return the handoffs that the messages are about or refer to, of the same workspace."""
    named = {seed.public_id}
    messages = Message.objects.filter(pk__in=rows)
    for handoff, references in messages.values_list("handoff", "references"):
        named |= {handoff, *(str(each.get("id")) for each in references if isinstance(each, dict))}
    found = Handoff.objects.filter(public_id__in=named, workspace_id=seed.workspace_id)
    return [_job(row, now) for row in found.select_related("creator", "last_claimant").order_by("pk")]


def _job(row: Any, now: datetime) -> Job:
    state = row.state_at(now)
    return Job(
        id=row.public_id,
        title=row.title,
        state=state,
        creator=row.creator.name,
        claimant=row.last_claimant.name if row.last_claimant and state != State.OPEN else "",
        body=row.body,
        criteria=[str(each) for each in row.acceptance_criteria],
        paths=[str(each) for each in row.paths],
        payload=_text(row.payload),
        result=_text(row.result),
        error=_text(row.error),
        feedback=row.feedback,
        reason=row.reason,
        note=row.note,
        attempts=row.attempts,
        most_attempts=row.max_attempts,
        created_at=row.created_at,
        closed_at=row.closed_at,
    )


def _text(value: Any) -> str:
    if value in (None, {}, []) or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, indent=2)


def _events(workspace: int, said: Iterable[Said], jobs: Iterable[Job]) -> tuple[list[Happened], int]:
    """Return what happened to any of these, oldest first, and how many more there are."""
    about = Q(message__in=[each.id for each in said]) | Q(handoff__in=[each.id for each in jobs])
    found = Event.objects.filter(about, workspace_id=workspace)
    shown = told(found.order_by("pk")[:MOST_EVENTS])
    return shown, found.count() - len(shown)
