"""What Daphne does with a request before the application sees it: bounded in memory, and cheap.

Daphne reads a whole body before the application sees the request. The guard refuses what is over the limit; here the
rest of it is dropped while it comes in, so that a flood leaves memory and disk flat. And a Content-Type that was seen
before is not read again: each time costs 60 us, as the parser is one for e-mail. A socket on which many frames wait is not
read until some of them were taken.
"""

from functools import lru_cache

from daphne.http_protocol import WebRequest
from daphne.ws_protocol import WebSocketProtocol
from twisted.web import http

from nexus_site.guard import LIMIT

__all__ = ["bound", "resume"]

FULL, FEW = 64, 8
take = WebSocketProtocol.onMessage


def bound() -> None:
    """Let Daphne keep one byte more than the limit of a body and drop the rest, and remember Content-Types."""
    WebRequest.handleContentChunk = _keep
    WebSocketProtocol.onMessage = _queue
    if hasattr(http, "_parseContentType"):
        http._parseContentType = lru_cache(maxsize=256)(http._parseContentType)


def _keep(self: WebRequest, data: bytes) -> None:
    room = LIMIT + 1 - self.content.tell()
    if room > 0:
        self.content.write(data[:room])


def _queue(self: WebSocketProtocol, payload: bytes, isBinary: bool) -> None:  # noqa: N803
    take(self, payload, isBinary)
    if self.application_queue.qsize() >= FULL:
        self.transport.pauseProducing()


def resume(connection: WebSocketProtocol) -> None:
    """Read on from a socket of which all but a few frames were taken."""
    if hasattr(connection, "application_queue") and connection.application_queue.qsize() == FEW:
        connection.transport.resumeProducing()
