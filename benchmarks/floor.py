"""The floor: what the same web server and the same disk do with nothing of Nexus in between.

`application` reads the body of a POST and answers a constant that looks like the answer to a direct message, so the
load client treats it as one. The disk's share is raw SQLite with the pragmas that Nexus uses.
"""

import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

__all__ = ["application", "command", "inserts_per_second"]

Event = MutableMapping[str, Any]
CREATED = (
    b'{"message":"msg_0000000000000000000000","recipients":[{"agent":"bench-01","presence":"present","unread":100,'
    b'"last_seen_at":"2026-01-01T00:00:00.000000Z"}],"excluded_stale":[],"excluded_offline":[]}'
)
TEXT = CREATED.replace(b'"', b'\\"')
TOOL_RESULT = (
    b'{"jsonrpc":"2.0","id":1000,"result":{"content":[{"type":"text","text":"' + TEXT + b'"}],'
    b'"structuredContent":' + CREATED + b',"isError":false}}'
)
INSERT = "INSERT INTO message (public_id, sender, recipient, subject, body) VALUES (?, ?, ?, ?, ?)"
ROW = ("msg_0000000000000000000000", 1, 2, "A direct message", "x" * 400)


async def application(
    scope: Event, receive: Callable[[], Awaitable[Event]], send: Callable[[Event], Awaitable[None]]
) -> None:
    """Read the request's body and answer a constant."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    body = TOOL_RESULT if scope["path"] == "/mcp" else CREATED
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def command(server: str, port: int) -> list[str]:
    """Return the command that serves the floor, without an access log, by `daphne` or `uvicorn`."""
    if server == "uvicorn":
        options = ["--host", "127.0.0.1", "--port", str(port), "--no-access-log", "--log-level", "warning"]
    else:
        options = ["-b", "127.0.0.1", "-p", str(port), "-v", "0"]
    return [sys.executable, "-m", server, *options, "benchmarks.floor:application"]


def inserts_per_second(folder: Path, group: int, seconds: float) -> float:
    """Return how many rows a second raw SQLite commits durably, `group` rows a transaction."""
    database = sqlite3.connect(folder / f"floor-{group}.sqlite3", isolation_level=None)
    try:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute(
            "CREATE TABLE message (id INTEGER PRIMARY KEY, public_id TEXT UNIQUE, sender INTEGER, recipient INTEGER,"
            " subject TEXT, body TEXT)"
        )
        return _insert(database, group, seconds)
    finally:
        database.close()


def _insert(database: sqlite3.Connection, group: int, seconds: float) -> float:
    rows, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        database.execute("BEGIN IMMEDIATE")
        for _ in range(group):
            database.execute(INSERT, (f"msg_{rows:022d}", *ROW[1:]))
            rows += 1
        database.execute("COMMIT")
    return rows / (time.perf_counter() - started)
