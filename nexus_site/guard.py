"""What every request must be, whatever its route: addressed to this server, from no foreign page, and small.

Invariant: nothing behind the guard reads more than 1 MB of a request or answers to a Host that is not this server's.
No forwarding header is trusted and no CORS header is ever sent.
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache

from django.conf import settings

from bus.errors import Refusal, TooLarge, UnsupportedMedia, WrongHost, WrongOrigin
from nexus_site.replies import Message, Receive, Scope, Send, is_mcp, refuse

__all__ = ["LIMIT", "App", "guard"]

App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = dict[bytes, bytes]

LIMIT = 1_048_576
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HOST = re.compile(rb"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")


def guard(app: App) -> App:
    """Return `app` behind the guard; its scope gets `nexus.headers`, `nexus.doubled` and, for HTTP, `nexus.body`."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            headers = _admit(scope)
            if scope["type"] == "http" and (scope["method"] not in SAFE or _has_body(headers)):
                body = await _read(receive, headers)
                if body is None:
                    return
                scope["nexus.body"] = body
                receive = _replay(body, receive)
        except Refusal as refusal:
            await refuse(scope, send, refusal)
            return
        await app(scope, receive, send)

    return guarded


def _admit(scope: Scope) -> Headers:
    """Return the headers (the first of each name), or refuse the request for what they say."""
    headers, doubled = _sorted(scope["headers"])
    scope["nexus.headers"], scope["nexus.doubled"], scope["nexus.body"] = headers, doubled, b""
    scope["root_path"] = ""  # the web server would take it from a header that anybody can send
    host = headers.get(b"host", b"").lower()
    if b"host" in doubled or not _is_ours(host, tuple(settings.ALLOWED_HOSTS)):
        raise WrongHost(host=host.decode("latin-1")[:200])
    unsafe = scope["type"] == "http" and scope["method"] not in SAFE
    if unsafe or scope["type"] == "websocket" or is_mcp(scope):
        _check_origin(headers, doubled, host)
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise UnsupportedMedia("Compressed requests are not accepted.")
    if unsafe:
        _check_media(scope, headers)
    return headers


def _sorted(raw: Iterable[tuple[bytes, bytes]]) -> tuple[Headers, set[bytes]]:
    headers: Headers = {}
    doubled: set[bytes] = set()
    for name, value in raw:
        if name in headers:
            doubled.add(name)
        else:
            headers[name] = value
    return headers, doubled


@lru_cache(maxsize=256)
def _is_ours(host: bytes, names: tuple[str, ...]) -> bool:
    """Say whether a Host header is exactly one of `names`, with any port."""
    match = HOST.fullmatch(host)
    return match is not None and match[1].decode() in {name.lower() for name in names}


def _check_origin(headers: Headers, doubled: set[bytes], host: bytes) -> None:
    """Refuse what a page of another origin sent; programs send neither header."""
    origin, site = headers.get(b"origin"), headers.get(b"sec-fetch-site")
    if site not in (None, b"same-origin"):
        raise WrongOrigin(site=site.decode("latin-1")[:20])
    if origin is None:
        return
    if b"origin" in doubled or origin.lower() not in (b"http://" + host, b"https://" + host):
        raise WrongOrigin(origin=origin.decode("latin-1")[:200])


def _check_media(scope: Scope, headers: Headers) -> None:
    """Ask for JSON where no form is served: a page elsewhere could send a form, but no JSON, without asking first."""
    if not (is_mcp(scope) or scope["path"].startswith("/api/")):
        return
    if b"origin" in headers or b"sec-fetch-site" in headers:
        return
    if not _has_body(headers) and (scope["method"] == "DELETE" or b"authorization" in headers):
        return  # neither can be sent from a page elsewhere without asking first
    if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != b"application/json":
        raise UnsupportedMedia()


def _has_body(headers: Headers) -> bool:
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers


async def _read(receive: Receive, headers: Headers) -> bytes | None:
    """Return the whole body, or None when the client went away; stop reading at the limit."""
    declared = headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared[:20]) > LIMIT:
        raise TooLarge(limit=LIMIT)
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > LIMIT:
            raise TooLarge(limit=LIMIT)
        chunks.append(chunk)
        more = message.get("more_body", False)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body in one piece and then goes on with the real one."""
    left = [body]

    async def again() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return again
