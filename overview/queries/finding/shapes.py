"""What is looked for, and what a window of the index holds of it."""

from dataclasses import dataclass
from datetime import datetime

from bus.identity import Caller
from bus.phrases import Phrase

__all__ = ["KINDS", "Match", "Wanted", "Window"]

KINDS = frozenset({"message", "topic", "handoff"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for, also in the language of the index, and for whom; `is_everywhere` is for operators and looks in all workspaces."""

    caller: Caller
    phrases: tuple[Phrase, ...]
    expression: str
    kinds: frozenset[str] = KINDS
    sender: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    topic: str | None = None
    is_everywhere: bool = False

    @property
    def words(self) -> int:
        """Return how many words the index is asked for, those that a beginning stands for each."""
        return max(1, self.expression.count('"') // 2)


@dataclass(frozen=True, slots=True)
class Match:
    """A text that holds what is looked for; `begin` is how it begins, `state` where a handoff is, as it was written."""

    pk: int
    kind: str
    id: str
    workspace: str
    title: str
    begin: str
    sender: str
    at: datetime
    state: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """The newest matches of a table below a row; the next window begins below `floor`, 0 where there is none."""

    matches: list[Match]
    top: int
    floor: int
