"""Turns: a caller with many calls waits for itself, and nobody waits for a line of another."""

import asyncio

import pytest

from bus import turns as engine
from bus.errors import RateLimited
from bus.turns import STRANGER, Turns

PATIENCE = 60


async def settle():
    """Let everything happen that can happen now."""
    for _ in range(10):
        await asyncio.sleep(0)


def ask(turns, owner, count):
    """Ask for turns in tasks of their own."""
    return [asyncio.create_task(turns.take(owner)) for _ in range(count)]


def granted(asked):
    return [task.result() for task in asked if task.done()]


async def leave(asked):
    for task in asked:
        task.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
    for turn in granted([task for task in asked if not task.cancelled()]):
        turn.end()


async def test_an_owner_alone_runs_many_calls():
    turns = Turns(alone=16)
    asked = ask(turns, "noisy", 20)
    await settle()
    assert len(granted(asked)) == 16
    await leave(asked)
    assert len(turns) == 0


async def test_a_line_holds_up_nobody_else():
    turns = Turns()
    noisy = ask(turns, "noisy", 60)
    await settle()
    (await asyncio.wait_for(turns.take("quiet"), PATIENCE)).end()
    await leave(noisy)


async def test_beside_others_few_calls_of_an_owner_run_and_one_where_many_wait():
    turns = Turns(alone=16, shared=2)
    (await turns.take("quiet")).end()
    asked = ask(turns, "noisy", 2 + engine.FEW + 1)
    await settle()
    first = granted(asked)
    assert len(first) == 2
    first[0].end()
    await asyncio.wait_for(asyncio.to_thread(int), PATIENCE)
    assert len(granted(asked)) == 2, "one runs on, and many wait"
    first[1].end()
    await asyncio.wait_for(asyncio.wait(asked[2:], return_when=asyncio.FIRST_COMPLETED), PATIENCE)
    assert len(granted(asked)) == 3
    await leave(asked)


async def test_turns_come_in_the_order_in_which_they_were_asked_for():
    turns = Turns(alone=1)
    order = []

    async def call(number):
        turn = await turns.take("one")
        order.append(number)
        turn.end()

    await asyncio.wait_for(asyncio.gather(*(call(number) for number in range(30))), PATIENCE)
    assert order == [*range(30)]


async def test_more_than_a_line_holds_is_refused_with_a_time_to_wait():
    turns = Turns(alone=1, line=3)
    held = ask(turns, "noisy", 4)
    await settle()
    with pytest.raises(RateLimited) as refused:
        await asyncio.wait_for(turns.take("noisy"), PATIENCE)
    assert refused.value.shape()["error"]["retry_after"] == 1.0
    assert refused.value.status == 429
    await leave(held)
    assert len(turns) == 0


async def test_a_flood_is_refused_at_a_pace_it_cannot_raise(monkeypatch):
    turns = Turns(alone=1, line=1)
    paused = []

    async def sleep(seconds):
        paused.append(seconds)
        await asyncio.Event().wait()

    held = ask(turns, "noisy", 2)
    await settle()
    monkeypatch.setattr(engine.asyncio, "sleep", sleep)
    flood = ask(turns, "noisy", 500)
    await asyncio.to_thread(int)
    await asyncio.to_thread(int)
    monkeypatch.undo()
    assert len(paused) == 500
    assert min(paused) == engine.SHORTEST
    assert max(paused) == 500 / engine.REFUSED_A_SECOND
    await leave([*flood, *held])
    assert len(turns) == 0


async def test_unknown_keys_of_an_address_come_one_by_one():
    turns = Turns()
    asked = ask(turns, (STRANGER, "192.0.2.1"), 3)
    other = ask(turns, (STRANGER, "192.0.2.2"), 3)
    await settle()
    assert (len(granted(asked)), len(granted(other))) == (1, 1)
    await leave([*asked, *other])


async def test_a_caller_that_goes_away_takes_no_turn():
    turns = Turns(alone=1)
    first = await turns.take("one")
    gone, waiting = ask(turns, "one", 2)
    await settle()
    gone.cancel()
    first.end()  # while the one that goes is still first in line
    (await asyncio.wait_for(waiting, PATIENCE)).end()
    first, *_ = [await turns.take("one")]
    granted_and_gone, waiting = ask(turns, "one", 2)
    await settle()
    first.end()
    granted_and_gone.cancel()
    (await asyncio.wait_for(waiting, PATIENCE)).end()
    assert len(turns) == 0


async def test_a_call_that_waits_gives_its_turn_back_once():
    turns = Turns(alone=1)
    turn = await turns.take("one")
    engine.turn_of_call.set(turn)
    engine.give_back()
    engine.give_back()
    turn.end()
    again = ask(turns, "one", 2)
    await settle()
    assert len(granted(again)) == 1
    await leave(again)


def test_what_another_loop_left_unfinished_holds_up_nobody():
    turns = Turns(alone=1)
    asyncio.run(turns.take("one"))
    asyncio.run(asyncio.wait_for(turns.take("one"), PATIENCE))
