"""What django-q2 runs in the background, by name; each task may run twice and at any time."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import ParamSpec, TypeVar

from django_q.models import Schedule

from bus import backups, clock, door, identity, knobs, sweeps
from bus.directory import directory

__all__ = ["arrange", "backup", "retention", "sweep", "sweep_all"]

MOST_STEPS = 10_000
P = ParamSpec("P")
R = TypeVar("R")


def looking_anew(task: Callable[P, R]) -> Callable[P, R]:
    """Let a task forget first what its process keeps of settings and agents: a worker has no tail that tells of changes."""

    @wraps(task)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        directory.forget_all()
        return task(*args, **kwargs)

    return run


@looking_anew
def sweep(kind: str) -> int:
    """Do what is due of one kind; the tail asks for it when its deadline has come."""
    return sweeps.run(kind)


@looking_anew
def sweep_all() -> dict[str, int]:
    """Do what is due of every kind: the safety net, once a minute."""
    return sweeps.all_kinds() | {"tidied": sweeps.tidy()}


@looking_anew
def retention() -> dict[str, int]:
    """Delete what is older than the settings keep; return the counts by kind."""
    total: Counter[str] = Counter()
    for _ in range(MOST_STEPS):
        done = door.run("retention_run", identity.system(), {})
        total.update(done.pruned)
        if not done.more:
            break
    return dict(total)


@looking_anew
def backup() -> str:
    """Make the daily backup when its hour has come and there is none of today; return its name, or nothing."""
    with backups.alone() as is_alone:
        if not is_alone or not _is_due(clock.now()):
            return ""
        return str(door.run("backup_create", identity.system(), {}).backup)


def _is_due(now: datetime) -> bool:
    due = now.replace(hour=knobs.get("backup_hour"), minute=0, second=0, microsecond=0)
    if due > now:
        due -= timedelta(days=1)
    newest = next(iter(backups.kept()), None)
    return newest is None or newest.made_at < due


def arrange() -> None:
    """Make sure that the schedules exist; what an operator changed in the admin stays."""
    now = clock.now()
    for name, task, first, how_often in (
        ("Sweep", "bus.tasks.sweep_all", 0, {"schedule_type": Schedule.MINUTES, "minutes": 1}),
        ("Backup", "bus.tasks.backup", 15, {"schedule_type": Schedule.MINUTES, "minutes": 15}),
        ("Retention", "bus.tasks.retention", 30, {"schedule_type": Schedule.DAILY}),
    ):
        defaults = {"func": task, "next_run": now + timedelta(minutes=first), **how_often}
        Schedule.objects.get_or_create(name=name, defaults=defaults)
