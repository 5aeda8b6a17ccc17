"""The inspector of an agent: who it is, its day, its keys, and what it and each of its peers said to each other."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.template.loader import render_to_string

from bus.directory import directory
from dashboard.inspectors import Panel
from dashboard.look import Look
from dashboard.people import BARS, Bar, program, selector, wakes
from overview.queries.happened import Happened
from overview.queries.peers import Peer, peers
from overview.queries.people import Person
from overview.queries.person import Detail, detail
from overview.queries.talk import Bubble, Card, Pair, cards_in, said_in, talk

__all__ = ["day", "fragments", "inspect", "place_of"]

TEMPLATE = "dashboard/inspect/agent.html"
SLOT_WIDTH = 10
MOST = 100
MOST_BUBBLES = 16
LANES = {
    "delivery.leased": "delivered",
    "delivery.read": "read",
    "delivery.parked": "parked",
    "delivery.expired": "expired",
    "delivery.returned": "unread",
    "delivery.requeued": "unread",
}


@dataclass(frozen=True, slots=True)
class Stranger:
    """A peer that was asked for and has said nothing yet."""

    pk: int
    name: str
    kind: str
    harness: str


def inspect(look: Look, name: str) -> Panel:
    """Return the panel of an agent, with its talk with `peer`, or with the one it talked to last."""
    found = detail(name.removeprefix("@"), look.workspace, look.now)
    known = peers(found.person.pk, look.workspace, look.now)
    peer = _peer(look, found.person, known)
    return Panel(TEMPLATE, _about(look, found) | {"peers": known, "peer": peer} | _talk(look, found.person, peer))


def _peer(look: Look, person: Person, known: Sequence[Peer]) -> Peer | Stranger | None:
    """Return whom the URL asks for, else the latest."""
    wanted = look.query.get("peer", "").lower()
    for each in known:
        if each.name.lower() == wanted:
            return each
    agent = directory.agent_named(wanted) if wanted else None
    if agent is not None and agent.id != person.pk:
        return Stranger(agent.id, agent.name, agent.kind, agent.harness)
    return known[0] if known else None


def _about(look: Look, found: Detail) -> dict[str, Any]:
    person = found.person
    here = found.strip.here
    hours, minutes = divmod(int(here / timedelta(minutes=1)), 60)
    return {
        "person": person,
        "is_me": person.name == look.caller.agent.name,
        "program": program(person.harness),
        "wakes": wakes(person),
        "keys": found.keys,
        "tags": found.tags,
        "woken": found.wakes,
        "lately": found.woken,
        "paused_at": found.paused_at,
        "slots": [Bar(number * SLOT_WIDTH, *BARS[word], word) for number, word in enumerate(found.strip.slots)],
        "here": f"{hours} h {minutes} min" if hours else f"{minutes} min",
        "place": place_of(look, person),
    }


def place_of(look: Look, person: Person) -> str:
    """Return the id of the workspace in which an agent is reached from this page."""
    if look.workspace is not None or not person.workspace:
        return look.caller.workspace.public_id
    return person.workspace


def _talk(look: Look, person: Person, peer: Peer | Stranger | None) -> dict[str, Any]:
    if peer is None:
        return {"days": [], "to_read": [], "writes_to": "" if _is_me(look, person.name) else person.name}
    before, text = look.query.get("line", ""), look.text("find")
    pair = Pair(person.pk, peer.pk, look.workspace)
    found = talk(pair, look.now, before=int(before) if before.isdecimal() else 0, text=text)
    bubbles = [each for each in found.items if isinstance(each, Bubble)]
    return {
        "days": _days(found.items, look.now.date()),
        "older": found.older,
        "find": text,
        "is_older": bool(before),
        "talk_id": talk_id(person.name, peer.name),
        "to_read": _to_read(look, bubbles),
        "writes_to": peer.name if _is_me(look, person.name) else person.name,
    }


def _is_me(look: Look, name: str) -> bool:
    return name == look.caller.agent.name


def _days(items: Sequence[Bubble | Card], today: date) -> list[tuple[str, list[Bubble | Card]]]:
    """Return the items under the names of their days."""
    found: dict[str, list[Bubble | Card]] = defaultdict(list)
    for each in items:
        found[day(each.at.date(), today)].append(each)
    return list(found.items())


def day(at: date, today: date) -> str:
    """Return a day as people say it."""
    if at == today:
        return "Today"
    if at == today - timedelta(days=1):
        return "Yesterday"
    return f"{at:%-d %B}" if at.year == today.year else f"{at:%-d %B %Y}"


def _to_read(look: Look, bubbles: Sequence[Bubble]) -> list[tuple[str, list[str]]]:
    """Return the mail to whoever looks that is not read yet, by workspace."""
    found: dict[str, list[str]] = defaultdict(list)
    for each in bubbles:
        if _is_me(look, each.to) and each.lane in ("unread", "delivered"):
            found[each.workspace].append(each.message)
    return list(found.items())


def talk_id(agent: str, peer: str) -> str:
    """Return the id of the talk of two, the one looked at first."""
    return "talk-" + hashlib.sha256(f"{agent}\n{peer}".encode()).hexdigest()[:16]


def fragments(look: Look, events: Sequence[Happened]) -> str:
    """Return new bubbles and cards for open talks, and the ticks and cards that changed.

    Where very much is said at once, open talks say so and are read again when somebody asks.
    """
    new = [event.message for event in events if event.type == "message.created" and event.message]
    bubbles = said_in(new[:MOST_BUBBLES]) if new else []
    moved = list({event.handoff: None for event in events if event.handoff and event.type.startswith("handoff.")})
    cards = {card.handoff: card for card in cards_in(moved[-MOST:], look.now)} if moved else {}
    created = {event.handoff for event in events if event.type == "handoff.created"}
    is_much = len(new) > MOST_BUBBLES or len(bubbles) > MOST_BUBBLES
    shown = [] if is_much else [_shown(each, cards, created) for each in bubbles]
    facts = {
        "both": [each for pair in shown for each in pair],
        "ticks": [(selector(f"tick-{message}-{agent}"), lane) for (message, agent), lane in _ticks(events).items()],
        "cards": list(cards.values()),
        "is_much": is_much,
    }
    return render_to_string("dashboard/_talk_news.html", {**facts, "look": look, "is_new": True})


def _shown(bubble: Bubble, cards: dict[str, Card], created: set[str | None]) -> list[tuple[str, Bubble | Card]]:
    """Return what a message adds to the talks of its two: a bubble, or the card of the handoff that it offers first."""
    ours, theirs = talk_id(bubble.sender, bubble.to), talk_id(bubble.to, bubble.sender)
    if bubble.kind != "handoff":
        return [(ours, bubble), (theirs, replace(bubble, is_mine=False))]
    card = cards.get(bubble.handoff) if bubble.handoff in created else None
    return [(ours, card), (theirs, card)] if card else []


def _ticks(events: Sequence[Happened]) -> dict[tuple[str | None, str], str]:
    """Return the last lane of each delivery that moved."""
    return {(event.message, event.agent): LANES[event.type] for event in events if event.type in LANES}
