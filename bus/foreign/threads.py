"""Threads of another program that many follow: they become topics, their posts numbered anew without gaps."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bus import events, ids, posts
from bus.errors import InvalidInput
from bus.foreign.settling import Settling
from bus.models import Message, Peer, Topic
from bus.schemas.topics import Outgoing
from bus.topics import Standing

__all__ = ["Cursor", "Say", "Thread", "say", "take_part"]

LONGEST_NAME, LONGEST_KIND = 200, 32


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread, open or closed at an instant."""

    id: str
    name: str
    at: datetime
    metadata: dict[str, Any] = field(default_factory=dict)
    closed_at: datetime | None = None
    close_reason: str = ""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Who takes part in a thread under which name, the token that proves the name, and how many posts it has taken."""

    thread: str
    name: str
    at: datetime
    taken: int = 0
    moved_at: datetime | None = None
    token: str = ""


@dataclass(frozen=True, slots=True)
class Say:
    """One post; `client_id` is the sender's own id for it."""

    id: str
    thread: str
    name: str
    at: datetime
    body: str
    kind: str = "message"
    reply_to: str = ""
    client_id: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)


def take_part(settling: Settling, thread: Thread, cursors: list[Cursor]) -> None:
    """Plan a thread, those who take part, and its end."""
    settling.at(thread.at, _open, thread)
    for cursor in cursors:
        settling.at(max(cursor.at, thread.at), _join, cursor)
        if cursor.taken:
            settling.at(max(cursor.moved_at or cursor.at, thread.at), _advance, cursor)
    if thread.closed_at is not None:
        settling.at(thread.closed_at, _close, thread)


def say(settling: Settling, post: Say) -> None:
    """Plan a post."""
    settling.at(post.at, _post, post)


def _open(settling: Settling, thread: Thread) -> None:
    name = thread.name[:LONGEST_NAME] or thread.id
    known = Topic.objects.filter(workspace_id=settling.workspace.id, name=name, created_at=thread.at).first()
    if known is not None:
        settling.ids[thread.id] = known.public_id
        settling.report.known["topics"] += 1
        return
    caller = settling.caller(thread.at)
    topic = Topic.objects.create(
        public_id=ids.new("top", caller.now),
        workspace_id=settling.workspace.id,
        name=name,
        metadata=thread.metadata | settling.mark(thread.id),
        created_by_id=caller.agent.id,
        created_at=thread.at,
        active_at=thread.at,
    )
    settling.ids[thread.id] = topic.public_id
    settling.report.brought["topics"] += 1
    events.record(caller, "topic.created", {"name": name}, topic=topic.public_id, public=True)


def _join(settling: Settling, cursor: Cursor) -> None:
    """Let an agent take part; one that goes by its own name needs no token, any other keeps the one it has."""
    topic = Topic.objects.get(public_id=settling.ids[cursor.thread])
    caller = settling.caller(cursor.at, cursor.name)
    if topic.peers.filter(name__iexact=cursor.name).exists():
        return
    is_own = cursor.name.casefold() == caller.agent.name.casefold()
    Peer.objects.create(
        topic=topic,
        agent_id=caller.agent.id,
        name=cursor.name,
        holder=f"agent:{caller.agent.id}" if is_own else None,
        token_hash=hashlib.sha256(cursor.token.encode()).digest() if cursor.token else None,
        moved_at=cursor.at,
        seen_at=cursor.at,
        joined_at=cursor.at,
    )
    about = {"peer": cursor.name, "seq": 0}
    events.record(caller, "topic.joined", about, topic=topic.public_id, agent=caller.agent.name, public=True)


def _standing(settling: Settling, thread: str, name: str) -> Standing:
    peer = Peer.objects.select_related("topic").get(topic__public_id=settling.ids[thread], name__iexact=name)
    return Standing(peer.topic_id, peer.pk, peer.name, peer.seq, peer.moved_at, peer.topic.latest_seq, is_closed=False)


def _post(settling: Settling, post: Say) -> None:
    caller, topic = settling.caller(post.at, post.name), settling.ids[post.thread]
    outgoing = Outgoing.model_construct(
        body=post.body,
        kind=post.kind[:LONGEST_KIND] or "message",
        reply_to=settling.ids.get(post.reply_to),
        metadata=post.metadata | settling.mark(post.id),
        client_id=post.client_id or f"{settling.source}:{post.id}",
    )
    try:
        (sent,) = posts.send(caller, topic, _standing(settling, post.thread, post.name), [outgoing])
    except InvalidInput as refusal:
        settling.report.skip("posts", refusal.message)
        return
    settling.ids[post.id] = sent.message
    settling.report.known["posts"] += sent.duplicate
    settling.report.brought["posts"] += not sent.duplicate
    if not sent.duplicate and caller.now != post.at:
        Message.objects.filter(public_id=sent.message).update(sent_at=post.at)


def _advance(settling: Settling, cursor: Cursor) -> None:
    """Put a cursor where it stood, but never back."""
    standing = _standing(settling, cursor.thread, cursor.name)
    seq = min(cursor.taken, standing.latest)
    if seq > standing.seq:
        caller = settling.caller(cursor.moved_at or cursor.at, cursor.name)
        posts.move(caller, settling.ids[cursor.thread], standing, seq)


def _close(settling: Settling, thread: Thread) -> None:
    topic = Topic.objects.get(public_id=settling.ids[thread.id])
    at = thread.closed_at or thread.at
    caller = settling.caller(at)
    if topic.close(thread.close_reason[:LONGEST_NAME], at):
        about = {"reason": thread.close_reason} if thread.close_reason else {}
        events.record(caller, "topic.closed", about, topic=topic.public_id, public=True)
