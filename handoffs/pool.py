"""Who may claim: the agent it is directed to, and the pool of names and selectors it is open to.

A pool is kept as JSON text, which is the same for handoffs addressed alike, so that it is parsed once and compared whole.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol

from bus import audience
from bus.directory import AgentEntry
from bus.errors import InvalidInput
from bus.events import canonical
from bus.identity import Caller
from bus.schemas.address import BROADCAST, Selector
from handoffs.schemas.address import HandoffTo, WithFallback

__all__ = ["NOBODY", "Address", "Part", "address", "fits", "is_eligible", "parts"]

NOBODY = "[]"
MAX_TEXT = 4096
Part = str | Selector | None


class Offered(Protocol):
    """What eligibility depends on."""

    @property
    def target_id(self) -> int | None: ...
    @property
    def pool(self) -> str: ...
    @property
    def fallback(self) -> str: ...
    @property
    def fallback_at(self) -> datetime | None: ...


@dataclass(frozen=True)
class Address:
    """To whom a handoff goes: one agent, a pool, or one agent first and a pool later."""

    to: Any
    target: AgentEntry | None = None
    pool: str = NOBODY
    fallback: str = ""
    fallback_after: int | None = None

    @property
    def name(self) -> str:
        """Return the name of the agent it is directed to, or nothing."""
        return self.target.name if self.target else ""

    def columns(self, now: datetime) -> dict[str, Any]:
        """Return the address as a handoff keeps it."""
        return {
            "to": self.to,
            "target_id": self.target.id if self.target else None,
            "pool": self.pool,
            "fallback": self.fallback,
            "fallback_at": now + timedelta(seconds=self.fallback_after) if self.fallback_after else None,
        }


def address(caller: Caller, to: HandoffTo) -> Address:
    """Return who is meant; an unknown name raises `UnknownAgent`."""
    if isinstance(to, WithFallback):
        fallback = _text([_part(caller, to.fallback)])
        return Address(_plain(to), audience.named(caller, to.agent), NOBODY, fallback, to.fallback_after)
    listed = to if isinstance(to, list) else [to]
    if len(listed) == 1 and isinstance(listed[0], str) and listed[0] != BROADCAST:
        return Address(listed[0], audience.named(caller, listed[0]))
    written = [_plain(each) for each in listed]
    return Address(
        written if isinstance(to, list) else written[0], pool=_text([_part(caller, each) for each in listed])
    )


def _plain(to: str | Selector | WithFallback) -> Any:
    return to if isinstance(to, str) else to.model_dump(exclude_none=True)


def _part(caller: Caller, each: str | Selector) -> Part:
    if isinstance(each, Selector):
        return each
    return None if each == BROADCAST else audience.named(caller, each).name


def _text(pool: list[Part]) -> str:
    text = canonical([each if each is None else _plain(each) for each in pool])
    if len(text) > MAX_TEXT:
        raise InvalidInput(
            f"`to` takes {len(text)} characters as JSON; at most {MAX_TEXT} are allowed.", field="to", limit=MAX_TEXT
        )
    return text


@lru_cache(maxsize=4096)
def parts(pool: str) -> tuple[Part, ...]:
    """Return the parts of a pool: a name, a selector, or None for any member."""
    return tuple(Selector.model_validate(each) if isinstance(each, dict) else each for each in json.loads(pool))


def fits(agent: AgentEntry, pool: str) -> bool:
    """Say whether a pool means the agent."""
    return pool != NOBODY and any(_fits(agent, part) for part in parts(pool))


def _fits(agent: AgentEntry, part: Part) -> bool:
    if isinstance(part, Selector):
        return audience.matches(agent, part)
    return part is None or part == agent.name


def is_eligible(agent: AgentEntry, work: Offered, now: datetime) -> bool:
    """Say whether the agent may claim `work`, also when its fallback is due and nobody has noted that yet."""
    if work.target_id == agent.id or fits(agent, work.pool):
        return True
    return work.fallback_at is not None and work.fallback_at <= now and fits(agent, work.fallback)
