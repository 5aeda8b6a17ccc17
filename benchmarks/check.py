"""The check: ratios to the floor of the same run, so that a slow machine passes and a slow change does not."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks import dashboards, frames, report, seen
from benchmarks.bench import print_disk
from benchmarks.cast import gather, on
from benchmarks.pushes import MOST_MS, are_prompt, pushes, show
from benchmarks.server import Served, serve, serve_floor
from benchmarks.workloads import CYCLE, DIRECT, Cell, Client, measure, merged

__all__ = ["check"]

CLIENTS = 32
TRIALS = 3
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
    limit: float
    is_most: bool

    def best(self, trials: list[Trial]) -> float:
        """Return the best ratio of all trials: noise only makes it worse."""
        ratios = [self.ratio(trial) for trial in trials]
        return min(ratios) if self.is_most else max(ratios)

    def holds(self, trials: list[Trial]) -> bool:
        """Say whether the best trial keeps the bound."""
        best = self.best(trials)
        return best <= self.limit if self.is_most else best >= self.limit


def _cpu(trial: Trial) -> float:
    return trial.direct.cpu_per_call / trial.floor.cpu_per_call


def _direct_rate(trial: Trial) -> float:
    return trial.direct.rounds_per_second / trial.floor.rounds_per_second


def _cycle_rate(trial: Trial) -> float:
    return trial.cycle.rounds_per_second / trial.floor.rounds_per_second


BOUNDS = (
    Bound("CPU of a direct message / floor", _cpu, 4.5, True),
    Bound("direct messages a second / floor", _direct_rate, 0.2, False),
    Bound("handoff cycles a second / floor", _cycle_rate, 0.06, False),
)


async def check(folder: Path, server: str, seconds: float) -> bool:
    """Run up to three trials until every ratio holds; print them and say whether they do."""
    print_disk(folder)
    with serve(folder / "nexus", server) as served, serve_floor(folder / "floor", server) as below:
        report.starts(served.start_seconds, "a new")
        trials = await _trials(folder, served, below, seconds)
        pushed = await pushes(served, folder / "project")
        looked = await seen.seen(served, folder / "seen")
        crowded = await dashboards.crowd(served, folder / "crowd")
    moved = await frames.frames()
    print()
    for bound in BOUNDS:
        word = "at most" if bound.is_most else "at least"
        verdict = "ok" if bound.holds(trials) else "FAILED"
        print(f"{bound.name:<34}{bound.best(trials):>7.3f}   {word} {bound.limit:g}   {verdict}")
    show(pushed)
    print(f"{'push, median ms':<34}{'':>7}   at most {MOST_MS:g}   {'ok' if are_prompt(pushed) else 'FAILED'}")
    seen.show(looked)
    dashboards.show(crowded)
    frames.show(moved)
    is_live = seen.is_prompt(looked) and dashboards.is_calm(crowded) and frames.are_smooth(moved)
    print(f"{'pages are prompt, calm and smooth':<34}{'':>7}   {'ok' if is_live else 'FAILED'}")
    return _hold(trials) and are_prompt(pushed) and is_live


def _hold(trials: list[Trial]) -> bool:
    return all(bound.holds(trials) for bound in BOUNDS)


async def _trials(folder: Path, served: Served, below: Served, seconds: float) -> list[Trial]:
    cast = await gather(served, CLIENTS, folder / "project")
    report.header()
    trials: list[Trial] = []
    async with on("MCP", served, cast.members) as clients, on("MCP", below, cast.members, floor=True) as idlers:
        while len(trials) < TRIALS and not (trials and _hold(trials)):
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
