"""The one loop behind every wait: look, sleep until the tail says something, look again."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from bus import clock, openings, presence
from bus.gauges import gauges
from bus.identity import Caller
from bus.readers import readers
from bus.tail import tail
from bus.turns import give_back

__all__ = ["until"]

Found = TypeVar("Found")


async def until(
    caller: Caller,
    names: list[str],
    look: Callable[[Caller], Found],
    is_enough: Callable[[Found], bool],
    seconds: float,
) -> Found:
    """Return the first `look` that is enough, or the last one when `seconds` are over.

    `names` are what the tail wakes us for. A key may have only so many open at once. It looks again after registering,
    so that nothing falls in between.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    give_back()
    limit = await readers.look(openings.most)
    with (
        openings.held(caller, limit),
        tail.listening(*names) as woken,
        presence.connected(caller),
        gauges.holding("waits"),
    ):
        while True:
            woken.clear()
            now = replace(caller, now=clock.now())
            found: Found = await readers.run(partial(look, now))
            left = end - loop.time()
            if is_enough(found) or left <= 0 or not tail.is_running:
                return found
            await _sleep(woken, left)


async def _sleep(woken: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):  # wait_for may swallow the cancellation of a caller that leaves
            await woken.wait()
