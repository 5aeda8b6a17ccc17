"""The figures of the page Health: four tiles with the last hour, what runs, what is stored and what is open."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bus.gauges import Minute
from dashboard.live.feeds import feeds
from dashboard.views.settings.charts import Line, ceiling, drawn
from dashboard.views.settings.findings import Finding, findings, headline, refused, worst
from overview.queries.health import Data, Health, Timed, health

__all__ = ["Tile", "numbers"]

TILE_HEIGHT, CHART_HEIGHT = 34, 120
BAR = 356
OPEN = (
    ("dashboards", "Dashboards"),
    ("mcp", "MCP streams"),
    ("sockets", "Agent sockets"),
    ("streams", "Event streams"),
    ("waits", "Waiting calls"),
)
COLOURS = ("blue", "green", "pink", "amber", "ink")


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure with its unit, a second fact, and how it went in the last hour."""

    title: str
    value: str
    unit: str
    note: str
    colour: str
    state: str
    line: Line


@dataclass(frozen=True, slots=True)
class Part:
    """A share of the database, and where its piece of the bar lies."""

    name: str
    bytes: int
    colour: str
    x: float
    width: float


def numbers(now: datetime) -> dict[str, Any]:
    """Return everything that the page shows as it is now."""
    state = health(now)
    found: list[Finding] = findings(state)
    held = state.held | {"dashboards": feeds.pages}
    return {
        "health": state,
        "tiles": _tiles(state),
        "findings": found,
        "headline": headline(found),
        "worst": worst(found),
        "parts": _parts(state.data),
        "chart": _chart(state.hour),
        "open": [(title, held.get(kind, 0)) for kind, title in OPEN],
        "open_total": sum(held.get(kind, 0) for kind, _ in OPEN),
        "refused": refused(state),
    }


def _tiles(state: Health) -> list[Tile]:
    work, hour = state.work, state.hour
    return [
        Tile("Tail lag", *_milli(work.tails), "blue", _mood(work.tells), _spark(hour, lambda each: each.slowest_tail)),
        Tile(
            "Writer queue",
            f"{work.depth:,}",
            f"of {work.most:,}",
            f"peak {work.peak:,}",
            "pink",
            _mood(work.is_alive),
            _spark(hour, lambda each: each.deepest),
        ),
        _sweep(state),
        Tile(
            "Write latency",
            *_milli(work.writes),
            "violet",
            _mood(work.is_alive),
            _spark(hour, lambda each: each.slowest_commit),
        ),
    ]


def _sweep(state: Health) -> Tile:
    at = state.work.swept_at
    age = None if at is None else max(0, int((state.now - at).total_seconds()))
    value, unit = ("idle", "") if age is None else (str(age), "s") if age < 600 else (str(age // 60), "min")
    mood = _mood(state.work.beat is None or state.work.is_fresh)
    line = _spark(state.hour, lambda each: each.oldest_beat)
    return Tile("Sweep age", value, unit, "runs each minute", "green", mood, line)


def _mood(is_well: bool) -> str:
    return "ok" if is_well else "bad"


def _milli(timed: Timed) -> tuple[str, str, str]:
    """Return the figure, its unit and the slow end."""
    if timed.median is None or timed.slow is None:
        return "idle", "", "nothing yet"
    return _thousandths(timed.median), "ms", f"p99 {_thousandths(timed.slow)} ms"


def _thousandths(seconds: float) -> str:
    amount = seconds * 1000
    return f"{amount:.1f}" if amount < 10 else f"{amount:,.0f}"


def _spark(hour: Sequence[Minute], value: Callable[[Minute], float]) -> Line:
    values = [value(minute) for minute in hour]
    return drawn(values, max(values), TILE_HEIGHT)


def _chart(hour: Sequence[Minute]) -> dict[str, Any]:
    top = ceiling(max(4, *(max(minute.reads, minute.writes) for minute in hour)))
    return {
        "top": top,
        "middle": top / 2,
        "reads": drawn([minute.reads for minute in hour], top, CHART_HEIGHT),
        "writes": drawn([minute.writes for minute in hour], top, CHART_HEIGHT),
        "read_total": sum(minute.reads for minute in hour),
        "write_total": sum(minute.writes for minute in hour),
    }


def _parts(data: Data) -> list[Part]:
    total = sum(size for _, size in data.parts) or 1
    found: list[Part] = []
    x = 0.0
    for name, size in data.parts:
        width = BAR * size / total
        found.append(Part(name, size, _colour(name, len(found)), round(x, 1), round(max(1.0, width - 2), 1)))
        x += width
    return found


def _colour(name: str, index: int) -> str:
    return COLOURS[-1] if name.startswith("Everything") else COLOURS[min(index, len(COLOURS) - 2)]
