"""Our answers in the family's words: the structured content of its tools. Times are seconds since 1970."""

from datetime import datetime
from typing import Any

from bus.schemas.topics import ClosedTopic, PeerView, PostView, TopicCursor, TopicOpened, TopicSynced, TopicView

__all__ = ["Structured", "closed", "cursor", "message", "opened", "peer", "seconds", "synced", "topic", "warned"]

Structured = dict[str, Any]


def seconds(at: datetime | None) -> float | None:
    """Return an instant as a number, None for none."""
    return None if at is None else at.timestamp()


def opened(found: TopicOpened) -> Structured:
    """Return how a topic is named and stands."""
    return {"topic_id": found.topic, "name": found.name, "status": found.state}


def topic(found: TopicView) -> Structured:
    """Return a topic as it is listed."""
    return {
        "topic_id": found.topic,
        "name": found.name,
        "status": found.state,
        "created_at": seconds(found.created_at),
        "closed_at": seconds(found.closed_at),
        "close_reason": found.close_reason,
        "metadata": found.metadata,
    }


def closed(found: ClosedTopic) -> Structured:
    """Return a topic that was closed."""
    return {
        "topic_id": found.topic,
        "status": found.state,
        "closed_at": seconds(found.closed_at),
        "close_reason": found.close_reason,
    }


def cursor(found: TopicCursor) -> Structured:
    """Return how far somebody has read."""
    return {"last_seq": found.seq, "updated_at": seconds(found.moved_at)}


def message(topic_id: str, post: PostView) -> Structured:
    """Return one post."""
    return {
        "message_id": post.message,
        "topic_id": topic_id,
        "seq": post.seq,
        "sender": post.peer,
        "message_type": post.kind,
        "reply_to": post.reply_to,
        "content_markdown": post.body,
        "metadata": post.metadata,
        "client_message_id": post.client_id,
        "created_at": seconds(post.at),
    }


def synced(topic_id: str, found: TopicSynced) -> Structured:
    """Return what was sent and what came."""
    received = [message(topic_id, each) for each in found.received]
    return {
        "topic_id": topic_id,
        "agent_name": found.peer,
        "status": "empty" if found.status == "closed" else found.status,
        "cursor": cursor(found.cursor),
        "sent": [{"message": message(topic_id, each), "duplicate": each.duplicate} for each in found.sent],
        "received": received,
        "received_count": len(received),
        "has_more": found.has_more,
    }


def peer(found: PeerView, now: float) -> Structured:
    """Return one who takes part."""
    heard = found.seen_at.timestamp()
    return {
        "agent_name": found.peer,
        "last_seq": found.seq,
        "updated_at": heard,
        "age_seconds": round(max(now - heard, 0.0), 3),
    }


def warned(structured: Structured, code: str, message: str, **context: Any) -> Structured:
    """Return the structured content with one more warning."""
    warning = {"code": code, "message": message} | ({"context": context} if context else {})
    return {**structured, "warnings": [*structured.get("warnings", ()), warning]}
