"""A Daphne process for the suite: `python -m tests.conformance.app fixture|nexus PORT`.

The suite sends no key, so each request gets one here, in front of everything that a request passes in Nexus.
"""

import os
import sys
from typing import Any

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nexus_site.settings")
django.setup()

from bus import door, identity  # noqa: E402
from bus.tail import tail  # noqa: E402
from nexus_site import asgi  # noqa: E402
from nexus_site.guard import guard  # noqa: E402
from nexus_site.mcp.transport import Transport  # noqa: E402
from nexus_site.pace import paced  # noqa: E402
from nexus_site.serving.prepare import prepare  # noqa: E402
from tests.conformance.fixture import FIXTURE  # noqa: E402


def fixture() -> Any:
    """Return our guard, pace and transport with the fixture behind them."""
    transport = Transport(served=FIXTURE)
    behind = guard(paced(transport))

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if not transport.is_running:
            tail.start()
            await transport.start()
        await behind(scope, receive, send)

    return application


def with_key(application: Any, key: str) -> Any:
    """Return an application whose every request carries a key."""
    header = (b"authorization", f"Bearer {key}".encode())

    async def carrying(scope: Any, receive: Any, send: Any) -> None:
        await application({**scope, "headers": [*scope["headers"], header]}, receive, send)

    return carrying


def enrolled() -> str:
    """Return the key of an agent in a workspace of its own."""
    workspace = prepare(str(settings.NEXUS_HOME))
    order = {"name": "suite", "workspace": workspace}
    return str(door.run("agent_create", identity.operator("serve"), order).key)


def main(which: str, port: str) -> None:
    """Serve until killed."""
    from daphne.server import Server

    application = fixture() if which == "fixture" else asgi.application
    endpoint = f"tcp:port={port}:interface=127.0.0.1"
    Server(with_key(application, enrolled()), endpoints=[endpoint], websocket_timeout=-1, verbosity=0).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
