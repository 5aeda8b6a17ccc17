"""What the pages of topics show: plain values, ready for a page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["Page", "Peer", "Peers", "Post", "Row", "Tally", "Wanted"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which topics: open, closed, archived or all, and a text in the name."""

    state: str = "open"
    q: str = ""


@dataclass(frozen=True, slots=True)
class Peer:
    """One who takes part: `name` in the topic, the agent behind it, how far it has read and whether the name is in use.

    `hold` is held, lost (nobody acts under it, or its agent is gone) or free (the next who joins has it).
    """

    name: str
    agent: str
    kind: str
    harness: str
    presence: str
    seq: int
    unread: int
    seen_at: datetime
    hold: str

    @property
    def is_own(self) -> bool:
        """Say whether it is its agent's own name, which needs no token."""
        return self.name.casefold() == self.agent.casefold()

    @property
    def may_be_released(self) -> bool:
        """Say whether an operator may have reason to give the name free."""
        return self.hold == "lost" and not self.is_own


@dataclass(frozen=True, slots=True)
class Peers:
    """Who takes part, the last heard first, as many as are shown, and how many in all."""

    first: Sequence[Peer] = field(default_factory=list)
    total: int = 0

    @property
    def more(self) -> int:
        """Return how many are not among the first."""
        return self.total - len(self.first)

    @property
    def behind(self) -> int:
        """Return the most posts that one of the first, an agent that still acts under its name, has not read."""
        return max((peer.unread for peer in self.first if peer.hold == "held" and peer.kind != "operator"), default=0)


@dataclass(frozen=True, slots=True)
class Row:
    """One topic of a list; `line` is the beginning of what was said last, `last_by` by whom."""

    pk: int
    topic: str
    workspace: str
    name: str
    state: str
    posts: int
    created_by: str
    created_at: datetime
    active_at: datetime
    closed_at: datetime | None
    close_reason: str
    archived_at: datetime | None
    last_by: str
    line: str
    peers: Peers

    @property
    def is_open(self) -> bool:
        """Say whether it takes posts."""
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class Page:
    """Topics, the last active first; `older` is where the next page begins."""

    rows: list[Row]
    older: str | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many topics are open, closed and listed, and archived."""

    open: int
    closed: int
    archived: int


@dataclass(frozen=True, slots=True)
class Post:
    """One post of a thread; `reply_…` tell what it answers, 0 and empty where nothing."""

    topic: str
    message: str
    seq: int
    name: str
    agent: str
    kind: str
    harness: str
    sort: str
    body: str
    is_cut: bool
    at: datetime
    reply_seq: int
    reply_by: str
    reply_line: str

    @property
    def day(self) -> str:
        """Return the day it belongs under."""
        return self.at.date().isoformat()

    @property
    def is_own(self) -> bool:
        """Say whether it was posted under its agent's own name."""
        return self.name.casefold() == self.agent.casefold()
