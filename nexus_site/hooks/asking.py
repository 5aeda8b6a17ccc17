"""Asking the server: within a second, or what NEXUS_HOOK_SECONDS says, or not at all.

It speaks plain HTTP/1.0 by itself, as loading the standard library's client takes longer than the whole exchange.
"""

import json
import os
import select
import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

__all__ = ["Away", "Server", "patience"]

CONNECT, USUAL, LEAST, MOST_SECONDS = 0.3, "1", 0.05, 30.0  # seconds
MOST, PIECE = 1_000_000, 65_536
PORTS = {"http": 80, "https": 443}
GONE = "Nexus is not reachable, so mail of other agents is not shown. `nexus status` says more."


class Away(Exception):
    """The server is not there, is too slow, or refuses; the text says which, for a person."""

    def __init__(self, text: str, code: str = "", retry_after: float = 0.0) -> None:
        """Keep the code of a refusal, empty where nobody answered, and when to ask again."""
        super().__init__(text)
        self.code, self.retry_after = code, retry_after


class Server:
    """The REST surface, as one agent."""

    def __init__(self, url: str, key: str, session: str = "", end: float | None = None) -> None:
        """Say where, who asks in which session, and when it must be over."""
        self._url = urlsplit(url)
        self._headers = {"Host": self._url.netloc, "Authorization": f"Bearer {key}"}
        self._headers |= {"Nexus-Session": session} if session else {}
        self._end = time.monotonic() + patience() if end is None else end

    def get(self, path: str, meanwhile: Callable[[], None] | None = None, **query: Any) -> dict[str, Any]:
        """Return the answer of a GET; one that waits runs `meanwhile` every second, which may end the wait."""
        asked = urlencode({name: value for name, value in query.items() if value not in ("", None)})
        return self._exchange(f"GET /api/v1/{path}?{asked}", b"", meanwhile)

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        """Return the answer of a POST."""
        return self._exchange(f"POST /api/v1/{path}", json.dumps(body).encode(), None)

    def _exchange(self, line: str, body: bytes, meanwhile: Callable[[], None] | None) -> dict[str, Any]:
        try:
            with self._connected() as connection:
                connection.sendall(self._head(line, body) + body)
                while meanwhile and self._left() > LEAST and not select.select([connection], [], [], 1.0)[0]:
                    meanwhile()
                status, text = self._response(connection)
            answer = json.loads(text)
        except (OSError, ValueError, IndexError) as error:
            raise Away(GONE) from error
        if status != 200 or not isinstance(answer, dict):
            raise _refusal(answer)
        return answer

    def _left(self) -> float:
        return max(self._end - time.monotonic(), LEAST)

    def _connected(self) -> socket.socket:
        scheme, host = self._url.scheme, self._url.hostname or ""
        address = (host, self._url.port or PORTS[scheme])
        connection = socket.create_connection(address, timeout=min(CONNECT, self._left()))
        connection.settimeout(self._left())
        if scheme == "http":
            return connection
        import ssl

        return ssl.create_default_context().wrap_socket(connection, server_hostname=host)

    def _head(self, line: str, body: bytes) -> bytes:
        about = {"Content-Type": "application/json", "Content-Length": str(len(body))} if body else {}
        lines = [f"{line} HTTP/1.0", *(f"{name}: {value}" for name, value in (self._headers | about).items())]
        if any(not each.isprintable() for each in lines):
            raise ValueError(line)
        return "\r\n".join([*lines, "", ""]).encode("ascii")

    def _response(self, connection: socket.socket) -> tuple[int, bytes]:
        """Return status and body; the server closes after them."""
        said = b""
        while len(said) < MOST:
            connection.settimeout(self._left())
            piece = connection.recv(PIECE)
            if not piece:
                break
            said += piece
        head, _, body = said.partition(b"\r\n\r\n")
        return int(head.split(None, 2)[1]), body


def patience() -> float:
    """Return for how many seconds a hook asks, or raise `Away`, which says what the variable may be."""
    named = os.environ.get("NEXUS_HOOK_SECONDS") or USUAL
    try:
        seconds = float(named)
    except ValueError:
        seconds = 0.0
    if not LEAST < seconds <= MOST_SECONDS:
        raise Away(f"NEXUS_HOOK_SECONDS must be a number of seconds from 0.1 to {MOST_SECONDS:g}, not {named!r}.")
    return seconds


def _refusal(answer: Any) -> Away:
    try:
        error = answer["error"]
        return Away(f"Nexus: {error['message']} {error['hint']}", error["code"], error.get("retry_after") or 0.0)
    except (TypeError, KeyError):
        return Away(GONE)
