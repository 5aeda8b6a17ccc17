"""Prints what was measured: one line a cell, with its share of the floor."""

import statistics

from benchmarks.moments import Moments
from benchmarks.workloads import Cell, Workload

__all__ = ["cell", "disk", "floor", "header", "moments", "starts"]

LINE = "{:<5}{:>8}  {:<15}{:>9}{:>10}{:>9}{:>9}{:>9}{:>11}{:>11}{:>12}"
TITLES = ("calls/s", "rounds/s", "p50 ms", "p99 ms", "CPU us", "client us", "CPU/floor", "rate/floor")
HEADER = LINE.format("", "clients", "", *TITLES)


def header() -> None:
    """Print the head of the table."""
    print("\nCPU is the server's processor time a call; the load client's own stands beside it.")
    print("A round of pull + ack is two calls, of a handoff cycle three.")
    print(f"\n{HEADER}\n{'-' * len(HEADER)}", flush=True)


def floor(surface: str, clients: int, measured: Cell) -> None:
    """Print the floor's line."""
    _line(surface, clients, "floor", measured, ("", ""))


def cell(surface: str, clients: int, workload: Workload, measured: Cell, below: Cell) -> None:
    """Print one workload's line beside the floor below it."""
    shares = (
        f"{measured.cpu_per_call / below.cpu_per_call:.2f}",
        f"{measured.calls_per_second / below.calls_per_second:.3f}",
    )
    _line(surface, clients, workload.name, measured, shares)


def disk(single: float, grouped: float, group: int) -> None:
    """Print the floor of the disk."""
    print(f"Raw SQLite, WAL, synchronous=FULL: {single:,.0f} inserts/s one a transaction,", end=" ")
    print(f"{grouped:,.0f} inserts/s in groups of {group}.", flush=True)


def starts(seconds: float, directory: str) -> None:
    """Print how long a start took."""
    print(f"First healthy answer on {directory} data directory after {seconds:.2f} s.", flush=True)


def moments(observed: Moments) -> None:
    """Print what was measured once."""
    wakes = observed.wakes
    print(f"Idle: {observed.idle_percent:.2f} % of a core for the web process.")
    print(
        f"inbox_wait wakes {statistics.median(wakes):.1f} ms (median of {len(wakes)}; most {wakes[-1]:.1f} ms)", end=" "
    )
    print("after another process's commit.")
    print(f"First byte of an event stream after {observed.first_byte:.1f} ms.")
    print(f"SIGTERM to exit with a stream and a wait open: {observed.stop_seconds:.2f} s.", flush=True)


def _line(surface: str, clients: int, name: str, measured: Cell, shares: tuple[str, str]) -> None:
    figures = (
        f"{measured.calls_per_second:,.0f}",
        f"{measured.rounds_per_second:,.0f}",
        f"{measured.percentile(0.5):.2f}",
        f"{measured.percentile(0.99):.2f}",
        f"{measured.cpu_per_call:,.0f}",
        f"{measured.client_per_call:,.0f}",
    )
    print(LINE.format(surface, clients, name, *figures, *shares).rstrip(), flush=True)
