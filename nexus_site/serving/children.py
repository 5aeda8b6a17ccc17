"""The processes under the supervisor: started, watched, started again when they die, and stopped.

All of them stay in the supervisor's process group, so that whoever kills the group kills everything at once.
"""

import asyncio
import json
import os
import signal
import socket
import sys
import sysconfig
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import nexus_site
from bus import heartbeat

__all__ = ["Child", "Cluster", "Say", "Web", "environment"]

BACK_OFF = (0.5, 1.0, 2.0, 5.0, 15.0, 30.0)
LOOK_EVERY = 1.0
FIRST_BEAT_WITHIN = 60.0
STEADY = 60.0  # who lived this long begins anew with the shortest pause

Say = Callable[[str], None]


def environment(**more: str) -> dict[str, str]:
    """Return the environment in which a child finds this very Nexus, whatever folder it is started from."""
    root = str(Path(nexus_site.__file__).parent.parent)
    values = {**os.environ, "DJANGO_SETTINGS_MODULE": "nexus_site.settings", **more}
    if root not in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):
        values["PYTHONPATH"] = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), root)))
    return values


class Child:
    """One process; `keep` starts it again, with growing pauses, until `stop`."""

    def __init__(self, title: str, module: str, values: dict[str, str], say: Say) -> None:
        """Say what to start; nothing runs yet."""
        self.title, self.module = title, module
        self._values, self._say = values, say
        self._process: asyncio.subprocess.Process | None = None
        self._is_stopping = False
        self.restarts = 0
        self.when_ended: Callable[[int], None] = lambda code: None

    async def start(self) -> None:
        """Start the process."""
        await self._spawn(str(os.getpid()))

    async def _spawn(self, *arguments: str, descriptors: tuple[int, ...] = ()) -> None:
        # What is blocked stays blocked in a child: Ctrl+C is for the supervisor, which passes it on and gets it later.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", self.module, *arguments),
                env=self._values,
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=descriptors,
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    @property
    def is_over(self) -> bool:
        """Whether the process ended."""
        return self._process is None or self._process.returncode is not None

    async def ended(self) -> int:
        """Wait for the end of the process; return its exit code, negative where a signal ended it."""
        return await self._process.wait() if self._process is not None else 0

    async def keep(self) -> None:
        """Start the process again whenever it ends unasked."""
        failures = 0
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            code = await self.ended()
            if self._is_stopping:
                return
            self.when_ended(code)
            failures = 0 if loop.time() - began > STEADY else failures
            pause = BACK_OFF[min(failures, len(BACK_OFF) - 1)]
            failures += 1
            self.restarts += 1
            self._say(f"{self.title} ended unexpectedly ({_reason(code)}); it starts again in {pause:g} s.")
            await asyncio.sleep(pause)
            await self.start()

    async def stop(self, patience: float) -> None:
        """Ask the process to end, and end it when it does not within `patience` seconds."""
        self._is_stopping = True
        self._send(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.ended(), patience)
        except TimeoutError:
            self.kill()
            await self.ended()

    def kill(self) -> None:
        """End the process at once."""
        self._is_stopping = True
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)


class Cluster(Child):
    """The cluster; it is killed, and then started again, when it lives and gets nothing done."""

    def __init__(self, home: Path, say: Say) -> None:
        """Say where its heartbeat is."""
        super().__init__("The cluster for background work", "nexus_site.serving.cluster", environment(), say)
        self._heartbeat = home / heartbeat.NAME

    async def start(self) -> None:
        """Start the process; what an earlier one left behind is no sign of life."""
        self._heartbeat.unlink(missing_ok=True)
        await super().start()

    def begin_anew(self) -> None:
        """Kill the process, which is then started again."""
        self._send(signal.SIGKILL)

    async def ended(self) -> int:
        """Wait for the end of the process, and see to it that it comes when the heartbeat stops."""
        watching = asyncio.create_task(self._watch())
        try:
            return await super().ended()
        finally:
            watching.cancel()
            self._heartbeat.unlink(missing_ok=True)  # seen at once, also where it starts again later

    async def _watch(self) -> None:
        """Kill the process once its heartbeat has not moved for long, by a clock that stands still with the machine."""
        loop = asyncio.get_running_loop()
        seen, since = 0, loop.time()
        while loop.time() - since < (heartbeat.FROZEN_AFTER if seen else FIRST_BEAT_WITHIN):
            await asyncio.sleep(LOOK_EVERY)
            if seen != (seen := self._moved()):
                since = loop.time()
        self._say(f"{self.title} gets nothing done; it is killed.")
        self._send(signal.SIGKILL)

    def _moved(self) -> int:
        try:
            return self._heartbeat.stat().st_mtime_ns
        except OSError:
            return 0


class Web(Child):
    """The web server; it inherits the bound socket and the lock, and says how far it is."""

    def __init__(self, arguments: tuple[str, ...], listener: socket.socket, lock: int, say: Say) -> None:
        """Say what to serve; `arguments` are the server's name and the project root."""
        host, port = listener.getsockname()[:2]
        values = environment(NEXUS_HOST=host, NEXUS_PORT=str(port))
        super().__init__("The web server", "nexus_site.serving.web", values, say)
        self._arguments, self._listener, self._lock = arguments, listener, lock
        self._messages: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def start(self) -> None:
        """Start the process with a channel to it."""
        if self._writer is not None:
            self._writer.close()
        ours, theirs = socket.socketpair()
        descriptors = (self._listener.fileno(), theirs.fileno(), self._lock)
        with theirs:
            await self._spawn(*map(str, descriptors[:2]), *self._arguments, descriptors=descriptors)
        self._messages, self._writer = await asyncio.open_connection(sock=ours)

    async def message(self) -> dict[str, Any]:
        """Return what the process says when it is ready; empty when it ended before."""
        line = await self._messages.readline() if self._messages is not None else b""
        return dict(json.loads(line)) if line.endswith(b"\n") else {}


def _reason(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
