"""What a socket is told unasked: mail that can be pulled, and the events that were chosen."""

import asyncio

import pytest

from bus import door
from bus.events import newest_id
from bus.readers import readers
from bus.tail import tail
from nexus_site.frames import pushes
from tests.protocol.wires import until


async def write(connect, name="alice", **order):
    """Send a message over a socket of its own."""
    sender = await connect(name, "/ws/agent?inbox=false")
    answer = await sender.call("message_create", **{"to": "bob", "subject": "News", "body": "", **order})
    assert "message" in answer, answer
    await sender.leave()
    return answer["message"]


async def test_mail_that_waits_is_told_at_once_and_new_mail_when_it_comes(connect, alice, bob):
    first = await write(connect, subject="Earlier")
    socket = await connect("bob")
    told = (await socket.frame("inbox"))["data"]
    assert [each["message"] for each in told["messages"]] == [first]
    assert told["waiting"] == 1
    second = await write(connect, subject="Later")
    told = (await socket.frame("inbox"))["data"]
    assert [each["message"] for each in told["messages"]] == [first, second]
    assert [each["lane"] for each in told["messages"]] == ["unread", "unread"]


async def test_an_own_pull_and_the_mail_of_others_are_not_told(connect, alice, bob, carol):
    await write(connect)
    socket = await connect("bob")
    await socket.frame("inbox")
    await write(connect, to="carol", subject="Not for bob")
    pulled = await socket.call("inbox_pull")
    await socket.call("inbox_ack", messages=[each["message"] for each in pulled["messages"]])
    await write(connect, subject="Third")
    told = (await socket.frame("inbox"))["data"]
    assert [each["subject"] for each in told["messages"]] == ["Third"]


async def test_who_wants_no_mail_is_told_none(connect, dial, alice, bob, keys):
    await write(connect)
    quiet = dial()
    quiet.send("hello", key=keys["bob"], inbox=False)
    await quiet.raw()
    assert (await quiet.frame())["type"] == "hello.result"
    quiet.send("inbox_wait", timeout_seconds=0)
    assert (await quiet.frame())["type"] == "inbox_wait.result"


async def test_chosen_events_come_as_they_are_committed(connect, alice, bob):
    socket = await connect("bob", "/ws/agent?inbox=false")
    answer = await socket.call("subscribe", types=["handoff"])
    assert answer["cursor"].startswith("cur_")
    boss = await connect("alice", "/ws/agent?inbox=false")
    made = await boss.call("handoff_create", title="Review", to={"capability": "review"})
    await write(connect)
    frame = (await socket.frame())["data"]
    assert (frame["type"], frame["handoff"], frame["actor"]) == ("handoff.created", made["handoff"], "alice")
    await socket.call("handoff_claim", handoff=made["handoff"])
    assert (await socket.frame("event"))["data"]["type"] == "handoff.claimed"


async def test_a_subscription_resumes_exactly_where_a_cursor_points(connect, alice, bob):
    first = await connect("bob", "/ws/agent?inbox=false")
    cursor = (await first.call("subscribe", types=["message.created"]))["cursor"]
    await first.leave()
    sent = [await write(connect, subject=f"{number}") for number in range(5)]
    second = await connect("bob", "/ws/agent?inbox=false")
    await second.call("subscribe", types=["message.created"], after=cursor)
    events = [(await second.frame("event"))["data"] for _ in range(5)]
    assert [event["message"] for event in events] == sent
    third = await connect("bob", "/ws/agent?inbox=false")
    await third.call("subscribe", types=["message.created"], after=events[2]["cursor"])
    assert [(await third.frame("event"))["data"]["message"] for _ in range(2)] == sent[3:]


async def test_a_second_subscription_takes_the_place_of_the_first_and_unsubscribe_ends_it(connect, alice, bob):
    socket = await connect("bob", "/ws/agent?inbox=false")
    await socket.call("subscribe", types=["message"])
    await socket.call("subscribe", types=["handoff"])
    await write(connect)
    boss = await connect("alice", "/ws/agent?inbox=false")
    await boss.call("handoff_create", title="Review", to="bob")
    assert (await socket.frame("event"))["data"]["type"] == "handoff.created"
    assert (await socket.call("unsubscribe"))["cursor"].startswith("cur_")
    await boss.call("handoff_create", title="Another", to="bob")
    socket.send("ping", ref="end")
    assert await socket.frame() == {"type": "ping.result", "ref": "end", "data": {}}
    assert await socket.call("unsubscribe") == {}


async def test_events_of_others_are_never_told(connect, alice, bob, carol, mallory):
    socket = await connect("bob", "/ws/agent?inbox=false")
    await socket.call("subscribe", types=["message.created", "handoff.created"])
    await write(connect, to="carol", subject="Not for bob")
    stranger = await connect("mallory", "/ws/agent?inbox=false")
    await stranger.call("handoff_create", title="Elsewhere", to="mallory")
    own = await write(connect, subject="For bob")
    assert (await socket.frame("event"))["data"]["message"] == own


async def test_a_foreign_workspace_cannot_be_followed(connect, alice, mallory, assert_refused):
    socket = await connect("alice")
    assert_refused(await socket.call("subscribe", workspace=mallory.workspace.public_id), "not_found")


async def test_who_is_too_far_behind_is_told_where_to_read_on_and_followed_from_now(connect, alice, bob):
    socket = await connect("bob", "/ws/agent?inbox=false")
    cursor = (await socket.call("subscribe", types=["message.created"]))["cursor"]
    await socket.call("unsubscribe")
    sender = await connect("alice", "/ws/agent?inbox=false")
    first = (await sender.call("message_create", to="bob", subject="first", body=""))["message"]
    for number in range(pushes.MOST_BEHIND):
        sender.send("message_create", to="bob", subject=f"{number}", body="")
        await sender.frame("message_create.result")
    newest = await readers.run(newest_id)
    await until(lambda: asyncio.sleep(0, tail.last >= newest))
    await socket.call("subscribe", types=["message.created"], after=cursor)
    resync = (await socket.frame("resync"))["data"]
    page = await socket.call("event_list", types=["message.created"], after=resync["cursor"], limit=1)
    assert page["events"][0]["message"] == first
    last = (await sender.call("message_create", to="bob", subject="last", body=""))["message"]
    assert (await socket.frame("event"))["data"]["message"] == last


async def test_a_server_that_stops_says_so(connect, alice):
    socket = await connect("alice")
    await tail.stop()
    assert (await socket.frame("error"))["error"]["code"] == "busy"
    assert await socket.closed() == 4503


async def test_a_client_that_takes_nothing_is_cut_off_and_harms_nobody(connect, dial, alice, bob, monkeypatch):
    monkeypatch.setattr("nexus_site.frames.connection.PATIENCE", 0.2)
    stuck = dial("bob")
    await stuck.raw()
    await stuck.frame("hello.result")
    taken = stuck._out
    stuck.block()
    message = await write(connect)
    async with asyncio.timeout(20):
        await stuck.task
    assert taken.empty()
    other = await connect("bob")
    assert (await other.frame("inbox"))["data"]["messages"][0]["message"] == message


@pytest.mark.parametrize("name", sorted(name for name, entry in door.published().items() if entry.kind == "wait"))
async def test_every_wait_can_be_called(connect, alice, name, assert_refused):
    socket = await connect("alice", "/ws/agent?inbox=false")
    order = {} if name in ("backup_create", "wake") else {"timeout_seconds": 0}
    if name == "topic_sync":
        order["topic"] = (await socket.call("topic_create", name="api"))["topic"]
        await socket.call("topic_join", topic=order["topic"])
    answer = await socket.call(name, **order)
    if name == "backup_create":
        assert_refused(answer, "forbidden")
    else:
        assert "error" not in answer
