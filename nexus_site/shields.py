"""The headers that keep a browser careful, on the answers of every route; what a route says itself stays.

Invariant: no answer leaves without them, whether Django, the MCP transport or a file gave it, and only a page may run
anything. What refuses before any route sends them by itself, with `replies.send_json`.
"""

from collections.abc import Awaitable
from functools import lru_cache

from nexus_site.guard import App
from nexus_site.replies import CAREFUL, Message, Receive, Scope, Send

__all__ = ["shielded"]

Headers = list[tuple[bytes, bytes]]
KIND, POLICY, PAGE = b"content-type", b"content-security-policy", b"text/html"


def shielded(app: App) -> App:
    """Return `app` with every HTTP answer completed."""

    def completed(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        def sent(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                message["headers"] = _careful([*message["headers"]])
            return send(message)

        return app(scope, receive, sent if scope["type"] == "http" else send)

    return completed


def _careful(headers: Headers) -> Headers:
    """Complete headers with those that are missing; a page's policy stays, everything else gets the strict one."""
    missing, kind, policies = _missing(tuple([name for name, _ in headers]))
    if not policies:
        headers += missing
        return headers
    if kind is not None and headers[kind][1].startswith(PAGE):
        return [*headers, *(pair for pair in missing if pair[0] != POLICY)]
    return [*(pair for number, pair in enumerate(headers) if number not in policies), *missing]


@lru_cache(maxsize=256)
def _missing(names: tuple[bytes, ...]) -> tuple[tuple[tuple[bytes, bytes], ...], int | None, frozenset[int]]:
    """Return what is missing beside headers of these names, which one says the kind, and which are policies."""
    said = [name.lower() for name in names]
    missing = tuple(pair for pair in CAREFUL if pair[0] == POLICY or pair[0] not in said)
    kind = said.index(KIND) if KIND in said else None
    return missing, kind, frozenset(number for number, name in enumerate(said) if name == POLICY)
