"""What the graph is made of; field names are those of its JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from bus.text import visible_in
from overview.queries.topics.hubs import Hub

__all__ = [
    "ADDRESSING",
    "FRESH_SECONDS",
    "MOST_NODES",
    "MOST_WORK",
    "Edge",
    "Graph",
    "Node",
    "Work",
    "instant",
    "label",
]

MOST_NODES, MOST_WORK = 1000, 120
ADDRESSING = ("handoff.created", "handoff.reassigned")
FRESH_SECONDS = 900  # read traffic fades away in fifteen minutes


@dataclass(frozen=True, slots=True)
class Node:
    """An agent or an operator."""

    name: str
    kind: str
    harness: str
    role: str
    presence: str
    seen_at: datetime | None
    capabilities: list[str]
    unread: int
    held: int


@dataclass(frozen=True, slots=True)
class Work:
    """A live handoff."""

    handoff: str
    title: str
    state: str
    from_: str
    to: str
    claimant: str | None
    lease_until: datetime | None
    lease_seconds: int
    created_at: datetime
    claimed_at: datetime | None
    priority: int
    note: str | None
    eligible: list[str]


@dataclass(frozen=True, slots=True)
class Edge:
    """Mail from one to another: what is unread, and when the last was sent."""

    from_: str
    to: str
    unread: int
    last_at: datetime | None
    kind: str


@dataclass(frozen=True, slots=True)
class Graph:
    """The whole state at one instant; `position` is the row id of the last event in it."""

    at: datetime
    position: int
    is_live: bool
    agents: list[Node]
    work: list[Work]
    edges: list[Edge]
    topics: list[Hub]

    def json(self) -> dict[str, Any]:
        """Return what the page's script reads."""
        return {
            "at": instant(self.at),
            "live": self.is_live,
            "agents": [visible_in(plain(asdict(node))) for node in self.agents],
            "work": [visible_in(plain(asdict(work))) for work in self.work],
            "edges": [plain(asdict(edge)) for edge in self.edges],
            "topics": [visible_in(plain(asdict(hub))) for hub in self.topics],
        }


def plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields with JSON names and times."""
    shown = {name.removesuffix("_"): value for name, value in fields.items()}
    return {name: instant(value) if isinstance(value, datetime) else value for name, value in shown.items()}


def instant(at: datetime) -> str:
    """Return an instant as clients read it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def label(to: Any) -> str:
    """Return in few words to whom a handoff is open, from its address as it was written."""
    if isinstance(to, str):
        return "everyone" if to == "broadcast" else to
    if isinstance(to, list):
        return ", ".join(label(each) for each in to[:3]) + (" and more" if len(to) > 3 else "")
    words = [to.get("agent"), to.get("capability"), to.get("role")]
    said = next((each for each in words if each), None)
    if said is None:
        tags = to.get("tag") or {}
        return ", ".join(f"{key} {_listed(value)}" for key, value in tags.items())
    return _listed(said)


def _listed(value: Any) -> str:
    return " or ".join(map(str, value)) if isinstance(value, list) else str(value)
