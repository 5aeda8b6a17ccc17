"""One import from another program: who is who, what was brought, what was left out and why.

Everything is planned first and then done in the order of time. What was brought before is found again by who made it and
the very instant, so that an import can be repeated.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bus import deadlines
from bus.directory import WorkspaceEntry, directory
from bus.errors import InvalidInput
from bus.identity import Caller
from bus.models import Event

__all__ = ["DryRun", "Report", "Settling", "begun", "settle"]

SURFACE = "import"
Say = Callable[[str, int, int], None]


class DryRun(Exception):
    """Everything is undone, as it was only to be tried."""


@dataclass
class Report:
    """What was brought and what was here already, by kind, and what was left out, by kind and reason."""

    brought: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    skipped: Counter[tuple[str, str]] = field(default_factory=Counter)
    changed: Counter[tuple[str, str]] = field(default_factory=Counter)

    def skip(self, kind: str, why: str, count: int = 1) -> None:
        """Note what is left out."""
        if count:
            self.skipped[kind, why] += count

    def change(self, kind: str, how: str) -> None:
        """Note what is brought otherwise than it was."""
        self.changed[kind, how] += 1


@dataclass
class Settling:
    """The import under way into one workspace.

    `people` are the names that agents have here by those that they had there, `ids` our ids by theirs.
    """

    operator: Caller
    workspace: WorkspaceEntry
    source: str
    report: Report
    people: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    plan: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    newest: datetime | None = None

    def at(self, when: datetime, step: Callable[..., None], *about: Any) -> None:
        """Plan a step."""
        self.plan.append((when, len(self.plan), lambda: step(self, *about)))

    def caller(self, when: datetime, name: str = "") -> Caller:
        """Return who acts at an instant, the operator where nobody is named; the log never goes back in time."""
        self.newest = max(when, self.newest or when)
        agent = directory.agent_named(self.people[name]) if name else self.operator.agent
        if agent is None:
            raise InvalidInput(f"Nobody here is called {name!r}.")
        return replace(self.operator, agent=agent, workspace=self.workspace, now=self.newest, surface=SURFACE)

    def mark(self, foreign: str) -> dict[str, Any]:
        """Return what says in metadata where something comes from."""
        return {"imported": {"from": self.source, "id": foreign}}


def begun(settling: Settling) -> datetime:
    """Return when the first of what is planned happened, now where nothing is planned."""
    return min((when for when, _, _ in settling.plan), default=settling.operator.now)


def settle(settling: Settling, say: Say = lambda what, done, total: None) -> None:
    """Do what is planned, in the order of time; runs inside the lane, whole or not at all."""
    events = Event.objects.filter(workspace_id=settling.workspace.id).order_by("-seq")
    settling.newest = events.values_list("at", flat=True).first()
    for done, (_, _, step) in enumerate(sorted(settling.plan, key=lambda each: each[:2]), 1):
        step()
        say("steps", done, len(settling.plan))
    for kind in deadlines.sweeps():
        deadlines.move(kind)
