"""Rows of messages as agents see them, and how lists of them are kept small."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from bus.schemas.messages import MessageView
from bus.text import shorten

__all__ = ["COLUMNS", "cut", "letter", "page"]

ITEM_LIMIT, EXCERPT, PAGE_LIMIT = 4 * 1024, 2_000, 24 * 1024
COLUMNS = (
    "message__public_id",
    "message__kind",
    "message__sender__name",
    "message__sender__kind",
    "message__to",
    "message__subject",
    "message__body",
    "message__sent_at",
    "message__reply_to__public_id",
    "message__priority",
    "message__metadata",
    "message__references",
    "message__handoff",
)


def letter(
    row: Sequence[Any], *, lane: str | None = None, attempt: int | None = None, until: datetime | None = None
) -> MessageView:
    """Return the view of a row of COLUMNS; empty fields are left out."""
    public_id, kind, sender, origin, to, subject, body, sent_at, reply_to, priority, metadata, references, handoff = row
    return MessageView(
        message=public_id,
        kind=kind,
        from_=sender,
        origin=origin,
        to=to,
        subject=subject,
        body=body,
        sent_at=sent_at,
        lane=lane,
        attempt=attempt,
        lease_until=until,
        reply_to=reply_to,
        priority=priority,
        metadata=metadata or None,
        references=references or None,
        handoff=handoff or None,
    )


def cut(view: MessageView) -> MessageView:
    """Cut a list item of over 4 KB to an excerpt of its body."""
    if _size(view) > ITEM_LIMIT:
        view.body = None if view.body is None else shorten(view.body, EXCERPT)[0]
        view.metadata, view.truncated = None, True
        if _size(view) > PAGE_LIMIT // 2:
            view.references = None
    return view


def page(views: Iterable[MessageView]) -> list[MessageView]:
    """Return as many leading views as fit a list of 24 KB, each cut, at least one."""
    kept: list[MessageView] = []
    size = 0
    for view in views:
        size += _size(cut(view))
        if kept and size > PAGE_LIMIT:
            break
        kept.append(view)
    return kept


def _size(view: MessageView) -> int:
    """Return how many bytes a view takes."""
    return len(view.model_dump_json(exclude_none=True).encode())
