"""What every page shows around its own facts: the rail with its counts, the workspaces, and who looks."""

from dataclasses import dataclass
from typing import Any

from bus import cursors
from bus.events import newest_id
from bus.queries.events import KIND
from dashboard import assets
from dashboard.look import ALL, Look
from overview.queries.frame import Counts, counts, places, recent_topics

__all__ = ["RAIL", "Entry", "context", "counted"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One place in the rail; `counts` names the number beside it."""

    name: str
    title: str
    icon: str
    key: str
    counts: str = ""


RAIL = (
    Entry("live", "Live", "live", "l", "waiting"),
    Entry("messages", "Messages", "message", "m", "unread"),
    Entry("handoffs", "Handoffs", "handoff", "h", "handoffs"),
    Entry("topics", "Topics", "topic", "t"),
    Entry("agents", "Agents", "agents", "a", "present"),
    Entry("events", "Events", "events", "e"),
    Entry("settings", "Settings", "settings", "s"),
)


def context(look: Look, screen: str, title: str) -> dict[str, Any]:
    """Return what `frame.html` needs."""
    here = look.caller.workspace
    return {
        "screen": screen,
        "screen_title": title,
        "rail": RAIL,
        "sheets": assets.sheets(),
        "modules": assets.modules(screen),
        "counts": counted(look),
        "recent": recent_topics(look.workspace),
        "places": places(),
        "place": "All workspaces" if look.workspace is None else here.alias or "No workspace yet",
        "place_name": look.place,
        "is_all": look.place == ALL,
        "cursor": cursors.encode(KIND, newest_id()),
        "me": look.caller.agent.name,
        "me_at": look.caller.person or "on this machine",
    }


def counted(look: Look) -> Counts:
    """Return the numbers of the rail."""
    return counts(look.workspace, look.now)
