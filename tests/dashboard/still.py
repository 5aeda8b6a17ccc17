"""The repository's files over HTTP under the policy of the real pages, and a made-up log behind the Live page's questions."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["BEGAN", "site"]

ROOT = Path(__file__).resolve().parents[2]
POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-graph'; style-src 'self'; img-src 'self' data:; connect-src 'self'"
)
BEGAN, MINUTE = datetime(2026, 11, 26, 13, 30, tzinfo=UTC), 60
LOG = [6 * MINUTE, 12 * MINUTE, 18 * MINUTE, 24 * MINUTE]


def instant(seconds: float) -> str:
    at = datetime.fromtimestamp(BEGAN.timestamp() + seconds, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event(number: int) -> dict[str, Any]:
    """Return a message from ann to ben."""
    return {
        "cursor": str(number + 1),
        "seq": number + 1,
        "at": instant(LOG[number]),
        "type": "message.created",
        "actor": "ann",
        "message": f"msg_{number}",
        "kind": "direct",
        "title": f"Note {number}",
        "data": {"to": ["ben"], "kind": "direct"},
    }


def agent(name: str, unread: int) -> dict[str, Any]:
    fixed = {"kind": "agent", "harness": "codex", "role": "", "presence": "present", "seen_at": None}
    return {"name": name, "capabilities": [], "held": 0, "unread": unread, **fixed}


def state(query: dict[str, list[str]]) -> dict[str, Any]:
    at = query["at"][0] if "at" in query else instant(30 * MINUTE)
    count = sum(event(number)["at"] <= at for number in range(len(LOG)))
    edges = [{"from": "ann", "to": "ben", "unread": count, "last_at": at, "kind": "direct"}] if count else []
    agents = [agent("ann", 0), agent("ben", count)]
    facts = {"agents": agents, "work": [], "topics": [], "edges": edges, "live": "at" not in query}
    return {"at": at, "now": instant(30 * MINUTE), "cursor": str(count), **facts}


def events(query: dict[str, list[str]]) -> dict[str, Any]:
    after = int(query["after"][0])
    return {"events": [event(number) for number in range(after, len(LOG))], "cursor": str(len(LOG)), "more": False}


def traffic(query: dict[str, list[str]]) -> dict[str, Any]:
    window = {"from": query.get("from", [instant(0)])[0], "to": query.get("to", [instant(30 * MINUTE)])[0]}
    marks = [{"at": instant(18 * MINUTE), "kind": "failed", "title": "Seed fixtures"}]
    return {**window, "bars": [[1, 0]] * 96, "marks": marks, "first": instant(0), "total": len(LOG)}


ANSWERS = {"/live/state": state, "/live/events": events, "/live/traffic": traffic}


class Handler(SimpleHTTPRequestHandler):
    """Files, and the three questions of the Live page."""

    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript", ".js": "text/javascript"}

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        if asked.path not in ANSWERS:
            super().do_GET()
            return
        body = json.dumps(ANSWERS[asked.path](parse_qs(asked.query))).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def site() -> Iterator[str]:
    """Serve the repository on a free port; yield the URL of the graph's pages."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(ROOT))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/tests/dashboard/graph_page"
        finally:
            server.shutdown()
            thread.join()
