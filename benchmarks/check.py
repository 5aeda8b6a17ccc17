"""The check: ratios to the floor of the same run, so that a slow machine passes and a slow change does not."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from benchmarks import dashboards, floods, frames, pipes, prompts, report, seen, threads
from benchmarks.bench import print_disk
from benchmarks.cast import gather, on
from benchmarks.pushes import MOST_MS, are_prompt, pushes, show
from benchmarks.server import Served, serve, serve_floor
from benchmarks.workloads import CYCLE, DIRECT, Cell, Client, measure, merged
from benchmarks.yardstick import settled

__all__ = ["check"]

CLIENTS = 32
TRIALS = 3
Found = TypeVar("Found")
SLICES = 3


class Trial(NamedTuple):
    """The cells of one run, measured in turns so that a change in the machine's mood meets all of them."""

    floor: Cell
    direct: Cell
    cycle: Cell


class Bound(NamedTuple):
    """A ratio and the value that it must reach or stay under."""

    name: str
    ratio: Callable[[Trial], float]
    limits: dict[str, float]
    is_most: bool

    def best(self, trials: list[Trial]) -> float:
        """Return the best ratio of all trials: noise only makes it worse."""
        ratios = [self.ratio(trial) for trial in trials]
        return min(ratios) if self.is_most else max(ratios)

    def holds(self, trials: list[Trial], server: str) -> bool:
        """Say whether the best trial keeps the bound of this web server."""
        best, limit = self.best(trials), self.limits[server]
        return best <= limit if self.is_most else best >= limit


def _cpu(trial: Trial) -> float:
    return trial.direct.cpu_per_call / trial.floor.cpu_per_call


def _direct_rate(trial: Trial) -> float:
    return trial.direct.rounds_per_second / trial.floor.rounds_per_second


def _cycle_rate(trial: Trial) -> float:
    return trial.cycle.rounds_per_second / trial.floor.rounds_per_second


# The floor behind uvicorn is hardly more than its parser in C, a tenth of Daphne's: ratios to it are others.
BOUNDS = (
    Bound("CPU of a direct message / floor", _cpu, {"daphne": 4.5, "uvicorn": 25}, True),
    Bound("direct messages a second / floor", _direct_rate, {"daphne": 0.2, "uvicorn": 0.035}, False),
    Bound("handoff cycles a second / floor", _cycle_rate, {"daphne": 0.06, "uvicorn": 0.01}, False),
)


async def check(folder: Path, server: str, seconds: float) -> bool:
    """Run up to three trials until every ratio holds; print them and say whether they do."""
    print_disk(folder)
    with serve(folder / "nexus", server) as served, serve_floor(folder / "floor", server) as below:
        report.starts(served.start_seconds, "a new")
        trials = await _trials(folder, served, below, (server, seconds))
        pushed = await settled(partial(pushes, served, folder / "project"), are_prompt)
        told = await settled(partial(threads.over_http, served, folder / "project"), threads.are_prompt)
        looked = await settled(partial(seen.seen, served, folder / "seen"), seen.is_prompt)
        crowded = await settled(partial(dashboards.crowd, served, folder / "crowd"), dashboards.is_calm)
        prompted = await settled(partial(prompts.measured, served, folder / "prompts"), _are_quick_and_soon)
        flooded = await floods.floods(served, folder / "floods")
    piped = await settled(partial(pipes.measured, folder / "pipes"), pipes.are_prompt)
    passed = await settled(partial(threads.over_pipes, folder / "topics"), threads.are_prompt)
    moved = await settled(lambda _: frames.frames(), frames.are_smooth)
    print()
    for bound in BOUNDS:
        word = "at most" if bound.is_most else "at least"
        verdict = "ok" if bound.holds(trials, server) else "FAILED"
        print(f"{bound.name:<34}{bound.best(trials):>7.3f}   {word} {bound.limits[server]:g}   {verdict}")
    verdicts = [
        _verdict("push, median ms", MOST_MS, pushed, (show, are_prompt)),
        _verdict("seen on a page, median ms", seen.MOST_MS, looked, (seen.show, seen.is_prompt)),
        _verdict("on 200 sockets, median ms", dashboards.MOST_MS, crowded, (dashboards.show, dashboards.is_calm)),
        _verdict("between two pipes, median ms", pipes.MOST_MS, piped, (pipes.show, pipes.are_prompt)),
        _verdict("hook of a prompt, median ms", prompts.MOST_MS, prompted, (prompts.show, prompts.are_quick)),
        _verdict("hook without a server, ms", prompts.DOWN_MS, prompted, (prompts.show_down, prompts.is_soon)),
        _verdict("woken in a topic, median ms", threads.MOST_MS, told, (threads.show, threads.are_prompt)),
        _verdict("the same over pipes, median ms", threads.MOST_MS, passed, (threads.show, threads.are_prompt)),
        _verdict("between frames, median ms", frames.MOST_MS, moved, (frames.show, frames.are_smooth)),
    ]
    floods.show(flooded)
    _keep(trials, server)
    prompts.keep(prompted[0])
    print(f"{'a flood slows nobody else':<34}{'':>7}   {'ok' if floods.are_fair(flooded) else 'FAILED'}")
    return _hold(trials, server) and all(verdicts) and floods.are_fair(flooded)


def _are_quick_and_soon(found: prompts.Prompts, slowness: float) -> bool:
    return prompts.are_quick(found, slowness) and prompts.is_soon(found, slowness)


def _keep(trials: list[Trial], server: str) -> None:
    """Keep the best of the trials as figures."""
    from tests.figures import figure

    where = f"over MCP, {CLIENTS} clients, {server}, FULL"
    cpu = min(map(_cpu, trials))
    direct, cycle = (max(getattr(each, name).rounds_per_second for each in trials) for name in ("direct", "cycle"))
    figure("S", f"direct messages a second {where}", f"{direct:,.0f}")
    figure("S", f"handoff cycles (create, claim, complete) a second {where}", f"{cycle:,.0f}")
    figure("S", f"CPU of a direct message in that of the floor, {server}", f"{cpu:.2f}")


def _verdict(
    name: str,
    most: float,
    settled: tuple[Found, float],
    judges: tuple[Callable[[Found], None], Callable[[Found, float], bool]],
) -> bool:
    """Print what was measured, its bound at the slowness of that moment, and whether it holds; return that."""
    (found, slowness), (show, holds) = settled, judges
    show(found)
    verdict = holds(found, slowness)
    print(f"{name:<34}{'':>7}   at most {most:g} x {slowness:.2f}   {'ok' if verdict else 'FAILED'}", flush=True)
    return verdict


def _hold(trials: list[Trial], server: str) -> bool:
    return all(bound.holds(trials, server) for bound in BOUNDS)


async def _trials(folder: Path, served: Served, below: Served, how: tuple[str, float]) -> list[Trial]:
    server, seconds = how
    cast = await gather(served, CLIENTS, folder / "project")
    report.header()
    trials: list[Trial] = []
    async with on("MCP", served, cast.members) as clients, on("MCP", below, cast.members, floor=True) as idlers:
        while len(trials) < TRIALS and not (trials and _hold(trials, server)):
            slices = [await _slice(served, below, (clients, idlers), seconds / SLICES) for _ in range(SLICES)]
            trials.append(Trial(*map(merged, zip(*slices, strict=True))))
            _print(trials[-1])
    return trials


async def _slice(served: Served, below: Served, seated: tuple[list[Client], list[Client]], seconds: float) -> Trial:
    clients, idlers = seated
    return Trial(
        await measure(DIRECT, idlers, seconds, below.cpu_seconds),
        await measure(DIRECT, clients, seconds, served.cpu_seconds),
        await measure(CYCLE, clients, seconds, served.cpu_seconds),
    )


def _print(trial: Trial) -> None:
    report.floor("MCP", CLIENTS, trial.floor)
    report.cell("MCP", CLIENTS, DIRECT, trial.direct, trial.floor)
    report.cell("MCP", CLIENTS, CYCLE, trial.cycle, trial.floor)
