"""What a workspace's log adds up to: who is a member, and what is live: mail not read, topics and handoffs not closed.

`fold(state, entry)` depends on nothing but its arguments, so that anyone with the log can compute the same state. A room
adds its part with `register`. A part holds live things only; what is over leaves it, and `Ended` tells how it ended.
"""

import hashlib
import json
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from bus.events import canonical
from bus.models import Delivery, Membership, Peer, Topic

__all__ = ["Ended", "Entry", "Part", "State", "digest", "empty", "fold", "load", "parts", "register", "text"]

State = dict[str, Any]
LIVE = (Delivery.Lane.UNREAD, Delivery.Lane.DELIVERED, Delivery.Lane.PARKED)
OVER = (Delivery.Lane.READ, Delivery.Lane.EXPIRED)
CHUNK = 2000


class Entry(NamedTuple):
    """What folding needs of one event."""

    seq: int
    type: str
    message: str
    handoff: str
    agent: str
    payload: dict[str, Any]
    topic: str = ""


class Ended(NamedTuple):
    """Something that left the live state: its name in the part, and what its row says from then on."""

    name: str
    outcome: str


@dataclass(frozen=True)
class Part:
    """One part of the state, in the log and in the tables.

    `fold(part, entry)` applies an event of the part's nouns; `actual(workspace)` is what the tables say the part is.
    `ended(entry)` names what an event ended, `over(workspace)` what the tables say is over.
    """

    name: str
    fold: Callable[[Any, Entry], None]
    actual: Callable[[int], Any]
    ended: Callable[[Entry], Ended | None] | None = None
    over: Callable[[int], Iterable[Ended]] | None = None
    blank: Callable[[], Any] = dict


_parts: dict[str, Part] = {}
_by_noun: dict[str, Part] = {}


def register(noun: str, fold: Callable[[Any, Entry], None], actual: Callable[[int], Any], **more: Any) -> None:
    """Add the part `{noun}s` of the state (a plural is its own), changed by events `{noun}.…`; `more` are fields of `Part`."""
    name = noun if noun.endswith("s") else f"{noun}s"
    _add(Part(name, fold, actual, **more), noun)


def _add(part: Part, *nouns: str) -> None:
    _parts[part.name] = part
    _by_noun.update(dict.fromkeys(nouns, part))


def parts() -> Iterable[Part]:
    """Return every part of the state."""
    return _parts.values()


def part_of(entry: Entry) -> Part | None:
    """Return the part that an event changes, or None."""
    return _by_noun.get(entry.type.partition(".")[0])


def empty() -> State:
    """Return the state before the first event."""
    return {part.name: part.blank() for part in _parts.values()}


def fold(state: State, entry: Entry) -> None:
    """Apply one event to the state."""
    part = part_of(entry)
    if part is not None:
        part.fold(state[part.name], entry)


def text(state: State) -> str:
    """Return the state's one JSON text; empty parts are left out, so that a new room changes no old text."""
    return canonical({name: part for name, part in state.items() if part})


def load(stored: str) -> State:
    """Return the state of a text."""
    state: State = json.loads(stored)
    return empty() | state


def digest(stored: str) -> bytes:
    """Return the SHA-256 of a state's text."""
    return hashlib.sha256(stored.encode("utf-8", "replace")).digest()


def _join(members: list[str], entry: Entry) -> None:
    if entry.type == "workspace.joined":
        place = bisect_left(members, entry.agent)
        if members[place : place + 1] != [entry.agent]:
            members.insert(place, entry.agent)


def _members(workspace: int) -> list[str]:
    return sorted(Membership.objects.filter(workspace_id=workspace).values_list("agent__name", flat=True))


Mail = dict[str, dict[str, list[Any]]]


def _deliver(mail: Mail, entry: Entry) -> None:
    if entry.type == "message.created":
        if names := entry.payload["to"]:
            mail[entry.message] = {name: ["unread", 0] for name in names}
        return
    lane = _LANES.get(entry.type)
    if lane is None:
        return
    recipients = mail.get(entry.message, {})
    if lane in OVER:
        recipients.pop(entry.agent, None)
        if not recipients:
            mail.pop(entry.message, None)
        return
    recipients[entry.agent] = [lane, _attempt(entry, recipients.get(entry.agent))]
    mail[entry.message] = recipients


_LANES = {
    "delivery.leased": "delivered",
    "delivery.returned": "unread",
    "delivery.requeued": "unread",
    "delivery.parked": "parked",
    "delivery.read": "read",
    "delivery.expired": "expired",
}


def _attempt(entry: Entry, before: list[Any] | None) -> int:
    """Return the attempt after an event: requeueing counts anew, a return keeps it, others say it."""
    if entry.type == "delivery.requeued":
        return 0
    kept = before[1] if before else 0
    return int(entry.payload.get("attempt", kept))


def _mail(workspace: int) -> Mail:
    mail: Mail = {}
    for message, agent, lane, attempt in _deliveries(workspace, LIVE):
        mail.setdefault(message, {})[agent] = [lane, attempt]
    return mail


def _ended_mail(entry: Entry) -> Ended | None:
    lane = _LANES.get(entry.type)
    return Ended(f"{entry.message} for {entry.agent}", lane) if lane in OVER and lane else None


def _mail_over(workspace: int) -> Iterator[Ended]:
    for message, agent, lane, _ in _deliveries(workspace, OVER):
        yield Ended(f"{message} for {agent}", lane)


def _deliveries(workspace: int, lanes: Iterable[str]) -> Iterator[tuple[str, str, str, int]]:
    rows = Delivery.objects.filter(workspace_id=workspace, lane__in=lanes)
    return rows.values_list("message__public_id", "recipient__name", "lane", "attempt").iterator(CHUNK)


Threads = dict[str, dict[str, Any]]


def _follow(threads: Threads, entry: Entry) -> None:
    """Apply an event `topic.…` to the open topics; a closed one leaves."""
    if entry.type == "topic.created":
        threads[entry.topic] = {"latest": 0, "peers": {}}
    elif entry.type in ("topic.closed", "topic.deleted"):
        threads.pop(entry.topic, None)
    elif thread := threads.get(entry.topic):
        if entry.type == "topic.posted":
            thread["latest"] = entry.payload["seq"]
        elif entry.type in ("topic.joined", "topic.advanced"):
            thread["peers"][entry.payload["peer"]] = entry.payload["seq"]


def _threads(workspace: int) -> Threads:
    topics = Topic.objects.filter(workspace_id=workspace, closed_at=None)
    threads: Threads = {
        public_id: {"latest": latest, "peers": {}}
        for public_id, latest in topics.values_list("public_id", "latest_seq")
    }
    peers = Peer.objects.filter(topic__in=topics).values_list("topic__public_id", "name", "seq")
    for public_id, name, seq in peers.iterator(CHUNK):
        threads[public_id]["peers"][name] = seq
    return threads


_add(Part("members", _join, _members, blank=list), "workspace")
_add(Part("mail", _deliver, _mail, _ended_mail, _mail_over), "message", "delivery")
_add(Part("topics", _follow, _threads), "topic")
