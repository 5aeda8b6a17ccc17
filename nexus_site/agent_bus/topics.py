"""The tools about topics and who takes part in them, each one of our operations."""

from importlib import metadata
from typing import Any

from bus import door
from bus.identity import Caller
from bus.text import shorten
from nexus_site.agent_bus import shapes, texts
from nexus_site.agent_bus.faults import invalid
from nexus_site.agent_bus.shapes import Structured
from nexus_site.agent_bus.tokens import tokens

__all__ = ["Given", "Said", "closing", "creating", "joining", "listing", "ping", "presence", "resetting", "resolving"]

SPEC_VERSION = "v6.3"
PAGE, MOST_TOPICS, LONGEST_REASON = 200, 2000, 200
CUT = f"The reason is cut to {LONGEST_REASON} characters."
Said = tuple[str, Structured]
Given = dict[str, Any]


async def ping(caller: Caller, given: Given) -> Said:
    """Say that the server is here."""
    version = metadata.version("nexus-bus")
    return f"pong ({version})", {"ok": True, "spec_version": SPEC_VERSION, "package_version": version}


async def creating(caller: Caller, given: Given) -> Said:
    """Open a topic, or answer the newest open one of the name."""
    order = {"mode": given["mode"], "metadata": given["metadata"] or {}} | _some(name=given["name"])
    shaped = shapes.opened(await door.call("topic_create", caller, order))
    return texts.found(shaped), shaped


async def listing(caller: Caller, given: Given) -> Said:
    """List all topics of a status, the most recently active first."""
    shaped: list[Structured] = []
    order = {"state": given["status"], "limit": PAGE}
    while len(shaped) < MOST_TOPICS:
        page = await door.call("topic_list", caller, order)
        shaped += map(shapes.topic, page.topics)
        if page.next_cursor is None:
            break
        order["cursor"] = page.next_cursor
    return texts.topics(given["status"], shaped), {"topics": shaped}


async def resolving(caller: Caller, given: Given) -> Said:
    """Find a topic by its name."""
    order = {"name": given["name"], "allow_closed": given["allow_closed"]}
    shaped = shapes.opened(await door.call("topic_resolve", caller, order))
    return texts.found(shaped), shaped


async def joining(caller: Caller, given: Given) -> Said:
    """Take part in a topic under a name that is this session's alone."""
    name, topic, peer = given["name"], given["topic_id"], given["agent_name"]
    if (name is None) == (topic is None):
        raise invalid("Give exactly one of topic_id and name.")
    if topic is None:
        wanted = {"name": name, "allow_closed": given["allow_closed"]}
        topic = (await door.call("topic_resolve", caller, wanted)).topic
    token = given["reclaim_token"] or tokens.find(caller, topic, peer)
    order = {"topic": topic, "peer": peer, "session_only": True} | _some(reclaim_token=token)
    joined = await door.call("topic_join", caller, order)
    tokens.keep(caller, topic, joined.peer, joined.reclaim_token)
    shaped = {"topic_id": joined.topic, "name": joined.name, "status": joined.state}
    shaped |= {"agent_name": joined.peer, "reclaim_token": joined.reclaim_token}
    return texts.joined(shaped), shaped


async def presence(caller: Caller, given: Given) -> Said:
    """List who was heard in a topic lately."""
    topic, window, limit = given["topic_id"], given["window_seconds"], given["limit"]
    order = {"topic": topic, "window_seconds": window, "limit": limit}
    found = await door.call("topic_presence", caller, order)
    now = caller.now.timestamp()
    peers = [shapes.peer(each, now) for each in found.peers]
    shaped = {"topic_id": topic, "window_seconds": window, "limit": limit, "now": now, "peers": peers}
    return texts.peers(window, peers), {**shaped, "count": len(peers)}


async def resetting(caller: Caller, given: Given) -> Said:
    """Put the peer's cursor somewhere else."""
    placed = await door.call("topic_cursor_reset", caller, {"topic": given["topic_id"], "seq": given["last_seq"]})
    shaped = {"topic_id": placed.topic, "agent_name": placed.peer, "cursor": shapes.cursor(placed.cursor)}
    return texts.moved(shaped), shaped


async def closing(caller: Caller, given: Given) -> Said:
    """Close a topic; a second time is no error, and neither is a long reason."""
    reason, is_cut = shorten(given["reason"] or "", LONGEST_REASON)
    found = await door.call("topic_close", caller, {"topic": given["topic_id"]} | _some(reason=reason or None))
    shaped = shapes.closed(found)
    if found.warning is not None:
        shaped = shapes.warned(shaped, "ALREADY_CLOSED", found.warning, topic_id=found.topic)
    elif is_cut:
        shaped = shapes.warned(shaped, "REASON_SHORTENED", CUT, topic_id=found.topic)
    return texts.closed(shaped), shaped


def _some(**fields: Any) -> Given:
    """Return the fields that were given."""
    return {name: value for name, value in fields.items() if value is not None}
