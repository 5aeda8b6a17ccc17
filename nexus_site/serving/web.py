"""The web process: `python -m nexus_site.serving.web LISTENER CHANNEL SERVER [PROJECT_ROOT]`, started by the supervisor.

Invariant: it ends within two seconds of SIGTERM, or of the supervisor's end, with every answered write committed; on a
machine that is too slow for that it has five, then the supervisor kills it.
"""

import asyncio
import contextlib
import gc
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Any, NamedTuple

from nexus_site.serving.banner import say
from nexus_site.serving.channel import Channel
from nexus_site.serving.faults import MOVED, USAGE, CannotServe

__all__ = ["main"]

BACKLOG = 1024
STOP_WITHIN, FLUSH_WITHIN = 0.8, 0.6
UVICORN: dict[str, Any] = {
    "lifespan": "off",
    "log_config": None,
    "access_log": False,
    "proxy_headers": False,
    "server_header": False,
    "timeout_keep_alive": 75,
    "ws": "websockets-sansio",
    "ws_max_size": 1_048_576,
    "ws_per_message_deflate": False,  # its tables would cost each idle socket more than all else
    "ws_ping_interval": 20,
    "ws_ping_timeout": 30,
}


class Front(NamedTuple):
    """What ending needs of a web server: to take no more connections, and to know who is still being answered."""

    stop_listening: Callable[[], None]
    answering: Callable[[], Iterable["asyncio.Future[Any] | None"]]


def main(arguments: list[str]) -> None:
    """Serve until told to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o077)
    _open_files()
    gc.disable()  # the start only builds; what it built is frozen afterwards
    _use_uvloop()
    listener, channel = socket.socket(fileno=int(arguments[0])), Channel(int(arguments[1]))
    listener.setblocking(False)
    try:
        workspace = _prepare(*arguments[3:])
    except CannotServe as fault:
        say(fault.message)
        sys.exit(fault.code)
    gc.enable()
    serve = _serve_daphne if arguments[2] == "daphne" else _serve_uvicorn
    serve(listener, channel, workspace)


def _use_uvloop() -> None:
    """Let the loop be uvloop's where that is installed; before Django loads, as Daphne makes its loop on import."""
    with contextlib.suppress(ImportError):
        asyncio.set_event_loop_policy(import_module("uvloop").EventLoopPolicy())


def _open_files() -> None:
    """Take as many open files as this user may have: each connection is one, and shells often allow 1,024 at first."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _prepare(project_root: str = "") -> str:
    """Load everything, so that the first request finds it loaded, and get the data ready."""
    from django.core.exceptions import ImproperlyConfigured

    try:
        import_module("nexus_site.asgi")  # first, as it loads Django
        from django.urls import get_resolver

        from bus import alarm, rescue
        from bus.writer import lane
        from nexus_site.serving.prepare import prepare
    except ImproperlyConfigured as error:
        raise CannotServe(str(error), USAGE) from error
    lane.keeps_wal = True
    alarm.install()
    workspace = prepare(project_root)
    rescue.fold_in()
    rescue.install(lambda: os._exit(MOVED))
    get_resolver().url_patterns  # noqa: B018
    return workspace


async def _begin(listener: socket.socket) -> None:
    """Start what runs beside the requests, then let them come."""
    from nexus_site import asgi

    await asgi.start()
    listener.listen(BACKLOG)


def _end_on_demand(loop: asyncio.AbstractEventLoop, channel: Channel, front: Front) -> None:
    """End the process on SIGTERM, and when the supervisor is gone."""
    ending: list[asyncio.Task[None]] = []

    def end() -> None:
        if not ending:
            ending.append(loop.create_task(_end(front)))

    loop.add_signal_handler(signal.SIGTERM, end)
    channel.when_over(loop, end)


async def _end(front: Front) -> None:
    """Take no more connections, end streams and waits, commit what is queued, send what is answered, and exit."""
    from bus import rescue
    from nexus_site import asgi

    front.stop_listening()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOP_WITHIN):
            await asgi.stop()
            rescue.fold_in()
    if answering := {task for task in front.answering() if task is not None and not task.done()}:
        await asyncio.wait(answering, timeout=FLUSH_WITHIN)
    await asyncio.sleep(0.02)  # one turn for the last bytes
    logging.shutdown()
    os._exit(0)  # nothing is left to do, and no forgotten thread may hold it up


def _serve_daphne(listener: socket.socket, channel: Channel, workspace: str) -> None:
    from daphne.server import Server, twisted_loop
    from twisted.internet import reactor

    from nexus_site.asgi import application

    ports: list[Any] = []
    starting: list[asyncio.Task[None]] = []

    async def begin() -> None:
        await _begin(listener)
        ports.append(reactor.adoptStreamPort(listener.fileno(), listener.family, server.http_factory))
        channel.say(workspace=workspace)

    def stop_listening() -> None:
        for port in ports:
            port.stopListening()

    def answering() -> list["asyncio.Future[Any] | None"]:
        return [details.get("application_instance") for details in server.connections.values()]

    server = Server(
        application,
        endpoints=["fd"],
        signal_handlers=False,
        websocket_timeout=-1,
        verbosity=0,
        server_name="",
    )
    server.endpoints = []  # it would take no socket of another family than IPv4
    _end_on_demand(twisted_loop, channel, Front(stop_listening, answering))
    reactor.callWhenRunning(lambda: starting.append(twisted_loop.create_task(begin())))
    server.run()


def _serve_uvicorn(listener: socket.socket, channel: Channel, workspace: str) -> None:
    import uvicorn

    from nexus_site.asgi import application
    from nexus_site.serving.arrival import Arrival

    class Uvicorn(uvicorn.Server):
        """Uvicorn, whose end we see to."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

        def stop_listening(self) -> None:
            for server in self.servers:
                server.close()

    server = Uvicorn(uvicorn.Config(application, http=Arrival, **UVICORN))

    async def serve() -> None:
        front = Front(server.stop_listening, lambda: list(server.server_state.tasks))
        _end_on_demand(asyncio.get_running_loop(), channel, front)
        await _begin(listener)
        channel.say(workspace=workspace)
        await server.serve(sockets=[listener])

    asyncio.run(serve())


if __name__ == "__main__":
    main(sys.argv[1:])
