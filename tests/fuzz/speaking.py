"""MCP in both eras, with whatever a client may put on the wire."""

import json
from collections import Counter
from typing import Any

import httpx2
from mcp_types import jsonrpc

from nexus_site.mcp.resources import NOT_FOUND
from nexus_site.replies import REFUSED
from tests.fuzz.arena import Arena, shaped
from tests.protocol.wires import HANDSHAKE, META, MODERN, rpc

__all__ = ["ERAS", "Speaker", "known_error"]

ERAS = ["handshake", "modern", "exchange"]
BOTH = "application/json, text/event-stream"
# Never INTERNAL_ERROR, which says that something failed inside.
ERRORS = {
    jsonrpc.PARSE_ERROR,
    jsonrpc.INVALID_REQUEST,
    jsonrpc.METHOD_NOT_FOUND,
    jsonrpc.INVALID_PARAMS,
    jsonrpc.HEADER_MISMATCH,
    jsonrpc.UNSUPPORTED_PROTOCOL_VERSION,
    REFUSED,
    NOT_FOUND,
}


class Speaker:
    """A client of alice's; what it is answered is checked and counted."""

    def __init__(self, arena: Arena, era: str) -> None:
        self.arena, self.era = arena, era
        self.url = "/api/v1/mcp" if era == "exchange" else "/mcp"
        self.answers: Counter[int] = Counter()
        headers = {"Authorization": f"Bearer {arena.alice.key}", "Accept": BOTH, "Content-Type": "application/json"}
        self.http = arena.server.client(base_url=arena.server.url, headers=headers)
        self.session: dict[str, str] = {}

    def say(self, message: Any) -> Any:
        """Send a message as a client of this era would, and return what it is answered; None for nothing."""
        headers: dict[str, str] = {}
        if self.era == "modern" and isinstance(message, dict):
            headers = {"Mcp-Protocol-Version": MODERN}
            method, params = message.get("method"), message.get("params")
            if isinstance(params, dict):
                message = {**message, "params": {"_meta": META, **params}}
                name = params.get("uri" if method == "resources/read" else "name")
                headers |= {"Mcp-Name": name} if _is_plain(name) else {}
            headers |= {"Mcp-Method": method} if _is_plain(method) else {}
        return self.send(json.dumps(message).encode(), headers)

    def send(self, body: bytes, headers: dict[str, str]) -> Any:
        """Send bytes in a session that lives, and return what they are answered."""
        for _ in range(2):
            status, answer = self._answer(body, self._in_session(headers))
            if status != 404 or self.era != "handshake":
                break
            self.session = {}  # it was closed by what was said in it
        self.answers[status] += 1
        assert status < 500, (body[:2000], answer)
        return answer

    def _in_session(self, headers: dict[str, str]) -> dict[str, str]:
        if self.era != "handshake":
            return headers
        if not self.session:
            info = {"name": "codex", "version": "1"}
            start = rpc("initialize", {"protocolVersion": HANDSHAKE, "capabilities": {}, "clientInfo": info})
            opened = self.http.post(self.url, json=start)
            self.session = {"Mcp-Session-Id": opened.headers["mcp-session-id"], "Mcp-Protocol-Version": HANDSHAKE}
        return {**self.session, **headers}

    def _answer(self, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        with self.http.stream("POST", self.url, content=body, headers=headers) as answer:
            if answer.headers.get("content-type", "").startswith("text/event-stream"):
                return answer.status_code, _first(answer)
            text = answer.read()
        return answer.status_code, json.loads(text) if text else None


def _is_plain(name: object) -> bool:
    """Say whether a name can stand in a header."""
    return isinstance(name, str) and name.isascii() and name.isprintable() and name == name.strip()


def _first(answer: httpx2.Response) -> Any:
    """Return the first message of a stream, which may go on for ever."""
    for line in answer.iter_lines():
        if line.startswith("data: ") and line != "data: ":
            return json.loads(line.removeprefix("data: "))
    return None


def known_error(answer: Any) -> dict[str, Any]:
    """Assert that an answer is a JSON-RPC error of a known number with the error shape in its data."""
    assert answer["jsonrpc"] == "2.0"
    error: dict[str, Any] = answer["error"]
    assert error["code"] in ERRORS, error
    assert error["message"]
    data = error["data"]
    shaped({"error": {name: data[name] for name in ("code", "message", "details", "hint")}})
    return error
