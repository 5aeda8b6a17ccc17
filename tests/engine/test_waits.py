"""Waiting: woken by commits of this process and of others, holding nothing meanwhile."""

import asyncio
import os
import sys

import pytest

from bus import door
from bus import tail as tails
from bus.errors import Busy

ORDER = {"to": "ben", "subject": "Hello", "body": "There"}


def test_a_wait_is_answered_by_the_next_message(pair, play):
    async def scenario():
        ann, ben = pair
        waiting = asyncio.create_task(door.call("inbox_wait", ben, {"timeout_seconds": 30}))
        await asyncio.sleep(0)
        sent = await door.call("message_create", ann, ORDER)
        found = await asyncio.wait_for(waiting, 20)
        assert [each.message for each in found.messages] == [sent.message]
        assert (await door.call("inbox_count", ben, {})).unread == 1

    play(scenario)


def test_mail_that_waits_already_is_answered_at_once(pair, play):
    async def scenario():
        ann, ben = pair
        await door.call("message_create", ann, ORDER)
        assert len((await door.call("inbox_wait", ben, {"timeout_seconds": 300})).messages) == 1

    play(scenario)


def test_when_the_time_is_over_the_answer_is_empty(pair, play):
    async def scenario():
        _, ben = pair
        assert (await door.call("inbox_wait", ben, {"timeout_seconds": 0})).messages == []

    play(scenario)


def test_many_waits_hold_no_thread_and_other_calls_go_on(pair, play):
    async def scenario():
        ann, ben = pair
        waits = [asyncio.create_task(door.call("inbox_wait", ben, {"timeout_seconds": 60})) for _ in range(50)]
        for _ in range(20):
            assert (await asyncio.wait_for(door.call("inbox_count", ben, {}), 20)).unread == 0
        assert not any(task.done() for task in waits)
        await door.call("message_create", ann, ORDER)
        assert all(len(found.messages) == 1 for found in await asyncio.wait_for(asyncio.gather(*waits), 20))

    play(scenario)


def test_an_event_wait_hands_over_what_comes_next(pair, play):
    async def scenario():
        ann, ben = pair
        cursor = (await door.call("event_cursor", ben, {})).cursor
        waiting = asyncio.create_task(
            door.call("event_wait", ben, {"after": cursor, "types": ["message"], "timeout_seconds": 30})
        )
        sent = await door.call("message_create", ann, ORDER)
        found = await asyncio.wait_for(waiting, 20)
        assert [event.message for event in found.events] == [sent.message]

    play(scenario)


OTHER_PROCESS = """
import django
django.setup()
from bus import clock, door
from bus.directory import directory
from bus.identity import Caller
ann = directory.agent_named("ann")
caller = Caller(ann, directory.workspace_by_id(ann.home_id), clock.now(), "test")
door.run("message_create", caller, {"to": "ben", "subject": "Hello", "body": "From afar"})
"""


def test_a_commit_of_another_process_wakes_a_wait(pair, play, own_file):
    async def scenario():
        _, ben = pair
        waiting = asyncio.create_task(door.call("inbox_wait", ben, {"timeout_seconds": 60}))
        environment = {
            **os.environ,
            "NEXUS_HOME": str(own_file.parent),
            "DJANGO_SETTINGS_MODULE": "nexus_site.settings",
        }
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", OTHER_PROCESS, env=environment)
        assert await process.wait() == 0
        assert [each.body for each in (await asyncio.wait_for(waiting, 20)).messages] == ["From afar"]

    play(scenario)


@pytest.mark.parametrize("seconds", [-1, 301, "soon"])
def test_a_timeout_out_of_range_is_refused(pair, seconds, play):
    async def scenario():
        with pytest.raises(Exception, match="timeout_seconds"):
            await door.call("inbox_wait", pair[1], {"timeout_seconds": seconds})

    play(scenario)


def test_what_could_not_be_announced_is_announced_at_the_next_look(pair, play, monkeypatch):
    ann, ben = pair
    refused = []

    async def scenario():
        run = tails.readers.run

        async def busy_once(query):
            if refused == [] and getattr(query, "__name__", "") == "_read":
                refused.append(query)
                raise Busy
            return await run(query)

        monkeypatch.setattr(tails.readers, "run", busy_once)
        waiting = asyncio.create_task(door.call("inbox_wait", ben, {"timeout_seconds": 300}))
        await asyncio.sleep(0)
        await door.call("message_create", ann, ORDER)
        assert len((await asyncio.wait_for(waiting, 20)).messages) == 1

    play(scenario)
