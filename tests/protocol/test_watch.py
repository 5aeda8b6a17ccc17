"""What a watch does when it cannot look."""

import asyncio

from bus import door
from bus.errors import Busy
from bus.tail import tail
from nexus_site.mcp import watch
from tests.protocol.wires import until

INBOX, HANDOFFS = "nexus://inbox", "nexus://handoffs"


async def begun():
    """Start the tail, and wait until it knows where the log ends: it tells of nothing before."""
    with tail.listening("this test") as woken:
        await asyncio.wait_for(woken.wait(), 20)


async def test_a_moment_with_too_much_to_do_ends_no_subscription(committed, alice, bob):
    answers = iter([Busy("Too many queries wait.")])

    def find():
        if (refusal := next(answers, None)) is not None:
            raise refusal
        return alice

    await begun()
    kept = watch.Watch(find, alice)
    await kept.add(INBOX)
    try:
        with kept.listening():
            await door.call("message_create", bob, {"subject": "hello", "body": "b", "to": "alice"})
            async with asyncio.timeout(20):
                assert await kept.news() == [INBOX]
    finally:
        await tail.stop()


async def test_the_pace_of_one_resource_holds_up_no_other(committed, alice, bob, monkeypatch):
    monkeypatch.setattr(watch, "GAP", 3600.0)
    await begun()
    kept = watch.Watch(lambda: alice, alice)
    await kept.add(INBOX)
    await kept.add(HANDOFFS)
    try:
        with kept.listening():
            await door.call("message_create", bob, {"subject": "1", "body": "b", "to": "alice"})
            async with asyncio.timeout(20):
                assert await kept.news() == [INBOX]
            await door.call("message_create", bob, {"subject": "2", "body": "b", "to": "alice"})
            waiting = asyncio.create_task(kept.news())
            await until(lambda: asyncio.sleep(0, INBOX in kept._changed))
            await door.call("handoff_create", bob, {"title": "for you", "to": "alice"})
            assert await asyncio.wait_for(waiting, 20) == [HANDOFFS]
    finally:
        await tail.stop()
