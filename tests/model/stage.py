"""The stage of a model run: four agents, a clock to turn, and a database that begins anew for every example."""

from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from sqlite3 import connect
from typing import Any

from django.db import connections

from bus import checkpoints, clock, deadlines, door, fold, identity, presence
from bus.directory import directory
from bus.errors import Refusal
from bus.identity import Caller
from bus.verifier import verify
from bus.writer import lane

__all__ = ["AGENTS", "CLOCK", "Stage"]

AGENTS = {"alice": set(), "bob": {"review"}, "carol": set(), "dave": {"review", "verify"}}
CLOCK = (1, 9, 31, 61, 301, 3600, -1, -31, -3600)


class Stage:
    """Who is there, what time it is, and how to call."""

    def __init__(self, callers: dict[str, Caller], operator: Caller, folder: Path) -> None:
        """Keep a copy of the databases as they are now."""
        self.callers = callers | {"operator": operator}
        self.workspace = operator.workspace.id
        self.folder, self.begin = folder, clock.now()
        self.now = self.begin
        self.counts: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        lane.run(lambda: None)
        for alias in connections:
            _copy(_file(alias), folder / alias)

    def begin_anew(self) -> None:
        """Put the databases and the clock back."""
        self.close()
        for alias in connections:
            _copy(self.folder / alias, _file(alias))
        self.now = self.begin
        self.counts["examples"] += 1

    def close(self) -> None:
        """Forget and close all that a process holds, as if it ended."""
        lane.run(lambda: None)
        lane.close()
        listeners = lane.after_commit
        lane.__init__()
        lane.after_commit = listeners
        connections.close_all()
        directory.forget_all()
        for memory in (deadlines._noted, presence._seen, presence._written, presence._held):
            memory.clear()

    def turn(self, seconds: int) -> None:
        """Turn the clock."""
        self.now += timedelta(seconds=seconds)

    def after(self, seconds: int) -> datetime:
        """Return an instant some seconds from now."""
        return self.now + timedelta(seconds=seconds)

    def call(self, name: str, who: str, **order: Any) -> Any:
        """Return the answer, or the code of the refusal."""
        self.counts["calls"] += 1
        try:
            answer = door.run(name, replace(self.callers[who], now=self.now), order)
        except Refusal as refusal:
            self.counts["refusals"] += 1
            return refusal.code
        self.done[name] += 1
        return answer

    def sweep(self, work: Any) -> int:
        """Run a sweep at this time and return how many things it changed."""
        self.counts["sweeps"] += 1
        return int(door.run_work(lambda: work(replace(identity.system(), now=self.now))))

    def assert_whole(self) -> None:
        """See that the log adds up to the tables and that `verify` finds nothing."""
        state = fold.empty()
        for entry in checkpoints.entries(self.workspace, 0, checkpoints.head(self.workspace)):
            fold.fold(state, entry)
        for part in fold.parts():
            assert state[part.name] == part.actual(self.workspace), part.name
        report = verify()
        assert report.is_clean, report.problems


def _file(alias: str) -> Path:
    return Path(connections[alias].settings_dict["NAME"])


def _copy(source: Path, target: Path) -> None:
    with closing(connect(source)) as old, closing(connect(target)) as new:
        old.backup(new)
