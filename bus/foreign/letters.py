"""Messages of another program, each with what became of it for every recipient."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bus import events, mail
from bus.directory import directory
from bus.foreign.settling import Settling
from bus.models import Delivery, Message

__all__ = ["Letter", "Receipt", "post"]

LONGEST = 200


@dataclass(frozen=True, slots=True)
class Receipt:
    """One recipient: `unread`, or since an instant `read` or `parked`, after so many attempts."""

    to: str
    lane: str = "unread"
    at: datetime | None = None
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """A message of the other program; `to` is the address as it was written, in our words."""

    id: str
    sender: str
    at: datetime
    subject: str
    body: str
    receipts: Sequence[Receipt]
    to: Any = None
    kind: str = "direct"
    reply_to: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)


def post(settling: Settling, letter: Letter) -> None:
    """Plan a message, and what became of it."""
    settling.at(letter.at, _send, letter)
    for receipt in letter.receipts:
        if receipt.lane != "unread":
            settling.at(max(receipt.at or letter.at, letter.at), _end, letter, receipt)


def _send(settling: Settling, letter: Letter) -> None:
    subject = _subject(letter)
    sender = settling.caller(letter.at, letter.sender)
    here = Message.objects.filter(workspace_id=settling.workspace.id, sender_id=sender.agent.id, sent_at=letter.at)
    known = here.filter(subject=subject).values_list("public_id", flat=True).first()
    if known is not None:
        settling.ids[letter.id] = known
        settling.report.known["messages"] += 1
        return
    names = [settling.people[each.to] for each in letter.receipts]
    recipients = [agent for name in names if (agent := directory.agent_named(name)) is not None]
    draft = mail.Draft(
        kind=letter.kind,
        subject=subject,
        body=letter.body,
        to=letter.to if letter.to is not None else names,
        reply_to=_row(settling, letter.reply_to),
        metadata=letter.metadata | settling.mark(letter.id),
    )
    public_id = settling.ids[letter.id] = mail.post(sender, draft, recipients)
    if sender.now != letter.at:
        Message.objects.filter(public_id=public_id).update(sent_at=letter.at)
    settling.report.brought["messages"] += 1
    settling.report.brought["deliveries"] += len(recipients)


def _subject(letter: Letter) -> str:
    said = " ".join((letter.subject or letter.body.strip().partition("\n")[0]).split())
    return said[:LONGEST] or "No subject"


def _row(settling: Settling, foreign: str) -> int | None:
    """Return the row of the message that was answered, where it was brought."""
    answered = Message.objects.filter(public_id=settling.ids.get(foreign, ""), workspace_id=settling.workspace.id)
    return answered.values_list("pk", flat=True).first() if foreign else None


def _end(settling: Settling, letter: Letter, receipt: Receipt) -> None:
    """Let a delivery be read or parked, unless it is so already."""
    name, at = settling.people[receipt.to], receipt.at or letter.at
    waiting = Delivery.objects.filter(
        message__public_id=settling.ids[letter.id], recipient__name=name, lane=Delivery.Lane.UNREAD
    )
    reason = "parked before it was imported" if receipt.lane == "parked" else ""
    values = {"lane": receipt.lane, "attempt": receipt.attempt, "delivered_at": at, "ended_at": at, "reason": reason}
    if waiting.update(**values):
        payload = {"attempt": receipt.attempt, "reason": reason} if reason else {}
        caller = settling.caller(at, receipt.to)
        events.record(caller, f"delivery.{receipt.lane}", payload, message=settling.ids[letter.id], agent=name)
