"""The tool `sync`: send, wait and read in one call."""

from collections.abc import Mapping
from typing import Any

from bus import door, knobs
from bus.identity import Caller
from bus.readers import readers
from nexus_site.agent_bus import shapes, texts
from nexus_site.agent_bus.arguments import REQUIRED, Argument, Object, Text, read
from nexus_site.agent_bus.faults import invalid
from nexus_site.agent_bus.topics import Given, Said

__all__ = ["DEFAULT_ITEMS", "syncing"]

DEFAULT_ITEMS = 20

OUTGOING: Mapping[str, Argument] = {
    "content_markdown": Text(REQUIRED),
    "message_type": Text("message", longest=32, strips=True),
    "reply_to": Text(),
    "metadata": Object(),
    "client_message_id": Text(longest=128, strips=True),
}
CLOSED = "The topic is closed: nothing more will come."


async def syncing(caller: Caller, given: Given) -> Said:
    """Send the outbox, and answer what is new; where nothing is, wait for it."""
    if given["ack_through"] is not None and given["auto_advance"]:
        raise invalid("ack_through needs auto_advance=false.")
    topic = given["topic_id"]
    order = {
        "topic": topic,
        "outbox": [_outgoing(at, each) for at, each in enumerate(given["outbox"] or ())],
        "limit": await _limit(given["max_items"]),
        "include_self": given["include_self"],
        "timeout_seconds": given["wait_seconds"],
        "auto_advance": given["auto_advance"],
        "ack_through": given["ack_through"],
    }
    found = await door.call("topic_sync", caller, order)
    shaped = shapes.synced(topic, found)
    if found.status == "closed" and given["wait_seconds"]:
        shaped = shapes.warned(shaped, "TOPIC_CLOSED", CLOSED, topic_id=topic)
    return texts.synced(shaped, await texts.bodies()), shaped


async def _limit(asked: int) -> int:
    """Return how many messages to take; the default is never more than the settings allow."""
    most: int = await readers.look(lambda: knobs.get("topic_max_sync_items"))
    return min(asked, most) if asked == DEFAULT_ITEMS else asked


def _outgoing(at: int, item: Mapping[str, Any]) -> Given:
    """Return an item of the outbox as ours."""
    found = read(OUTGOING, item, f"outbox[{at}].")
    return {
        "body": found["content_markdown"],
        "kind": found["message_type"],
        "reply_to": found["reply_to"],
        "metadata": found["metadata"] or {},
        "client_id": found["client_message_id"],
    }
