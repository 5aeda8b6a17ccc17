"""The event stream: at once, exact, and over when its key or the server is."""

import pytest

from bus import presence
from bus.models import Checkpoint, Event
from bus.tail import tail

NOTE = {"to": "bob", "subject": "Hello", "body": "There"}


@pytest.fixture
async def stream(rest):
    """Return a function that opens a stream; all are left at the end."""
    opened = []

    def stream(name, query="", **headers):
        opened.append(rest(name).stream(query, **headers))
        return opened[-1]

    yield stream
    for each in opened:
        await each.leave()


async def send(rest, count=1):
    return [(await rest("alice").post("/messages", **NOTE))["message"] for _ in range(count)]


async def test_first_byte_comes_before_any_event(stream, bob):
    reading = stream("bob")
    assert (await reading.chunk()).startswith(b": nexus\n")
    assert reading.request.reply.status == 200
    assert reading.request.reply.headers["content-type"] == "text/event-stream"


async def test_what_happens_is_told_with_type_cursor_and_data(stream, rest, alice, bob):
    reading = stream("bob", "?types=message")
    await reading.opened()
    (message,) = await send(rest)
    event = await reading.event()
    assert event["event"] == event["data"]["type"] == "message.created"
    assert event["id"] == event["data"]["cursor"]
    assert (event["data"]["message"], event["data"]["actor"]) == (message, "alice")


async def test_reconnect_goes_on_exactly_where_it_stopped(stream, rest, alice, bob):
    reading = stream("bob", "?types=message.created")
    await reading.opened()
    sent = await send(rest, 3)
    first = await reading.event()
    await reading.leave()
    sent += await send(rest, 2)
    again = stream("bob", "?types=message.created", last_event_id=first["id"])
    assert [first["data"]["message"], *[(await again.event())["data"]["message"] for _ in range(4)]] == sent


async def test_stream_that_saw_nothing_resumes_at_its_start(stream, rest, alice, bob):
    reading = stream("bob", "?types=message.created")
    start = await reading.opened()
    await reading.leave()
    (message,) = await send(rest)
    again = stream("bob", "?types=message.created", last_event_id=start)
    assert (await again.event())["data"]["message"] == message


async def test_cursor_of_any_answer_is_where_a_stream_may_start(stream, rest, alice, bob):
    cursor = (await rest("bob").get("/whoami"))["cursor"]
    (message,) = await send(rest)
    reading = stream("bob", f"?after={cursor}&types=message.created")
    assert (await reading.event())["data"]["message"] == message


async def test_more_events_than_a_page_come_in_order(stream, rest, alice, bob):
    cursor = (await rest("bob").get("/events/cursor"))["cursor"]
    sent = await send(rest, 120)
    reading = stream("bob", "?types=message.created", last_event_id=cursor)
    assert [(await reading.event())["data"]["message"] for _ in range(120)] == sent


async def test_subjects_narrow_a_stream(stream, rest, alice, bob):
    cursor = (await rest("alice").get("/events/cursor"))["cursor"]
    one, two = await send(rest, 2)
    await rest("bob").post("/inbox/pull")
    reading = stream("alice", f"?subjects={two}", last_event_id=cursor)
    seen = [await reading.event() for _ in range(2)]
    assert [(event["event"], event["data"]["message"]) for event in seen] == [
        ("message.created", two),
        ("delivery.leased", two),
    ]
    assert one != two


async def test_stream_shows_nothing_of_others(stream, rest, alice, bob, enrol_dora, mallory):
    streams = [stream("dora", "?types=message"), stream("mallory", "?types=message"), stream("bob", "?types=message")]
    for reading in streams:
        await reading.opened()
    await send(rest)
    await rest("alice").post("/messages", **NOTE | {"to": "dora"})
    to_dora, to_bob = await streams[0].event(), await streams[2].event()
    assert (to_dora["data"]["data"]["to"], to_bob["data"]["data"]["to"]) == (["dora"], ["bob"])
    assert streams[1].chunks.empty()


@pytest.fixture
def enrol_dora(enrol):
    return enrol("dora")


@pytest.mark.parametrize("query", ["?after=nonsense", "?types=" + "x" * 65])
async def test_filter_that_is_wrong_is_refused(rest, bob, query, assert_refused):
    reply = await rest("bob").send("GET", f"/events/stream{query}")
    assert reply.status == 422
    assert_refused(reply.json, "invalid_input")


async def test_stream_without_a_key_is_refused(rest, operator, assert_refused):
    reply = await rest().send("GET", "/events/stream", authorization="Bearer nxs_a_b")
    assert_refused(reply.json, "unauthorized")


@pytest.fixture
def pruned(surface, workspace, bob):
    """Let retention have cut everything up to now."""
    newest = Event.objects.filter(workspace_id=workspace.id).latest("seq")
    Checkpoint.objects.create(
        workspace_id=workspace.id,
        seq=newest.seq,
        event_id=newest.pk,
        hash=newest.hash,
        state="{}",
        state_hash=b"",
        floor=True,
        created_at=newest.at,
    )


async def test_stream_behind_retention_is_told_and_goes_on_from_now(rest, stream, alice, bob, cursor, pruned):
    reading = stream("bob", "?types=message.created", last_event_id=cursor)
    gone = await reading.event()
    assert (gone["event"], gone["data"]["error"]["code"]) == ("gone", "gone")
    (message,) = await send(rest)
    assert (await reading.event())["data"]["message"] == message


@pytest.fixture
def cursor(bob, do, enrol):
    """Where the log stood before the last agent came."""
    position = do("event_cursor", bob).cursor
    enrol("dora")
    return position


async def test_revoked_key_ends_its_stream(rest, stream, operator, bob, keys):
    reading = stream("bob")
    await reading.opened()
    await rest().send("DELETE", f"/agents/bob/keys/{keys['bob'].split('_')[1]}")
    while (await reading.frame()) is not None:
        continue
    assert reading.task.done()


async def test_stopping_server_ends_streams(stream, bob):
    reading = stream("bob")
    await reading.opened()
    await tail.stop()
    assert await reading.frame() is None


async def test_reader_is_connected_until_it_leaves(stream, bob):
    reading = stream("bob")
    await reading.opened()
    assert presence._held[bob.agent.id] == 1
    await reading.leave()
    assert presence._held[bob.agent.id] == 0
