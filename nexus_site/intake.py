"""What Daphne does with a request before the application sees it: bounded in memory, and cheap.

Daphne reads a whole body before the application sees the request. The guard refuses what is over the limit; here the
rest of it is dropped while it comes in, so that a flood leaves memory and disk flat. And a Content-Type that was seen
before is not read again: each time costs 60 us, as the parser is one for e-mail.
"""

from functools import lru_cache

from daphne.http_protocol import WebRequest
from twisted.web import http

from nexus_site.guard import LIMIT

__all__ = ["bound"]


def bound() -> None:
    """Let Daphne keep one byte more than the limit of a body and drop the rest, and remember Content-Types."""
    WebRequest.handleContentChunk = _keep
    if hasattr(http, "_parseContentType"):
        http._parseContentType = lru_cache(maxsize=256)(http._parseContentType)


def _keep(self: WebRequest, data: bytes) -> None:
    room = LIMIT + 1 - self.content.tell()
    if room > 0:
        self.content.write(data[:room])
