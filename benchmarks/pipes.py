"""How soon a message is with another process when both speak over pipes and no server runs: `nexus stdio` twice."""

import json
import os
import select
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.client import BenchmarkError
from benchmarks.server import ROOT

__all__ = ["MOST_MS", "Pipe", "are_prompt", "exchanges", "measured", "pair", "show"]

MOST_MS = 50.0
MESSAGES, PATIENCE = 50, 60.0
COMMAND = [sys.executable, "-m", "nexus_site.cli"]
SENDER, READER = "bench-sender", "bench-reader"
INFO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "nexus-benchmark", "version": "1"}}


def exchanges(home: Path) -> list[float]:
    """Return, sorted, the milliseconds from the first byte of a message to the last byte of it at its reader."""
    with pair(home) as (sender, reader):
        return sorted(_exchange(sender, reader, number) for number in range(MESSAGES))


@contextmanager
def pair(home: Path) -> Iterator[tuple["Pipe", "Pipe"]]:
    """Give two agents in processes of their own, on a new data directory."""
    for name in (SENDER, READER):
        subprocess.run([*COMMAND, "agent", "add", name, "--workspace", str(home.parent)], **_settings(home), check=True)
    with _pipe(home, SENDER) as sender, _pipe(home, READER) as reader:
        yield sender, reader


async def measured(folder: Path, attempt: int) -> list[float]:
    """Measure on a data directory of its own."""
    return exchanges(folder / f"nexus-{attempt}")


def are_prompt(found: list[float], slowness: float) -> bool:
    """Say whether the median is short enough on a machine that is this slow."""
    return statistics.median(found) <= MOST_MS * slowness


def show(found: list[float]) -> None:
    """Print what was measured."""
    print(f"A message goes from one stdio process to another in {statistics.median(found):.1f} ms", end=" ")
    print(f"with no server (median of {len(found)}; most {found[-1]:.1f} ms).", flush=True)


class Pipe:
    """One `nexus stdio`, spoken to in lines."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        """Talk to a process that was just started."""
        self._process, self._held, self._last = process, b"", 0

    def say(self, **message: Any) -> None:
        """Write one line."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self._process.stdin.flush()

    def begin(self, tool: str, **arguments: Any) -> int:
        """Call a tool and return under which id it will be answered."""
        self._last += 1
        self.say(id=self._last, method="tools/call", params={"name": tool, "arguments": arguments})
        return self._last

    def answer(self, number: int) -> Any:
        """Return the answer with this id."""
        while True:
            message = json.loads(self._line())
            if message.get("id") == number:
                return message["result"]

    def call(self, tool: str, **arguments: Any) -> Any:
        """Call a tool and return what it answers."""
        return self.answer(self.begin(tool, **arguments))["structuredContent"]

    def _line(self) -> bytes:
        assert self._process.stdout is not None
        while b"\n" not in self._held:
            ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE)
            data = os.read(self._process.stdout.fileno(), 65_536) if ready else b""
            if not data:
                raise BenchmarkError("`nexus stdio` said nothing.")
            self._held += data
        line, _, self._held = self._held.partition(b"\n")
        return line


def _exchange(sender: Pipe, reader: Pipe, number: int) -> float:
    waiting = reader.begin("inbox_wait", timeout_seconds=60)
    time.sleep(0.05 + 0.001 * (number % 20))  # the wait has begun, and the tail's look falls anywhere
    begun = time.perf_counter()
    sending = sender.begin("message_create", to=READER, subject="news", body="There is news.")
    heard = reader.answer(waiting)["structuredContent"]["messages"]
    taken = time.perf_counter() - begun
    sent = sender.answer(sending)["structuredContent"]["message"]
    if [each["message"] for each in heard] != [sent]:
        raise BenchmarkError(f"Sent {sent}, and heard {heard}.")
    pulled = reader.call("inbox_pull")["messages"]
    reader.call("inbox_ack", messages=[each["message"] for each in pulled])
    return taken * 1000


@contextmanager
def _pipe(home: Path, agent: str) -> Iterator[Pipe]:
    streams: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen([*COMMAND, "stdio", "--agent", agent], **_settings(home) | streams)
    try:
        pipe = Pipe(process)
        pipe.say(id=0, method="initialize", params=INFO)
        pipe.answer(0)
        pipe.say(method="notifications/initialized")
        yield pipe
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(PATIENCE)


def _settings(home: Path) -> dict[str, Any]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NEXUS_")}
    home.parent.mkdir(parents=True, exist_ok=True)
    return {
        "cwd": home.parent,
        "env": clean | {"NEXUS_HOME": str(home), "PYTHONPATH": str(ROOT)},
        "stdout": subprocess.DEVNULL,
    }
