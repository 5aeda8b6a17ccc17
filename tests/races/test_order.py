"""Sixteen senders on all surfaces and from another process, one reader: mail of a priority comes in the order of commits."""

import asyncio
import itertools
import random
from collections import defaultdict
from typing import Any

import pytest

from tests.figures import figure
from tests.live.servers import Server, play
from tests.races.ledger import ledger
from tests.races.ways import WAYS, Call, Ways

pytestmark = pytest.mark.slow

SENDERS, EACH, TAKEN = 16, 30, 7
PRIORITIES = (2, 5, 9)
COMMITTED = """
SELECT event.message, json_extract(event.payload, '$.priority'), event.seq FROM bus_event AS event
WHERE event.type = 'message.created' ORDER BY event.id
"""


async def send(call: Call) -> list[str]:
    """Send one message after another; return them."""
    order: dict[str, Any] = {"to": "reader", "subject": "Note", "body": ""}
    priorities = random.choices(PRIORITIES, k=EACH)
    return [(await call("message_create", **order, priority=each))["message"] for each in priorities]


async def read(calls: list[Call], is_over: asyncio.Event) -> list[tuple[str, int]]:
    """Pull and acknowledge, each time over another way, until nothing is left; return what came, in its order."""
    found: list[tuple[str, int]] = []
    for call in itertools.cycle(calls):
        was_over = is_over.is_set()
        taken = (await call("inbox_pull", limit=TAKEN))["messages"]
        assert {each["attempt"] for each in taken} <= {1}
        found += [(each["message"], each["priority"]) for each in taken]
        if taken:
            await call("inbox_ack", messages=[each["message"] for each in taken])
        elif was_over:
            break
    return found


def by_priority(rows: list[tuple[Any, ...]]) -> dict[int, list[str]]:
    """Return the messages of each priority in the order of the rows."""
    found = defaultdict(list)
    for message, priority, *_ in rows:
        found[priority].append(message)
    return dict(found)


def test_what_sixteen_send_at_once_comes_in_the_order_of_the_log(own_server: Server) -> None:
    keys = [own_server.agent(f"sender-{number}").key for number in range(SENDERS)]
    reader = own_server.agent("reader").key

    async def scenario() -> tuple[list[list[str]], list[tuple[str, int]]]:
        async with Ways(own_server) as ways:
            await ways.connect([reader])
            over = list(zip(itertools.cycle(WAYS), keys, strict=False))
            for way, key in over:
                await ways.connect([key], [way])
            is_over = asyncio.Event()
            reading = asyncio.create_task(read(ways.of(reader), is_over))
            sent = await asyncio.gather(*[send(ways.by(way, key)) for way, key in over])
            is_over.set()
            return sent, await reading

    sent, came = play(scenario())
    with ledger(own_server.home) as found:
        committed = found.rows(COMMITTED)
    assert sorted(message for message, _ in came) == sorted(itertools.chain(*sent))
    assert by_priority(came) == by_priority(committed)
    place = {message: seq for message, _, seq in committed}
    for mine in sent:
        assert sorted(mine, key=place.__getitem__) == mine
    assert own_server.command("verify").returncode == 0
    mixed = sum(one != other for one, other in itertools.pairwise(_senders(sent, committed)))
    assert mixed > SENDERS, "nobody raced"
    text = f"{len(came)} in the order of the log, where the sender changed {mixed} times; by priority, 0 out of order"
    figure("G7", f"messages of {SENDERS} senders at once to one reader", text)


def _senders(sent: list[list[str]], committed: list[tuple[Any, ...]]) -> list[int]:
    by = {message: number for number, mine in enumerate(sent) for message in mine}
    return [by[message] for message, *_ in committed]
