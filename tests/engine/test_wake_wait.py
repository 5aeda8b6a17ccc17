"""Waiting for something to wake up for: the next message ends the wait, a quiet one gives the cursor back."""

import asyncio

from bus import door


def test_a_waiting_wake_is_answered_by_what_it_asks_for_and_by_nothing_else(pair, play):
    async def scenario():
        ann, ben = pair
        cursor = (await door.call("wake", ben, {})).cursor
        order = {"after": cursor, "wait": 30, "waking": True}
        waiting = asyncio.create_task(door.call("wake", ben, order))
        await door.call("message_create", ann, {"to": "broadcast", "subject": "Lunch", "body": ""})
        sent = await door.call("message_create", ann, {"to": "ben", "subject": "Look", "body": "Now"})
        found = await asyncio.wait_for(waiting, 20)
        assert sent.message in found.text
        assert found.items == 1
        rest = await door.call("wake", ben, {"after": found.cursor, "wait": 30})
        assert ("Lunch" in rest.text, sent.message in rest.text) == (True, False)

    play(scenario)


def test_a_wait_without_news_gives_the_cursor_back(pair, play):
    async def scenario():
        ann, ben = pair
        cursor = (await door.call("wake", ben, {})).cursor
        quiet = await door.call("wake", ben, {"after": cursor, "wait": 0.05})
        assert (quiet.text, quiet.items) == ("", 0)
        await door.call("message_create", ann, {"to": "ben", "subject": "Look", "body": ""})
        assert (await door.call("wake", ben, {"after": quiet.cursor})).items == 1

    play(scenario)
