"""What may follow what: the log of one handoff or delivery read as a story, which has one ending only."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from tests.races.ledger import Ledger

__all__ = ["Event", "of_delivery", "of_handoff", "strange_deliveries", "strange_handoffs", "tally"]

HELD = {"renewed", "released", "lease_ended", "completed", "cancelled", "failed", "verifying", "reassigned"}
FREE = {"claimed", "completed", "cancelled", "verifying", "reassigned", "rejected"}
NEXT = {
    "created": FREE - {"completed", "verifying"},
    "claimed": HELD,
    "renewed": HELD,
    "failed_verification": HELD,
    "released": FREE,
    "lease_ended": FREE,
    "reassigned": FREE - {"completed", "verifying"},
    "verifying": {"verified", "failed_verification", "cancelled"},
    "verified": {"completed"},
}
NEXT_OF_MAIL = {
    "created": {"leased", "read", "expired"},
    "leased": {"extended", "returned", "read", "parked"},
    "extended": {"extended", "returned", "read", "parked"},
    "returned": {"leased", "read", "expired"},
    "parked": {"requeued", "read"},
    "requeued": {"leased", "read"},
}
OF_HANDOFF = """
SELECT type, at, payload FROM bus_event WHERE handoff = ? AND type LIKE 'handoff.%' ORDER BY id
"""
OF_DELIVERY = """
SELECT type, at, payload FROM bus_event
WHERE message = ? AND (type = 'message.created' OR (type LIKE 'delivery.%' AND agent = ?)) ORDER BY id
"""


class Event(NamedTuple):
    """One event: what it is called after the dot, when it was, and what it says."""

    what: str
    at: datetime
    payload: dict[str, Any]


def of_handoff(found: Ledger, handoff: str) -> list[Event]:
    """Return the events of a handoff in the order of the log."""
    return [_event(*row) for row in found.rows(OF_HANDOFF, handoff)]


def of_delivery(found: Ledger, message: str, agent: str) -> list[Event]:
    """Return the events of a message as far as they concern one recipient; a lease that is prolonged is `extended`."""
    return [_event(*row) for row in found.rows(OF_DELIVERY, message, agent)]


def _event(type_: str, at: str, payload: str) -> Event:
    said = json.loads(payload)
    what = "extended" if said.get("extended") else type_.partition(".")[2]
    return Event(what, datetime.fromisoformat(f"{at}+00:00"), said)


def strange_handoffs(events: list[Event]) -> list[str]:
    """Return what cannot have happened to a handoff in this order."""
    strange = _out_of_order(events, NEXT)
    epoch = 0
    for event in events:
        epoch += event.what == "claimed"
        if event.payload["epoch"] != epoch:
            strange.append(f"{event.what} with epoch {event.payload['epoch']} where it is {epoch}")
    return strange + _out_of_time(events, ends="lease_ended", prolongs="renewed")


def strange_deliveries(events: list[Event]) -> list[str]:
    """Return what cannot have happened to a delivery in this order."""
    strange = _out_of_order(events, NEXT_OF_MAIL)
    attempt = 0
    for event in events:
        attempt = 0 if event.what == "requeued" else attempt + (event.what == "leased")
        if event.payload.get("attempt", attempt) != attempt:
            strange.append(f"{event.what} at attempt {event.payload['attempt']} where it is {attempt}")
    by_time = [each for each in events if each.payload.get("reason") != "released"]
    return strange + _out_of_time(by_time, ends="returned", prolongs="extended")


def _out_of_order(events: list[Event], following: dict[str, set[str]]) -> list[str]:
    names = [event.what for event in events]
    wrong = [f"{after} after {before}" for before, after in pairwise(names) if after not in following.get(before, ())]
    return wrong if names[:1] == ["created"] else [f"begins with {names[:1]}", *wrong]


def _out_of_time(events: Iterable[Event], *, ends: str, prolongs: str) -> list[str]:
    """Return the leases that ended while they ran, and those that were prolonged when they were over."""
    strange, until = [], None
    for event in events:
        if until is not None and event.what == ends and event.at < until:
            strange.append(f"{ends} at {event.at}, before {until}")
        if until is not None and event.what == prolongs and event.at >= until:
            strange.append(f"{prolongs} at {event.at}, after {until}")
        if said := event.payload.get("lease_until"):
            # What a client reads is cut to milliseconds.
            until = datetime.fromisoformat(said)
    return strange


def tally(events: Iterable[Event]) -> Counter[str]:
    """Count events by name."""
    return Counter(event.what for event in events)
