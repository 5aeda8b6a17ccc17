"""How long a person who types a prompt waits for its hook: the whole process, with a server that answers and without one."""

import json
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.client import BenchmarkError
from benchmarks.server import ROOT, Served

__all__ = ["DOWN_MS", "MOST_MS", "Prompts", "are_quick", "is_soon", "keep", "measured", "show", "show_down"]

MOST_MS, DOWN_MS = 80.0, 1000.0
PROMPTS, AGENT = 40, "bench-prompt"
BARE = [sys.executable, "-c", "pass"]
NEXUS = [sys.executable, "-m", "nexus_site.cli"]
NEWS = "There is news."


class Prompts(NamedTuple):
    """Milliseconds: of prompts and of bare interpreters beside them, sorted, and of the one start without a server."""

    hooks: list[float]
    bare: list[float]
    down: float


async def measured(served: Served, folder: Path, attempt: int) -> Prompts:
    """Measure prompts and bare interpreters in turns, in a session of their own that has heard all there is."""
    folder.mkdir(exist_ok=True)
    agent, own = f"{AGENT}-{attempt}", _environment(served.home)
    add = [*NEXUS, "agent", "add", agent, "--workspace", str(folder), "--json"]
    key = json.loads(subprocess.run(add, env=own, stdout=subprocess.PIPE, check=True).stdout)["key"]
    up = own | {"NEXUS_KEY": key, "NEXUS_URL": f"http://127.0.0.1:{served.port}"}
    news = [*NEXUS, "call", "message_create", f"to={agent}", f"subject={NEWS}", f"body={NEWS}"]
    subprocess.run(news, env=own, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    said = json.dumps({"session_id": agent, "cwd": str(folder)}).encode()
    if NEWS not in _run(_hook("prompt"), up, said)[1]:
        raise BenchmarkError("The hook of a prompt did not tell the news.")
    pairs = [(_run(BARE, up, b"")[0], _run(_hook("prompt"), up, said)[0]) for _ in range(PROMPTS)]
    bare, hooks = (sorted(each) for each in zip(*pairs, strict=True))
    down, told = _run(_hook("start"), up | {"NEXUS_URL": f"http://127.0.0.1:{_closed_port()}"}, said)
    if "not reachable" not in told:
        raise BenchmarkError(f"The hook without a server said: {told}")
    return Prompts(hooks, bare, down)


def keep(found: Prompts) -> None:
    """Keep what was measured as figures."""
    from tests.figures import figure

    hook, bare = statistics.median(found.hooks), statistics.median(found.bare)
    figure("S", "hook of a prompt, the whole process, median", f"{hook:.0f} ms; a bare interpreter {bare:.0f} ms")
    figure("S", "hook of a start with the server down", f"{found.down:.0f} ms")


def are_quick(found: Prompts, slowness: float) -> bool:
    """Say whether the median is short enough on a machine that is this slow."""
    return statistics.median(found.hooks) <= MOST_MS * slowness


def is_soon(found: Prompts, slowness: float) -> bool:
    """Say whether the hook gave up soon enough without a server."""
    return found.down <= DOWN_MS * slowness


def show(found: Prompts) -> None:
    """Print what was measured."""
    hook, bare = statistics.median(found.hooks), statistics.median(found.bare)
    print(
        f"A prompt waits {hook:.0f} ms for its hook (median of {len(found.hooks)}; most {found.hooks[-1]:.0f} ms),",
        end=" ",
    )
    print(f"{hook - bare:.0f} ms more than a bare interpreter takes.", flush=True)


def show_down(found: Prompts) -> None:
    """Print what was measured without a server."""
    print(f"With the server down the hook of a session that starts takes {found.down:.0f} ms.", flush=True)


def _hook(event: str) -> list[str]:
    return [sys.executable, "-m", "nexus_site.hook", event, "--harness", "claude-code", "--agent", AGENT]


def _run(command: list[str], environment: dict[str, str], said: bytes) -> tuple[float, str]:
    """Return the milliseconds of a whole process that ends well, and what it printed."""
    begun = time.perf_counter()
    ran = subprocess.run(command, input=said, env=environment, capture_output=True, check=True)
    taken = (time.perf_counter() - begun) * 1000
    return taken, (ran.stdout + ran.stderr).decode()


def _environment(home: Path) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NEXUS_")}
    return clean | {"NEXUS_HOME": str(home), "PYTHONPATH": str(ROOT)}


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
