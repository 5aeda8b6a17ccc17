"""What Daphne does with a request before the application sees it: bounded in memory, and cheap.

Daphne reads a whole body before the application sees the request. The guard refuses what is over the limit; here the
rest of it is dropped while it comes in, so that a flood leaves memory and disk flat. And a Content-Type that was seen
before is not read again: each time costs 60 us, as the parser is one for e-mail. No line of an access log is written for a
log that goes nowhere. A socket on which many frames wait is not read until some of them were taken. One that is closed
waits for the client's own close: were it reset after the usual second, a client that is slow would never read why.
"""

from functools import lru_cache
from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.ws_protocol import WebSocketProtocol
from twisted.web import http

from nexus_site.guard import LIMIT

__all__ = ["ARRIVES_WITHIN", "IDLE", "bound", "resume"]

FULL, FEW = 64, 8
IDLE, ARRIVES_WITHIN, CLOSES_WITHIN = 60, 30, 10
take = WebSocketProtocol.onMessage
channel: Any = http.HTTPChannel
done = channel.requestDone


def bound() -> None:
    """Let Daphne keep one byte more than the limit of a body, wait no longer for it, and remember Content-Types."""
    WebRequest.handleContentChunk = _keep
    WebSocketProtocol.onMessage = _queue
    WebSocketProtocol.closeHandshakeTimeout = CLOSES_WITHIN
    HTTPFactory.log = _log_nothing
    channel.lineLengthExceeded = _refuse_line
    channel.resetTimeout, channel.requestDone = _begin, _done
    if hasattr(http, "_parseContentType"):
        http._parseContentType = lru_cache(maxsize=256)(http._parseContentType)


def _begin(self: Any) -> None:
    """Bytes came: the first ones of a request start its time, the others do not start it anew."""
    if self.timeOut == IDLE:
        self.setTimeout(ARRIVES_WITHIN)


def _done(self: Any, request: WebRequest) -> None:
    """A request was answered; the connection may rest."""
    done(self, request)
    if self.timeOut is not None:
        self.setTimeout(IDLE)


def _keep(self: WebRequest, data: bytes) -> None:
    room = LIMIT + 1 - self.content.tell()
    if room > 0:
        self.content.write(data[:room])


def _log_nothing(self: HTTPFactory, request: http.Request) -> None:
    pass


def _refuse_line(self: Any, line: bytes) -> None:
    """Answer what has too long a URL or header; Twisted would hang up without a word."""
    self._respondToBadRequestAndDisconnect()


def _queue(self: WebSocketProtocol, payload: bytes, isBinary: bool) -> None:  # noqa: N803
    take(self, payload, isBinary)
    if self.application_queue.qsize() >= FULL:
        self.transport.pauseProducing()


def resume(connection: WebSocketProtocol) -> None:
    """Read on from a socket of which all but a few frames were taken."""
    if hasattr(connection, "application_queue") and connection.application_queue.qsize() == FEW:
        connection.transport.resumeProducing()
