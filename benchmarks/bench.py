"""The whole benchmark: every workload at 1, 8 and 32 clients over both surfaces, then the figures measured once."""

from pathlib import Path

from benchmarks import floor, pipes, report, threads
from benchmarks.cast import Cast, gather, on
from benchmarks.moments import observe
from benchmarks.pushes import pushes, show
from benchmarks.server import Served, serve, serve_floor
from benchmarks.surfaces import SURFACES
from benchmarks.workloads import CYCLE, DIRECT, PULL, WHOAMI, Cell, Client, fill, measure

__all__ = ["GROUP", "bench", "floor_cell", "print_disk"]

COUNTS = (1, 8, 32)
GROUP = 32
FILLERS = 8
PULLS_A_SECOND = 700
FLOOR_SECONDS = 2.0


async def bench(folder: Path, server: str, seconds: float) -> None:
    """Measure and print everything."""
    print_disk(folder)
    home = folder / "nexus"
    with serve(home, server) as served, serve_floor(folder / "floor", server) as below:
        report.starts(served.start_seconds, "a new")
        cast = await gather(served, max(COUNTS), folder / "project")
        report.header()
        for surface in SURFACES:
            for count in COUNTS:
                await _cells(surface, served, below, (cast, count), seconds)
    with serve(home, server) as served:
        print()
        report.starts(served.start_seconds, "an existing")
        show(await pushes(served, cast.project))
        threads.show(await threads.over_http(served, cast.project))
        report.moments(await observe(served, cast))
    pipes.show(pipes.exchanges(folder / "pipes" / "nexus"))
    threads.show(await threads.over_pipes(folder / "topics"))


def print_disk(folder: Path) -> None:
    """Measure and print the floor of the disk."""
    report.disk(floor.inserts_per_second(folder, 1, 1.0), floor.inserts_per_second(folder, GROUP, 1.0), GROUP)


async def floor_cell(surface: str, below: Served, cast: Cast, count: int, seconds: float) -> Cell:
    """Measure and print the floor: direct messages to the constant application."""
    async with on(surface, below, cast.members[:count], floor=True) as clients:
        cell = await measure(DIRECT, clients, min(seconds, FLOOR_SECONDS), below.cpu_seconds)
    report.floor(surface, count, cell)
    return cell


async def _cells(surface: str, served: Served, below: Served, seats: tuple[Cast, int], seconds: float) -> None:
    cast, count = seats
    floored = await floor_cell(surface, below, cast, count, seconds)
    async with on(surface, served, cast.members[:count]) as clients:
        for workload in (WHOAMI, DIRECT, PULL, CYCLE):
            if workload is PULL:
                await _fill(surface, served, cast, clients, int(seconds * PULLS_A_SECOND / count))
            cell = await measure(workload, clients, seconds, served.cpu_seconds)
            report.cell(surface, count, workload, cell, floored)


async def _fill(surface: str, served: Served, cast: Cast, clients: list[Client], each: int) -> None:
    async with on(surface, served, [cast.spare] * FILLERS) as fillers:
        await fill(fillers, clients, each)
