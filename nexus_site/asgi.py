"""The ASGI root: MCP before Django, Django for the rest of HTTP, and what runs beside them in the same process."""

import asyncio
import contextlib
import gc
import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nexus_site.settings")
django: Any = get_asgi_application()

from channels.routing import ProtocolTypeRouter  # noqa: E402

from bus.errors import NotFound  # noqa: E402
from bus.tail import tail  # noqa: E402
from bus.writer import lane  # noqa: E402
from nexus_site.assets import with_assets  # noqa: E402
from nexus_site.fair import fair  # noqa: E402
from nexus_site.frames.sockets import PATHS, sockets  # noqa: E402
from nexus_site.guard import guard  # noqa: E402
from nexus_site.intake import bound  # noqa: E402
from nexus_site.mcp.transport import transport  # noqa: E402
from nexus_site.pace import paced  # noqa: E402
from nexus_site.persons import PATH, live_socket  # noqa: E402
from nexus_site.replies import MCP_PATHS, Receive, Scope, Send, refuse  # noqa: E402
from nexus_site.rest.direct import direct  # noqa: E402
from nexus_site.shields import shielded  # noqa: E402

__all__ = ["application", "start", "stop"]

NO_SUCH_SOCKET = 4404
# Clients of MCP look here for an OAuth server; a plain 404 tells them to use the key they have.
OAUTH = ("/register", "/authorize", "/token")
DOCUMENTS = ("oauth-protected-resource", "oauth-authorization-server", "openid-configuration")
WELL_KNOWN = ("/mcp/.well-known/", *(f"/.well-known/{name}" for name in DOCUMENTS))


async def start() -> None:
    """Start what runs beside the requests: the tail and the MCP sessions. A second call does nothing."""
    tail.start()
    if not transport.is_running:
        gc.freeze()  # what the start has built lives as long as the process; collections need not look at it
    await transport.start()


async def stop() -> None:
    """End streams and waits, then commit what is queued."""
    await tail.stop()
    await transport.stop()
    await asyncio.get_running_loop().run_in_executor(None, lane.close)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one connection."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    if not (transport.is_running and tail.is_running):
        await start()  # Daphne has no lifespan
    await guarded(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await start()
            await send({"type": "lifespan.startup.complete"})
        else:
            await stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _http(scope: Scope, receive: Receive, send: Send) -> None:
    path = scope["path"]
    if path in MCP_PATHS:
        await transport(scope, receive, send)
    elif path in OAUTH or path.startswith(WELL_KNOWN):
        await refuse(scope, send, NotFound("There is no OAuth here.", hint="Send `Authorization: Bearer nxs_…`."))
    else:
        await views(scope, receive, send)


async def _socket(scope: Scope, receive: Receive, send: Send) -> None:
    with contextlib.suppress(ConnectionError):  # who has gone is told nothing
        await _served(scope, receive, send)


async def _served(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] in PATHS:
        await sockets(scope, receive, send)
        return
    if scope["path"] == PATH:
        await live_socket(scope, receive, send)
        return
    await receive()  # accept and close: a socket that is turned away before could not be told why
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": NO_SUCH_SOCKET, "reason": "There is no socket here."})


bound()
views = direct(with_assets(django))
guarded = guard(paced(shielded(fair(ProtocolTypeRouter({"http": _http, "websocket": _socket})))))
