"""Waiting for a job, and for what came of one, holding no thread and no connection."""

import asyncio

import pytest

from bus import door
from bus.errors import InvalidInput, NotFound


def soon(task):
    return asyncio.wait_for(task, 20)


async def begin(caller, **order):
    task = asyncio.create_task(door.call("handoff_wait", caller, {"timeout_seconds": 30, **order}))
    await door.call("inbox_count", caller, {})
    return task


def give(caller, **order):
    return door.call("handoff_create", caller, {"title": "Job", "to": "ben"} | order)


def test_a_wait_for_work_is_answered_by_the_next_offer(pair, play):
    async def scenario():
        ann, ben = pair
        waiting = await begin(ben, available=True)
        job = (await give(ann, to="broadcast")).handoff
        found = await soon(waiting)
        assert found.found
        assert [each.handoff for each in found.available] == [job]

    play(scenario)


def test_work_that_waits_already_is_answered_at_once(pair, play):
    async def scenario():
        ann, ben = pair
        job = (await give(ann)).handoff
        found = await soon(door.call("handoff_wait", ben, {"timeout_seconds": 300}))
        assert [each.handoff for each in found.available] == [job]

    play(scenario)


def test_a_wait_for_an_outcome_is_answered_when_it_is_closed(pair, play):
    async def scenario():
        ann, ben = pair
        job = (await give(ann)).handoff
        waiting = await begin(ann, handoff=job)
        await door.call("handoff_claim", ben, {"handoff": job})
        assert not waiting.done()
        await door.call("handoff_complete", ben, {"handoff": job, "epoch": 1, "result": "Done"})
        found = await soon(waiting)
        assert (found.found, found.handoff.state, found.handoff.result) == (True, "completed", "Done")

    play(scenario)


def test_a_result_that_wants_my_verdict_ends_the_wait(pair, play):
    async def scenario():
        ann, ben = pair
        job = (await give(ann, acceptance_criteria=["x"])).handoff
        waiting = await begin(ann, handoff=job)
        await door.call("handoff_claim", ben, {"handoff": job})
        await door.call("handoff_complete", ben, {"handoff": job, "epoch": 1, "result": "Done"})
        assert (await soon(waiting)).handoff.state == "verifying"

    play(scenario)


def test_the_last_claimant_learns_that_its_work_is_free_again(pair, play):
    async def scenario():
        ann, ben = pair
        job = (await give(ann)).handoff
        await door.call("handoff_claim", ben, {"handoff": job})
        waiting = await begin(ben)
        await door.call("handoff_release", ben, {"handoff": job, "epoch": 1})
        assert [each.handoff for each in (await soon(waiting)).available] == [job]

    play(scenario)


def test_when_the_time_is_over_the_answer_says_how_things_stand(pair, play):
    async def scenario():
        ann, _ = pair
        job = (await give(ann)).handoff
        stands = await door.call("handoff_wait", ann, {"handoff": job, "timeout_seconds": 0})
        assert (stands.found, stands.handoff.state, stands.available) == (False, "open", None)
        nothing = await door.call("handoff_wait", ann, {"timeout_seconds": 0})
        assert (nothing.found, nothing.handoff, nothing.available) == (False, None, [])

    play(scenario)


def test_bad_waits_are_refused(pair, play):
    async def scenario():
        ann, _ = pair
        with pytest.raises(NotFound):
            await door.call("handoff_wait", ann, {"handoff": "hnd_nothing"})
        with pytest.raises(InvalidInput):
            await door.call("handoff_wait", ann, {"handoff": "hnd_nothing", "available": True})
        with pytest.raises(InvalidInput):
            await door.call("handoff_wait", ann, {"timeout_seconds": 301})

    play(scenario)


def test_of_many_claimers_one_wins_each(pair, play):
    async def scenario():
        ann, ben = pair
        jobs = [(await give(ann, to="broadcast")).handoff for _ in range(20)]
        claims = [door.call("handoff_claim", each, {"handoff": job}) for job in jobs for each in (ann, ben) * 4]
        outcomes = await asyncio.gather(*claims, return_exceptions=True)
        won = [each for each in outcomes if not isinstance(each, Exception)]
        assert sorted(each.handoff for each in won) == sorted(jobs)
        assert {each.code for each in outcomes if isinstance(each, Exception)} == {"already_claimed"}

    play(scenario)
