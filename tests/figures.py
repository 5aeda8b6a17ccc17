"""The figures that proofs print: kept in build/figures, shown at the end of a run, and read by `make proof`."""

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

__all__ = ["FOLDER", "Figure", "figure", "figures"]

FOLDER = Path(__file__).resolve().parent.parent / "build" / "figures"


class Figure(NamedTuple):
    """One thing that a run measured or counted."""

    promise: str
    what: str
    value: str
    measured_at: str


def figure(promise: str, what: str, value: str) -> None:
    """Keep and print a figure of a promise (`G1` …), a threat (`T`), a fault (`F`) or of speed (`S`)."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    measured = Figure(promise, what, value, datetime.now(UTC).isoformat(timespec="seconds"))
    name = re.sub(r"[^a-z0-9]+", "-", f"{promise} {what}".lower()).strip("-")[:120]
    new = FOLDER / f"{name}.{os.getpid()}"
    new.write_text(json.dumps(measured._asdict()))
    new.replace(FOLDER / f"{name}.json")


def figures(since: str = "") -> list[Figure]:
    """Return what was kept at or after an instant, by promise."""
    kept = [Figure(**json.loads(file.read_text())) for file in FOLDER.glob("*.json")]
    return sorted(each for each in kept if each.measured_at >= since)
