"""How agents are shown: the names of their programs, the bars of their day, and how they hear of mail."""

import math
from dataclasses import dataclass

from overview.queries.people import Person

__all__ = ["BARS", "Bar", "height", "program", "selector", "spark", "wakes"]

PROGRAMS = {
    "claude": "Claude Code",
    "claude-code": "Claude Code",
    "codex": "Codex",
    "cursor": "Cursor",
    "gemini": "Gemini CLI",
    "gemini-cli": "Gemini CLI",
    "opencode": "OpenCode",
}
PITCH, WIDTH, HEIGHT, FULL = 5, 3, 20, 60
BARS = {"present": (0, 12), "stale": (2, 8), "offline": (5, 2)}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a small chart, in the units of its view box."""

    x: int
    y: int
    height: int
    word: str = ""


def program(harness: str) -> str:
    """Return a harness as people call it."""
    return PROGRAMS.get(harness.lower(), harness)


@dataclass(frozen=True, slots=True)
class Spark:
    """The bars of a day as two paths: hours in which something was said, and the quiet ones."""

    said: str
    quiet: str


def spark(hours: tuple[int, ...]) -> Spark:
    """Draw a day; every agent has the same scale, and an hour with sixty messages fills it."""
    bars = [(number * PITCH, height(sent), sent) for number, sent in enumerate(hours)]
    drawn = [(f"M{x} {HEIGHT - high}h{WIDTH}v{high}h-{WIDTH}z", sent) for x, high, sent in bars]
    return Spark("".join(bar for bar, sent in drawn if sent), "".join(bar for bar, sent in drawn if not sent))


def height(sent: int) -> int:
    """Return a height that tells one message from none and a few from many."""
    return min(HEIGHT, max(1, round(HEIGHT * math.log1p(sent) / math.log1p(FULL)))) if sent else 1


def wakes(person: Person) -> str:
    """Return how an agent learns of mail when it is idle."""
    if not person.is_agent:
        return ""
    if person.is_connected:
        return "wakes at once"
    return "wakes when it looks" if person.wakes_by == "poll" else f"wakes by {person.wakes_by}"


def selector(name: str) -> str:
    """Return an id as a selector names it: agents may have dots in their names."""
    return "#" + name.replace(".", "\\.")
