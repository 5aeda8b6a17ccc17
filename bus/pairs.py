"""How much two agents may say to each other in a minute, so that no two of them talk for ever at full speed.

The count is kept in memory, of this process alone and of both ways together: it costs no statement. A restart forgets it.
"""

from collections import deque
from collections.abc import Iterable

from bus import knobs
from bus.directory import AgentEntry
from bus.errors import RateLimited
from bus.identity import Caller

__all__ = ["PairLimit", "count"]

MINUTE, AGAIN, MOST = 60.0, 3600.0, 10_000
Pair = tuple[int, int]
_sent: dict[Pair, deque[float]] = {}
_told: dict[Pair, float] = {}


class PairLimit(RateLimited):
    """You two have sent each other too many messages within a minute."""

    hint = "Wait `retry_after` seconds. Say more in one message, or do what you talk about."


def count(caller: Caller, recipients: Iterable[AgentEntry]) -> list[AgentEntry]:
    """Count a message to each agent among its recipients; refuse it where a pair sent as many as it may.

    Returns those with whom it is the last one allowed, if the operator was not told of them within the hour.
    """
    limit = knobs.get("pair_limit")
    if not limit or caller.agent.kind != "agent":
        return []
    now, me = caller.now.timestamp(), caller.agent.id
    others = [each for each in recipients if each.kind == "agent"]
    lines = [_line((min(me, each.id), max(me, each.id)), limit) for each in others]
    for each, line in zip(others, lines, strict=True):
        if len(line) == limit and now - line[0] < MINUTE:
            raise PairLimit(retry_after=round(line[0] + MINUTE - now, 1), agent=each.name, limit=limit)
    for line in lines:
        line.append(now)
    return [
        each
        for each, line in zip(others, lines, strict=True)
        if len(line) == limit and now - line[0] < MINUTE and _is_news((min(me, each.id), max(me, each.id)), now)
    ]


def _line(pair: Pair, limit: int) -> deque[float]:
    """Return when the newest messages of a pair were sent, as many as it may send in a minute."""
    line = _sent.get(pair)
    if line is None or line.maxlen != limit:
        if len(_sent) >= MOST:
            _sent.clear()
        line = _sent[pair] = deque(line or (), limit)
    return line


def _is_news(pair: Pair, now: float) -> bool:
    """Say whether nobody was told of a pair within the hour, and note that somebody is told now."""
    if now - _told.get(pair, -AGAIN) < AGAIN:
        return False
    if len(_told) >= MOST:
        _told.clear()
    _told[pair] = now
    return True
