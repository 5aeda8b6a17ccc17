"""What a watch does when it cannot look."""

import asyncio

from bus import door
from bus.errors import Busy
from bus.tail import tail
from nexus_site.mcp import watch

INBOX = "nexus://inbox"


async def test_a_moment_with_too_much_to_do_ends_no_subscription(committed, alice, bob):
    answers = iter([Busy("Too many queries wait.")])

    def find():
        if (refusal := next(answers, None)) is not None:
            raise refusal
        return alice

    tail.start()
    kept = watch.Watch(find, alice)
    await kept.add(INBOX)
    try:
        with kept.listening():
            await door.call("message_create", bob, {"subject": "hello", "body": "b", "to": "alice"})
            async with asyncio.timeout(20):
                assert await kept.news() == [INBOX]
    finally:
        await tail.stop()
