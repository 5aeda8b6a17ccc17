"""One message whole: what it says, what it points to, what became of it, and its thread."""

import json
from collections.abc import Sequence
from typing import Any

from bus.models import Message
from handoffs.models import Handoff
from overview.queries.mailbox.receipts import receipts
from overview.queries.mailbox.recipients import recipients
from overview.queries.mailbox.shapes import Letter, Place, Reference, Who
from overview.queries.mailbox.thread import members, thread

__all__ = ["letter"]

RELATED = ("workspace", "sender", "post__topic", "post__peer")


def letter(public_id: str) -> Letter | None:
    """Return one message as an operator sees it, or None."""
    row: Any = Message.objects.filter(public_id=public_id).select_related(*RELATED).first()
    if row is None:
        return None
    related, is_cut = members(row.pk)
    titles = _titles(row)
    return Letter(
        pk=row.pk,
        message=row.public_id,
        workspace=row.workspace.public_id,
        kind=row.kind,
        sender=Who(row.sender.name, row.sender.kind, row.sender.harness),
        to=recipients([row.pk])[row.pk],
        subject=row.subject,
        body=row.body,
        priority=row.priority,
        metadata=json.dumps(row.metadata, ensure_ascii=False, indent=2) if row.metadata else "",
        references=[_reference(each, titles) for each in row.references],
        sent_at=row.sent_at,
        expires_at=row.expires_at,
        handoff=row.handoff,
        handoff_title=titles.get(row.handoff, ""),
        receipts=receipts(row.pk, row.public_id, row.sent_at),
        thread=thread(row.pk, related),
        is_thread_cut=is_cut,
        post=_place(getattr(row, "post", None)),
    )


def _place(post: Any) -> Place | None:
    """Return where a message was posted, None for mail."""
    if post is None:
        return None
    topic = post.topic
    return Place(topic.public_id, topic.name, post.seq, post.peer.name, topic.closed_at is None)


def _titles(row: Message) -> dict[str, str]:
    """Return the names of the handoffs and messages that it points to, by id."""
    ids = [str(each.get("id", "")) for each in row.references] + [row.handoff]
    named = dict(Handoff.objects.filter(public_id__in=_only(ids, "hnd_")).values_list("public_id", "title"))
    return named | dict(Message.objects.filter(public_id__in=_only(ids, "msg_")).values_list("public_id", "subject"))


def _only(ids: Sequence[str], prefix: str) -> list[str]:
    """Return the ids of one sort; never nothing, so that the number of queries stays the same."""
    return [each for each in ids if each.startswith(prefix)] or [prefix]


def _reference(each: dict[str, Any], titles: dict[str, str]) -> Reference:
    name = str(each.get("id", ""))
    return Reference(str(each.get("kind", "")), name, str(each.get("label") or titles.get(name) or name))
