"""Static files straight from the ASGI root: WhiteNoise finds them and knows their headers, no thread serves them."""

from typing import Any

from whitenoise.middleware import WhiteNoiseMiddleware

from nexus_site.guard import App
from nexus_site.replies import Receive, Scope, Send

__all__ = ["with_assets"]

# The request headers that decide what is sent of a file.
ASKED = {
    b"accept-encoding": "HTTP_ACCEPT_ENCODING",
    b"if-modified-since": "HTTP_IF_MODIFIED_SINCE",
    b"if-none-match": "HTTP_IF_NONE_MATCH",
    b"range": "HTTP_RANGE",
}
MOST = 16 * 1024 * 1024


def with_assets(app: App) -> App:
    """Return `app` with the static files of every Django app in front of it."""
    files: dict[str, Any] = WhiteNoiseMiddleware(lambda request: None).files

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        file = files.get(scope["path"])
        if file is None:
            await app(scope, receive, send)
            return
        asked = {name: scope["nexus.headers"][header].decode("latin-1") for header, name in _asked(scope)}
        found = file.get_response(scope["method"], asked)
        headers = [(name.lower().encode(), value.encode()) for name, value in found.headers]
        await send({"type": "http.response.start", "status": int(found.status), "headers": headers})
        await send({"type": "http.response.body", "body": _content(found)})

    return served


def _asked(scope: Scope) -> list[tuple[bytes, str]]:
    return [(header, name) for header, name in ASKED.items() if header in scope["nexus.headers"]]


def _content(found: Any) -> bytes:
    """Return what is sent of a file; our assets are small."""
    if found.file is None:
        return b""
    with found.file as file:
        return bytes(file.read(MOST))
