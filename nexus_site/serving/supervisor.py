"""The supervisor: holds the data directory's lock and the listening socket, and keeps the web server and cluster running.

It knows nothing of Django, so that it starts at once and stays small. Invariant: it says "running" after /healthz answered.
"""

import asyncio
import os
import signal
import socket
from contextlib import suppress
from dataclasses import replace
from importlib import metadata

from bus import clock
from nexus_site.serving import home, logins
from nexus_site.serving.banner import Found, say, show
from nexus_site.serving.children import Cluster, Web
from nexus_site.serving.faults import DATA, MOVED, USAGE, CannotServe
from nexus_site.serving.lock import Lock, Running, running
from nexus_site.serving.options import Options

__all__ = ["run"]

STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
WEB_STOPS_WITHIN, CLUSTER_STOPS_WITHIN = 5.0, 1.6  # the web server ends by itself in two, where the machine lets it
LOCK_WITHIN = 15.0
LOOK_EVERY = 0.1
SEND_BUFFER = 131_072  # bytes on their way
NOT_SENT = {"TCP_NOTSENT_LOWAT": 16_384}  # bytes that the client has no room for
KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4, "TCP_USER_TIMEOUT": 120_000}


def run(options: Options) -> int:
    """Serve until a signal; return the exit code."""
    try:
        return asyncio.run(_serve(options))
    except CannotServe as fault:
        if fault.message:  # a child has said it already
            say(fault.message)
        return fault.code


async def _serve(options: Options) -> int:
    if not (options.is_loopback or options.config.allowed_hosts):
        raise CannotServe(
            f"To listen on {options.config.host}, name the hosts that clients use in NEXUS_ALLOWED_HOSTS.", USAGE
        )
    stop = _signals()
    home.prepare(options.config.home)
    lock = await _locked(options, stop)
    if lock is None:
        return 0
    try:
        with _bound(options) as listener:
            await Supervisor(options, lock, listener).run(stop)
    finally:
        lock.release()
    return 0


def _signals() -> asyncio.Event:
    """Return the event that a signal to stop sets."""
    stop = asyncio.Event()
    for number in STOPS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _locked(options: Options, stop: asyncio.Event) -> Lock | None:
    """Return the lock, or None after showing the server that holds it; one that just stops or starts is waited for."""
    folder = options.config.home
    lock = Lock(folder)
    with suppress(TimeoutError):
        async with asyncio.timeout(LOCK_WITHIN):
            while not lock.acquire():
                other = running(folder)
                if stop.is_set() or (other is not None and await _answers(other.url)):
                    lock.close()
                    if other is not None and not stop.is_set():
                        show(Found(other, str(folder), logins.create(folder), is_new=False), as_json=options.as_json)
                    return None
                await asyncio.sleep(LOOK_EVERY)
            return lock
    raise CannotServe(f"Another process holds the data directory {folder}, and no server answers. See `nexus doctor`.")


def _bound(options: Options) -> socket.socket:
    """Return a socket that has the port; it listens once the web server is ready for it."""
    host, port = options.config.host, options.config.port
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _keep_small(listener)
        listener.bind(address)
    except socket.gaierror as error:
        raise CannotServe(f"{host!r} is no address of this machine: {error.strerror}.", USAGE) from error
    except OSError as error:
        raise CannotServe(
            f"Nexus cannot listen on {host} port {port}: {error.strerror}. Choose another: nexus serve --port {port + 1}"
        ) from error
    return listener


def _keep_small(listener: socket.socket) -> None:
    """Have the kernel keep little for a client that does not read, and notice one that is gone without a word."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (NOT_SENT | KEEPALIVE).items():
        if hasattr(socket, name):  # each connection takes them over
            listener.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


async def _answers(url: str) -> bool:
    """Say whether the server at `url` is healthy."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            status = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return False
    return status.split(b" ")[1:2] == [b"200"]


class Supervisor:
    """The web server and the cluster, from start to stop."""

    def __init__(self, options: Options, lock: Lock, listener: socket.socket) -> None:
        """Take over the lock and the socket."""
        self.options, self.lock, self.listener = options, lock, listener
        self.url = options.url(listener.getsockname()[1])
        arguments = (options.config.server, options.project_root)
        self.web = Web(arguments, listener, lock.descriptor, self._say)
        self.cluster = Cluster(options.config.home, self._say)
        self.web.when_ended = self._web_ended
        self.running: Running | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Start both, keep both running until `stop`, and end both."""
        stopping = asyncio.create_task(stop.wait())
        working = asyncio.create_task(self._work())
        try:
            await asyncio.wait((stopping, working), return_when=asyncio.FIRST_COMPLETED)
            working.cancel()
            stopping.cancel()
            with suppress(asyncio.CancelledError):
                await working
        finally:
            self.listener.close()  # or connections would queue up that nobody takes
            await asyncio.gather(self.web.stop(WEB_STOPS_WITHIN), self.cluster.stop(CLUSTER_STOPS_WITHIN))

    async def _work(self) -> None:
        await self.web.start()
        ready = await self._ready()
        self._announce(ready["workspace"])
        await self.cluster.start()
        await asyncio.gather(self.web.keep(), self.cluster.keep())

    async def _ready(self) -> dict[str, str]:
        """Return what the web server says when it is ready, once it answers."""
        ready = await self.web.message()
        if not ready:
            code = await self.web.ended()
            said = "" if code in (DATA, USAGE) else f"The web server did not start (exit code {code})."
            raise CannotServe(said, code or DATA)
        while not await _answers(self.url):
            if self.web.is_over:
                raise CannotServe("The web server ended at once.")
            await asyncio.sleep(LOOK_EVERY)
        return ready

    def _announce(self, workspace: str) -> None:
        """Write down where the server is, for other commands, and show it."""
        now, folder = clock.now(), self.options.config.home
        server, version = self.options.config.server, metadata.version("nexus-bus")
        started, loopback = now.isoformat(timespec="seconds"), self.options.config.loopback
        self.running = found = Running(os.getpid(), self.url, version, server, started, loopback=loopback)
        self.lock.tell(found)
        logins.tidy(folder, now)
        show(Found(found, str(folder), logins.create(folder), workspace), as_json=self.options.as_json)

    def _web_ended(self, code: int) -> None:
        """Let the cluster open the database's files anew too, where they are others than those it has open."""
        if code == MOVED:
            self.cluster.begin_anew()

    def _say(self, text: str) -> None:
        """Say what happened to a child, and write down how often each was started again."""
        say(text)
        if self.running is not None:
            web, cluster = self.web.restarts, self.cluster.restarts
            self.lock.tell(replace(self.running, web_restarts=web, cluster_restarts=cluster))
