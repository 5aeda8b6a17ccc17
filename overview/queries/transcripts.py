"""Whole talks as transcripts: of two agents with the handoffs between them, and of a topic."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, Subquery

from bus.directory import AgentEntry, WorkspaceEntry
from bus.models import Delivery, Message, Topic
from bus.models import Post as Place
from bus.topics import TopicNotFound
from handoffs.models import Handoff, State
from overview.transcript import Post, Transcript

__all__ = ["conversation", "topic"]

CHUNK = 500
COLUMNS = (
    "public_id",
    "sent_at",
    "subject",
    "body",
    "kind",
    "reply_to__public_id",
    "priority",
    "metadata",
    "references",
)


def conversation(workspace: WorkspaceEntry, a: AgentEntry, b: AgentEntry, now: datetime) -> Transcript:
    """Return the whole talk of two agents, oldest first."""
    found = [*_said(workspace.id, a, b), *_said(workspace.id, b, a), *_handoffs(workspace.id, a, b, now)]
    posts = sorted(found, key=lambda post: post.at)  # each of one instant as it came
    where = workspace.alias or workspace.public_id
    return Transcript(f"{a.name} and {b.name}", where, [a.name, b.name], posts)


def topic(workspace: WorkspaceEntry, name: str) -> Transcript:
    """Return a topic of the workspace by its id or name, the newest of that name; raise `TopicNotFound` for another."""
    found = Topic.objects.filter(Q(public_id=name) | Q(name=name), workspace_id=workspace.id).order_by("-pk").first()
    if found is None:
        raise TopicNotFound(topic=name)
    people = list(found.peers.order_by("pk").values_list("name", flat=True))
    return Transcript(found.name, workspace.alias or workspace.public_id, people, list(_posts(found.pk)))


def _posts(topic: int) -> Iterator[Post]:
    columns = ("message__public_id", "peer__name", "message__sent_at", "message__body", "kind")
    more = ("message__reply_to__public_id", "seq", "message__sender__name", "message__metadata", "client_id")
    rows = Place.objects.filter(topic=topic).order_by("seq").values_list(*columns, *more)
    for public_id, peer, at, body, kind, reply_to, *facts in rows.iterator(CHUNK):
        yield Post(
            id=public_id,
            author=peer,
            at=at,
            body=body,
            kind=kind if kind != "message" else "",
            reply_to=reply_to or "",
            more=dict(zip(("seq", "agent", "metadata", "client_id"), facts, strict=True)),
        )


def _said(workspace: int, sender: AgentEntry, reader: AgentEntry) -> Iterator[Post]:
    own = Delivery.objects.filter(message_id=OuterRef("pk"), recipient_id=reader.id)
    rows = Message.objects.filter(Exists(own), sender_id=sender.id, workspace_id=workspace).order_by("pk")
    columns = (*COLUMNS, Subquery(own.values("lane")[:1]), "handoff")
    for public_id, at, subject, body, kind, reply_to, *more, lane, handoff in rows.values_list(*columns).iterator(
        CHUNK
    ):
        yield Post(
            id=public_id,
            author=sender.name,
            at=at,
            body=body,
            subject=subject,
            to=[reader.name],
            kind=kind if kind != Message.Kind.DIRECT else "",
            reply_to=reply_to or "",
            state=lane,
            more=dict(zip(("priority", "metadata", "references"), more, strict=True)) | {"handoff": handoff},
        )


def _handoffs(workspace: int, a: AgentEntry, b: AgentEntry, now: datetime) -> Iterator[Post]:
    rows = Handoff.objects.between(a.id, b.id).filter(workspace_id=workspace)
    for row in rows.select_related("creator", "target", "last_claimant").order_by("pk").iterator(CHUNK):
        yield _job(row, now)


def _job(row: Any, now: datetime) -> Post:
    state = row.state_at(now)
    claimant = row.last_claimant.name if row.last_claimant and state != State.OPEN else ""
    return Post(
        id=row.public_id,
        author=row.creator.name,
        at=row.created_at,
        body=row.body,
        subject=row.title,
        to=[row.target.name] if row.target else [],
        kind="handoff",
        state=f"{state} by {claimant}" if claimant else state,
        more={"claimant": claimant, "result": row.result, "error": row.error, "reason": row.reason},
    )
