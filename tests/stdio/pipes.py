"""`nexus stdio` as a process of its own, spoken to in lines."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.protocol.wires import HANDSHAKE, call, modern, rpc
from tests.serving.processes import PATIENCE, environment, nexus

PROGRAM = [sys.executable, "-P", "-m", "nexus_site.cli", "stdio"]
Message = dict[str, Any]


class Pipe:
    """One process and the lines that it said."""

    def __init__(self, home: Path, *words: str, cwd: Path | None = None, **more: str) -> None:
        """Start it, in the folder of the data directory unless another is named; nothing is said yet."""
        settings: Any = {"cwd": cwd or home.parent, "env": environment(home, **more)}
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process: subprocess.Popen[bytes] = subprocess.Popen([*PROGRAM, *words], **streams, **settings)
        self.said: list[bytes] = []
        self._held, self._last = b"", 0

    def send(self, *messages: Message | bytes) -> None:
        """Write lines."""
        assert self.process.stdin is not None
        lines = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in messages]
        self.process.stdin.write(b"".join(line + b"\n" for line in lines))
        self.process.stdin.flush()

    def until(self, is_it: Callable[[Message], bool]) -> Message:
        """Return the first message like this, read already or still to come."""
        end, looked = time.monotonic() + PATIENCE, 0
        while True:
            for line in self.said[looked:]:
                looked += 1
                if is_it(found := json.loads(line)):
                    return dict(found)
            assert time.monotonic() < end, self.said
            self._read(end - time.monotonic())

    def _read(self, patience: float) -> None:
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], patience)
        data = os.read(self.process.stdout.fileno(), 65_536) if ready else b""
        assert data, (self.said, self.process.poll())
        *whole, self._held = (self._held + data).split(b"\n")
        self.said += whole

    def ask(self, message: Message) -> Message:
        """Send a request under a fresh id and return its answer."""
        self._last += 1
        self.send({**message, "id": self._last})
        return self.until(lambda found: found.get("id") == self._last)

    def hello(self, version: str = HANDSHAKE) -> "Pipe":
        """Agree on a session as clients do."""
        info = {"name": "codex", "version": "1"}
        self.ask(rpc("initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": info}))
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return self

    def tool(self, name: str, /, **arguments: Any) -> Any:
        """Call a tool in the era of handshakes."""
        return self.ask(call(name, **arguments))["result"]["structuredContent"]

    def modern(self, message: Message) -> Message:
        """Ask in the era without a handshake."""
        return self.ask(modern(message)[1])

    def close(self) -> int:
        """Close its input, as a client does at its end, and return the exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)

    def clear_away(self) -> None:
        """End whatever is left of it."""
        self.process.kill()
        self.process.wait(PATIENCE)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


def enrol(home: Path, shop: Path, *names: str) -> None:
    """Add agents of one repository."""
    for name in names:
        done = nexus(home, "agent", "add", name, cwd=shop)
        assert done.returncode == 0, done.stderr
