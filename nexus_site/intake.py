"""What Daphne keeps of a request that is too large: no more than it takes to refuse it.

Daphne reads a whole body before the application sees the request. The guard refuses what is over the limit; here the
rest of it is dropped while it comes in, so that a flood leaves memory and disk flat.
"""

from daphne.http_protocol import WebRequest

from nexus_site.guard import LIMIT

__all__ = ["bound"]


def bound() -> None:
    """Let Daphne keep one byte more than the limit of a body, and drop the rest."""
    WebRequest.handleContentChunk = _keep


def _keep(self: WebRequest, data: bytes) -> None:
    room = LIMIT + 1 - self.content.tell()
    if room > 0:
        self.content.write(data[:room])
