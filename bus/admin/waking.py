"""Whether an agent may be woken, and its latest wakes."""

from django.utils.html import format_html_join

from bus import wakes
from bus.admin import acting, cells
from bus.models import Agent
from bus.wakes import Wake

__all__ = ["PAUSE", "RESUME", "history", "state"]

SHOWN = 20
PAUSE = acting.Step(
    "wake_pause", lambda agent: {"agent": agent.name, "paused": True}, "Paused the waking of {count} agent{s}."
)
RESUME = acting.Step(
    "wake_pause", lambda agent: {"agent": agent.name, "paused": False}, "{count} agent{s} may be woken again."
)


def state(agent: Agent) -> str:
    """Say whether it may be woken, and since when not."""
    return cells.joined(cells.badge("paused"), cells.exact(agent.paused_at)) if agent.paused_at else "may be woken"


def history(agent: Agent) -> str:
    """Tell when it was woken, because of whom and by what; the log has all wakes."""
    told = [cells.joined(*_wake(each)) for each in wakes.told(agent.wakes)[:SHOWN]]
    every = cells.listed("bus_event", "all in the log", agent=agent.name, type__exact="agent.woken")
    return format_html_join("", "{}<br>", ((line,) for line in [*told, every]))


def _wake(wake: Wake) -> list[str]:
    words = [f"as {' and '.join(wake.by)} wrote" if wake.by else "", f"by {wake.waiter}" if wake.waiter else ""]
    return [cells.exact(wake.at), *(cells.line(word) for word in words if word)]
