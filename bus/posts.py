"""Putting posts into a topic and taking what is new, numbered without gaps inside the writing transaction."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from bus import events, ids, knobs
from bus.errors import InvalidInput
from bus.identity import Caller
from bus.models import Message, Peer, Post, Topic
from bus.prepared import insert, prepared
from bus.schemas.topics import Outgoing, PostView, Sent
from bus.text import shorten
from bus.topics import Standing, TopicClosed

__all__ = ["COLUMNS", "Place", "Taken", "after", "fill", "move", "places", "send", "view"]

PAGE_LIMIT, SUBJECT = 64_000, 200
COLUMNS = (
    "message__public_id",
    "seq",
    "peer__name",
    "message__sender__name",
    "message__sender__kind",
    "kind",
    "message__body",
    "message__sent_at",
    "message__reply_to__public_id",
    "message__metadata",
    "client_id",
)
MESSAGE = insert(
    Message,
    *("public_id", "workspace", "kind", "sender", "to", "subject", "body", "priority", "metadata", "references"),
    *("reply_to", "handoff", "sent_at"),
)
POST = insert(Post, "message", "topic", "seq", "peer", "kind", "client_id")
GROW = prepared(
    lambda seq, at, topic: (Topic.objects.filter(pk=topic), {"latest_seq": seq, "active_at": at}), int, datetime, int
)
MOVE = prepared(
    lambda seq, moved, seen, peer: (Peer.objects.filter(pk=peer), {"seq": seq, "moved_at": moved, "seen_at": seen}),
    int,
    datetime,
    datetime,
    int,
)
SEEN = prepared(lambda seen, peer: (Peer.objects.filter(pk=peer), {"seen_at": seen}), datetime, int)
SENT = prepared(
    lambda peer, client_id: Post.objects.filter(peer_id=peer, client_id=client_id).values_list(*COLUMNS), int, str
)
REPLIED = prepared(
    lambda message, topic: Post.objects.filter(message__public_id=message, topic_id=topic).values_list("message_id"),
    str,
    int,
)
AFTER = prepared(
    lambda topic, seq: Post.objects.filter(topic_id=topic, seq__gt=seq).order_by("seq").values_list(*COLUMNS), int, int
)
OF_OTHERS = prepared(
    lambda topic, seq, peer: (
        Post.objects.filter(topic_id=topic, seq__gt=seq).exclude(peer_id=peer).order_by("seq").values_list(*COLUMNS)
    ),
    int,
    int,
    int,
)


class Taken(NamedTuple):
    """What comes after a cursor, and the number up to which it is all of it."""

    posts: list[PostView]
    reached: int
    has_more: bool


class Place(NamedTuple):
    """Where a post stands: its topic, the name of that, and its number there."""

    topic: str
    name: str
    seq: int


def view(row: Sequence[Any], shape: Callable[..., Any] = PostView, **more: Any) -> Any:
    """Return a row of COLUMNS as everybody sees it."""
    message, seq, peer, sender, origin, kind, body, at, reply_to, metadata, client_id = row
    return shape(
        message=message,
        seq=seq,
        peer=peer,
        from_=sender,
        origin=origin,
        kind=kind,
        body=body,
        at=at,
        reply_to=reply_to,
        metadata=metadata or None,
        client_id=client_id,
        **more,
    )


def send(caller: Caller, public_id: str, standing: Standing, outbox: Sequence[Outgoing]) -> list[Sent]:
    """Post in order; a `client_id` of before is answered with its first post. Runs inside the lane."""
    _check(outbox)
    seq, sent = standing.latest, []
    for each in outbox:
        first = SENT.first(standing.peer, each.client_id) if each.client_id else None
        if first is None:
            if standing.is_closed:
                raise TopicClosed(topic=public_id)
            seq += 1
        row = first or _post(caller, public_id, standing, each, seq)
        sent.append(view(row, Sent, duplicate=first is not None))
    if not all(each.duplicate for each in sent):
        GROW.run(seq, caller.now, standing.topic)
    return sent


def _check(outbox: Sequence[Outgoing]) -> None:
    """Refuse more than the settings allow."""
    most, longest = knobs.get("topic_max_outbox"), knobs.get("topic_max_message_chars")
    if len(outbox) > most:
        raise InvalidInput(f"`outbox` takes at most {most} posts.", field="outbox", limit=most, sent=len(outbox))
    for at, each in enumerate(outbox):
        if len(each.body) > longest:
            where = f"outbox.{at}.body"
            raise InvalidInput(
                f"A post has at most {longest} characters.", field=where, limit=longest, sent=len(each.body)
            )


def _post(caller: Caller, public_id: str, standing: Standing, post: Outgoing, seq: int) -> tuple[Any, ...]:
    """Insert one post and return its row of COLUMNS."""
    reply_to = None
    if post.reply_to is not None and (reply_to := REPLIED.value(post.reply_to, standing.topic)) is None:
        raise InvalidInput("There is no such post in this topic to reply to.", field="reply_to", sent=post.reply_to)
    message = ids.new("msg", caller.now)
    to, metadata = events.compact({"topic": public_id}), events.compact(post.metadata)
    subject = shorten(post.body.strip().partition("\n")[0].lstrip("# "), SUBJECT)[0]
    text = (to, subject, post.body, 5, metadata, "[]")
    number = MESSAGE.one(message, caller.workspace.id, "topic", caller.agent.id, *text, reply_to, "", caller.now)
    POST.one(number, standing.topic, seq, standing.peer, post.kind, post.client_id)
    about = {"seq": seq, "peer": standing.name}
    events.record(caller, "topic.posted", about, topic=public_id, message=message, public=True)
    who = (standing.name, caller.agent.name, caller.agent.kind)
    return (message, seq, *who, post.kind, post.body, caller.now, post.reply_to, post.metadata, post.client_id)


def after(standing: Standing, *, most: int, include_self: bool) -> Taken:
    """Return the posts after the cursor, at most `most`."""
    place = standing.topic, standing.seq
    rows = AFTER.rows(*place, most=most + 1) if include_self else OF_OTHERS.rows(*place, standing.peer, most=most + 1)
    posts = fill(view(row) for row in rows[:most])
    has_more = len(posts) < len(rows)
    return Taken(posts, posts[-1].seq if has_more else standing.latest, has_more)


def fill(posts: Iterable[PostView]) -> list[PostView]:
    """Return as many leading posts as fit 64,000 characters, at least one; none is cut."""
    kept: list[PostView] = []
    size = 0
    for post in posts:
        size += len(post.body)
        if kept and size > PAGE_LIMIT:
            break
        kept.append(post)
    return kept


def places(messages: Sequence[int]) -> dict[int, Place]:
    """Return where each message stands that is a post."""
    columns = ("message_id", "topic__public_id", "topic__name", "seq")
    rows = Post.objects.filter(message_id__in=messages).values_list(*columns)
    return {message: Place(*place) for message, *place in rows} if messages else {}


def move(caller: Caller, public_id: str, standing: Standing, seq: int) -> datetime:
    """Put the cursor of a peer behind a post and note that it was heard; return when the cursor last moved."""
    if seq == standing.seq:
        SEEN.run(caller.now, standing.peer)
        return standing.moved_at
    MOVE.run(seq, caller.now, caller.now, standing.peer)
    about = {"peer": standing.name, "seq": seq}
    events.record(caller, "topic.advanced", about, topic=public_id, agent=caller.agent.name, public=True)
    return caller.now
