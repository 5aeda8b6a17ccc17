"""What the mailbox shows: plain values, ready for a page."""

from dataclasses import dataclass
from datetime import datetime

__all__ = [
    "Branch",
    "Letter",
    "Page",
    "Place",
    "Receipt",
    "Recipients",
    "Reference",
    "Row",
    "Step",
    "Tally",
    "Wanted",
    "Who",
]


@dataclass(frozen=True, slots=True)
class Who:
    """An agent as a tile and a name show it."""

    name: str
    kind: str
    harness: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages: how addressed, a lane of a recipient, from, to, from or to, a text, and when."""

    kind: str = ""
    lane: str = ""
    sender: str = ""
    recipient: str = ""
    agent: str = ""
    q: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recipients:
    """Whom a message reached: the first few with their lanes, and how many read it."""

    first: list[tuple[Who, str]]
    total: int
    read: int
    waiting: int

    @property
    def more(self) -> int:
        """Return how many are not among the first."""
        return self.total - len(self.first)

    @property
    def lanes(self) -> str:
        """Return the lanes of the first ones, each once."""
        return " ".join(dict.fromkeys(lane for _, lane in self.first))

    @property
    def names(self) -> str:
        """Return the names of the first ones."""
        names = ", ".join(who.name for who, _ in self.first)
        return f"{names} and {self.more} more" if self.more > 0 else names


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `line` is the beginning of the body without Markdown, `topic` where it was posted."""

    pk: int
    message: str
    workspace: str
    kind: str
    sender: Who
    to: Recipients
    subject: str
    line: str
    sent_at: datetime
    topic: str = ""
    topic_name: str = ""

    @property
    def is_unread(self) -> bool:
        """Say whether nobody has read it yet, though somebody still may."""
        return not self.to.read and self.to.waiting > 0


@dataclass(frozen=True, slots=True)
class Page:
    """Rows newest first; `older` is where the next page begins, `cut` how many messages were looked through."""

    rows: list[Row]
    older: int | None
    newer: bool
    cut: int | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many messages there are in all, with unread mail, and with parked mail; each stops at its cap."""

    total: str
    unread: str
    parked: str


@dataclass(frozen=True, slots=True)
class Reference:
    """Something that a message points to; `label` is what to show."""

    kind: str
    id: str
    label: str

    @property
    def is_link(self) -> bool:
        """Say whether a browser may follow it."""
        return self.id.lower().startswith(("http://", "https://"))


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to a delivery."""

    said: str
    at: datetime
    colour: str
    is_reached: bool = True


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message for one recipient."""

    who: Who
    lane: str
    steps: list[Step]
    reason: str
    lease_until: datetime | None
    seconds: int | None

    @property
    def is_parked(self) -> bool:
        """Say whether it can be queued again."""
        return self.lane == "parked"


@dataclass(frozen=True, slots=True)
class Branch:
    """A message in a thread and how deep it hangs."""

    message: str
    sender: Who
    subject: str
    line: str
    sent_at: datetime
    depth: int
    is_this: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a topic a message was posted, under which number and name."""

    topic: str
    name: str
    seq: int
    peer: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """One message whole."""

    pk: int
    message: str
    workspace: str
    kind: str
    sender: Who
    to: Recipients
    subject: str
    body: str
    priority: int
    metadata: str
    references: list[Reference]
    sent_at: datetime
    expires_at: datetime | None
    handoff: str
    handoff_title: str
    receipts: list[Receipt]
    thread: list[Branch]
    is_thread_cut: bool
    post: Place | None = None
