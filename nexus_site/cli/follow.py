"""`nexus tail`: the log as it grows, from the server's stream where one runs, else from the database."""

import argparse
import json
import time
from collections.abc import Iterator
from http.client import HTTPException
from urllib.parse import urlencode

from nexus_site.cli.calls import add_key, key_of
from nexus_site.cli.command import Command, Failed, Json, show
from nexus_site.cli.places import add_workspace, here
from nexus_site.cli.ways import Remote, Way, way

__all__ = ["COMMANDS", "events"]

STREAM = "/api/v1/events/stream"
POLL_EVERY = 0.5
RECONNECT_AFTER = 1.0
PAGE = 200


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-n", "--lines", type=int, default=10, help="show this many events first (10)")
    parser.add_argument("--no-follow", action="store_true", help="end after those")
    parser.add_argument("--types", default="", help="types or nouns, comma-separated: handoff,message.created")
    parser.add_argument("--subjects", default="", help="ids or agent names, comma-separated")
    add_workspace(parser)
    add_key(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")


def tail(given: argparse.Namespace) -> int:
    """Show the newest events, then every new one."""
    by = way(key_of(given))
    filters = {name: getattr(given, name).split(",") for name in ("types", "subjects") if getattr(given, name)}
    order = filters | here(by, given.workspace)
    newest = by.call("event_list", {**order, "limit": min(max(given.lines, 1), PAGE)})
    for event in reversed(newest["events"][: given.lines]):
        _show(given, event)
    if given.no_follow:
        return 0
    for event in events(by, order, newest["cursor"]):
        _show(given, event)
    return 0


def events(by: Way, order: Json, cursor: str) -> Iterator[Json]:
    """Yield the events after a cursor, for ever: from the server's stream where one runs, else from the database."""
    return _stream(by, order, cursor) if isinstance(by, Remote) else _poll(by, order, cursor)


def _stream(by: Remote, order: Json, cursor: str) -> Iterator[Json]:
    """Yield events from the server's stream; after a restart go on where it stopped."""
    query = urlencode({name: value if isinstance(value, str) else ",".join(value) for name, value in order.items()})
    while True:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": cursor}
        try:
            with by.open("GET", f"{STREAM}?{query}", None, **headers) as response:
                if response.status != 200:
                    raise Failed(json.loads(response.read()))
                for line in response:
                    field, _, value = line.decode().rstrip("\n").partition(": ")
                    if field == "id":
                        cursor = value
                    elif field == "data":
                        yield json.loads(value)
        except (OSError, HTTPException):
            pass
        time.sleep(RECONNECT_AFTER)


def _poll(by: Way, order: Json, cursor: str) -> Iterator[Json]:
    while True:
        page = by.call("event_list", {**order, "after": cursor, "limit": PAGE})
        cursor = page["cursor"]
        yield from page["events"]
        if len(page["events"]) < PAGE:
            time.sleep(POLL_EVERY)


def _show(given: argparse.Namespace, event: Json) -> None:
    subjects = [event[name] for name in ("message", "handoff", "topic", "task", "agent") if name in event]
    facts = " ".join(f"{name}={_short(value)}" for name, value in event.get("data", {}).items())
    line = f"{event['at'][11:19]}  {event['type']:<20} {event['actor']:<16} {' '.join(subjects)}  {facts}"
    show(given, event, [line.rstrip()])


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:39]}…"


COMMANDS = {"tail": Command(_arguments, tail, ("", "-n 50 --no-follow", "--types handoff,message.created --json"))}
