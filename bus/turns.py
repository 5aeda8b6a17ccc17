"""Whose turn it is: a caller with many calls at once waits for itself, so that another's one call does not wait for it.

Invariant: of one owner (a key, or an address without a known key) few calls run at a time while others call too, the next
ones wait in its own line, and more than a line holds are refused, at a pace that a flood cannot raise. A call that waits
for something to happen gives its turn back first.
"""

import asyncio
from collections import deque
from collections.abc import Hashable
from contextvars import ContextVar
from dataclasses import dataclass, field

from bus.errors import RateLimited

__all__ = ["STRANGER", "Turn", "Turns", "give_back", "turn_of_call", "turns"]

STRANGER = "stranger"  # whoever sends keys from an address that nobody has
ALONE, SHARED, CROWDED = 16, 2, 1
FEW, LINE = 4, 64
RECENT = 10.0
REFUSED_A_SECOND, SHORTEST, LONGEST = 100, 0.5, 10.0
REST, LONGEST_REST = 0.02, 0.25


@dataclass(slots=True, eq=False)
class Line:
    """The calls of one owner: how many run, who waits, and how many are being refused."""

    owner: Hashable
    running: int = 0
    refused: int = 0
    waiting: "deque[asyncio.Future[None]]" = field(default_factory=deque)

    @property
    def is_strangers(self) -> bool:
        """Say whether it is the line of unknown keys."""
        return isinstance(self.owner, tuple) and self.owner[0] == STRANGER


class Turn:
    """One call that runs; `end` may be called more than once."""

    __slots__ = ("_began", "_is_over", "_line", "_turns")

    def __init__(self, turns: "Turns", line: Line, now: float) -> None:
        """Begin."""
        self._turns, self._line, self._began, self._is_over = turns, line, now, False

    def end(self) -> None:
        """Let the owner's next call run."""
        if not self._is_over:
            self._is_over = True
            self._turns.ended(self._line, self._began)


class Turns:
    """The lines of all owners who have calls at the moment; used on one event loop at a time."""

    def __init__(self, alone: int = ALONE, shared: int = SHARED, line: int = LINE) -> None:
        """Start with nobody."""
        self._alone, self._shared, self._longest = alone, shared, line
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lines: dict[Hashable, Line] = {}
        self._latest: tuple[Hashable, float] = (None, float("-inf"))
        self._other: tuple[Hashable, float] = (None, float("-inf"))

    def __len__(self) -> int:
        """Return how many owners have calls."""
        return len(self._lines)

    async def take(self, owner: Hashable) -> Turn:
        """Wait for a turn of this owner; raises `RateLimited` where too many of it wait already."""
        line, loop = self._line(owner), asyncio.get_running_loop()
        if not line.waiting and line.running < self._most(line, loop.time()):
            line.running += 1
        elif len(line.waiting) < self._longest:
            await self._wait(line)
        else:
            await self._refuse(line)
        return Turn(self, line, loop.time())

    def ended(self, line: Line, began: float) -> None:
        """Pass a turn on to the next call in line; a long line rests as long as the call took."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if line.waiting and self._most(line, now) == CROWDED:
            least = REST if line.is_strangers else 0.0
            loop.call_later(min(LONGEST_REST, max(least, now - began)), self._pass_on, line)
        else:
            self._pass_on(line)

    def _line(self, owner: Hashable) -> Line:
        """Return the line of an owner who calls now."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            self._lines.clear()  # what the loop before left unfinished will never end
        if self._latest[0] != owner:
            self._other = self._latest
        self._latest = (owner, loop.time())
        line = self._lines.get(owner)
        if line is None:
            line = self._lines[owner] = Line(owner)
        return line

    def _most(self, line: Line, now: float) -> int:
        """Return how many calls of an owner may run: fewer when somebody else called lately, one where many wait."""
        if line.is_strangers:
            return CROWDED
        other = self._other if self._latest[0] == line.owner else self._latest
        if now - other[1] >= RECENT:
            return self._alone
        return CROWDED if len(line.waiting) > FEW else self._shared

    def _pass_on(self, line: Line) -> None:
        line.running -= 1
        most = self._most(line, asyncio.get_running_loop().time())
        while line.waiting and line.running < most:
            turn = line.waiting.popleft()
            if not turn.cancelled():
                line.running += 1
                turn.set_result(None)
        self._tidy(line)

    async def _wait(self, line: Line) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._pass_on(line)  # it was just this call's turn
            elif turn in line.waiting:
                line.waiting.remove(turn)
                self._tidy(line)
            raise

    async def _refuse(self, line: Line) -> None:
        """Refuse a call after a while: who asks again at once is slowed down by it."""
        line.refused += 1
        try:
            await asyncio.sleep(min(LONGEST, max(SHORTEST, line.refused / REFUSED_A_SECOND)))
        finally:
            line.refused -= 1
            self._tidy(line)
        raise RateLimited("Too many calls at once.", limit=self._longest)

    def _tidy(self, line: Line) -> None:
        if not (line.running or line.waiting or line.refused) and self._lines.get(line.owner) is line:
            del self._lines[line.owner]


turns = Turns()
turn_of_call: ContextVar[Turn | None] = ContextVar("turn_of_call", default=None)


def give_back() -> None:
    """End the turn of the call that this runs in: it is about to wait for something to happen."""
    if (turn := turn_of_call.get()) is not None:
        turn.end()
