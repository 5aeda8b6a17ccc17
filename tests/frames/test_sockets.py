"""Who may open a socket, what runs over it, and how it ends."""

import asyncio

import pytest

from bus import door
from nexus_site import asgi
from nexus_site.frames.sockets import Sockets, sockets
from nexus_site.guard import guard
from tests.frames.wires import Socket

CONTROLS = {"hello", "ping", "subscribe", "unsubscribe", "event", "inbox", "resync", "error"}


def test_no_operation_has_the_name_of_a_frame_and_no_order_a_field_of_frames():
    assert not CONTROLS & door.published().keys()
    for name, entry in door.published().items():
        assert not {"type", "ref"} & entry.order.model_fields.keys(), name


async def test_the_key_in_the_header_opens_a_socket(connect, alice):
    socket = await connect("alice")
    assert socket.greeting["agent"] == "alice"
    assert socket.greeting["workspace"] == alice.workspace.public_id
    assert socket.greeting["heartbeat_seconds"] == 20
    assert socket.greeting["cursor"].startswith("cur_")


async def test_the_key_in_the_first_frame_opens_a_socket(dial, alice, keys):
    socket = dial()
    socket.send("hello", key=keys["alice"])
    await socket.raw()
    assert (await socket.frame("hello.result"))["data"]["agent"] == "alice"
    assert (await socket.call("whoami"))["agent"] == "alice"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"type": "whoami"}, 4401),
        ({"type": "hello"}, 4422),
        ({"type": "hello", "key": "nxs_unknown_key"}, 4401),
        ({"type": "hello", "key": 7}, 4422),
        ({"type": "hello", "key": "nxs_a_b", "more": 1}, 4422),
    ],
)
async def test_without_a_valid_key_a_socket_is_closed_with_the_reason(dial, alice, frame, code):
    socket = dial()
    socket.send(**{"kind": frame.pop("type"), **frame})
    await socket.raw()
    error = (await socket.frame())["error"]
    assert error["hint"]
    assert await socket.closed() == code


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "Bearer nxs_no_key", "nxs_a_b"])
async def test_a_wrong_authorization_header_is_refused_at_once(dial, alice, header):
    assert await dial(authorization=header).closed() == 4401


async def test_a_key_in_the_url_is_ignored(dial, alice, keys):
    socket = dial(path=f"/ws/agent?key={keys['alice']}")
    socket.send("whoami")
    assert await socket.closed() == 4401


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"host": "evil.example"}, 4421),
        ({"origin": "http://evil.example"}, 4403),
        ({"origin": "null"}, 4403),
        ({"sec_fetch_site": "cross-site"}, 4403),
    ],
)
async def test_a_foreign_page_is_turned_away_before_the_handshake(dial, alice, headers, code):
    message = await dial("alice", **headers).raw()
    assert (message["type"], message["code"]) == ("websocket.close", code)


async def test_a_page_of_this_server_may_connect_with_a_key(connect, alice):
    assert (await connect("alice", origin="http://127.0.0.1:8642")).greeting["agent"] == "alice"


async def test_any_operation_answers_with_its_reference(connect, alice, bob):
    socket = await connect("alice")
    socket.send("message_create", ref=7, to="bob", subject="Hello", body="From a socket.")
    frame = await socket.frame("message_create.result")
    assert frame["ref"] == 7
    assert [each["agent"] for each in frame["data"]["recipients"]] == ["bob"]
    assert (await (await connect("bob")).call("inbox_pull"))["messages"][0]["subject"] == "Hello"


async def test_refusals_have_the_one_shape_and_the_socket_goes_on(connect, alice, assert_refused):
    socket = await connect("alice")
    assert_refused(await socket.call("message_create", to="nobody", subject="x", body="y"), "unknown_agent")
    assert_refused(await socket.call("message_create", to="bob"), "invalid_input")
    assert_refused(await socket.call("no_such_operation"), "not_found")
    assert_refused(await socket.call("key_mint", agent="alice"), "forbidden")
    assert_refused(await socket.call("hello", key="nxs_a_b"), "conflict")
    assert_refused(await socket.call("subscribe", types=[]), "invalid_input")
    assert_refused(await socket.call("subscribe", after="nonsense"), "invalid_input")
    assert (await socket.call("whoami"))["agent"] == "alice"


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", '{"type": 1}', '{"type": "ping", "ref": []}', "NaN"])
async def test_what_is_no_frame_is_refused_and_the_socket_goes_on(connect, alice, text):
    socket = await connect("alice")
    socket.send_text(text)
    assert (await socket.frame("error"))["error"]["code"] == "invalid_input"
    assert await socket.call("ping") == {}


async def test_calls_run_in_the_order_in_which_they_are_sent(connect, alice, bob):
    socket = await connect("alice")
    for number in range(30):
        socket.send("message_create", ref=number, to="bob", subject=f"{number}", body="")
    assert [(await socket.frame("message_create.result"))["ref"] for _ in range(30)] == list(range(30))
    pulled = await (await connect("bob")).call("inbox_pull", limit=30)
    assert [each["subject"] for each in pulled["messages"]] == [f"{number}" for number in range(30)]


async def test_other_calls_go_on_while_one_waits(connect, alice, bob):
    waiting = await connect("bob", "/ws/agent?inbox=false")
    waiting.send("inbox_wait", ref="wait", timeout_seconds=60)
    assert (await waiting.call("whoami"))["agent"] == "bob"
    await (await connect("alice")).call("message_create", to="bob", subject="Wake up", body="")
    frame = await waiting.frame("inbox_wait.result")
    assert frame["ref"] == "wait"
    assert frame["data"]["messages"][0]["subject"] == "Wake up"


async def test_a_socket_holds_16_waits_and_refuses_more(connect, alice, assert_refused):
    socket = await connect("alice", "/ws/agent?inbox=false")
    for number in range(17):
        socket.send("inbox_wait", ref=number, timeout_seconds=60)
    frame = await socket.frame("inbox_wait.result")
    assert frame["ref"] == 16
    assert_refused({"error": frame["error"]}, "busy")


async def test_an_agent_is_present_while_its_socket_is_open(connect, alice, carol):
    socket = await connect("carol")
    await socket.call("whoami")
    found = await (await connect("alice")).call("agent_get", agent="carol")
    assert found["presence"] == "present"


async def test_the_session_that_is_opened_over_a_socket_is_its_own_from_then_on(connect, alice, settle, do, operator):
    first, second = await connect("alice"), await connect("alice")
    opened = await first.call("session_open", session_ref="one", machine="here")
    other = await second.call("session_open", session_ref="two", machine="here")
    assert opened["session"] != other["session"]
    assert (await first.call("whoami"))["session"] == opened["session"]
    assert (await second.call("whoami"))["session"] == other["session"]


async def test_a_repeated_answer_does_not_lead_back_to_a_session_that_is_over(connect, alice):
    socket = await connect("alice")
    one, two = ({"session_ref": name, "idempotency_key": name} for name in ("one", "two"))
    first, second = await socket.call("session_open", **one), await socket.call("session_open", **two)
    await socket.call("session_close", session=first["session"])
    assert await socket.call("session_open", **one) == {**first, "duplicate": True}
    assert (await socket.call("whoami"))["session"] == second["session"]


async def test_a_session_can_be_named_by_header_and_a_foreign_one_is_not_found(connect, dial, alice, bob):
    opened = await (await connect("alice")).call("session_open", session_ref="one")
    socket = await connect("alice", nexus_session=opened["session"])
    assert socket.greeting["session"] == opened["session"]
    assert await dial("bob", nexus_session=opened["session"]).closed() == 4404


async def test_a_foreign_workspace_is_not_found(dial, alice, mallory):
    assert await dial("alice", f"/ws/agent?workspace={mallory.workspace.public_id}").closed() == 4404


async def test_a_revoked_key_closes_its_sockets(connect, alice, do, operator):
    socket = await connect("alice", "/ws/agent?inbox=false")
    await asyncio.to_thread(do, "key_revoke", operator, agent="alice", key=alice.key.prefix)
    assert (await socket.frame("error"))["error"]["code"] == "unauthorized"
    assert await socket.closed() == 4401


async def test_the_end_of_its_session_closes_a_socket(connect, alice, do, operator):
    opened = await (await connect("alice")).call("session_open", session_ref="one")
    socket = await connect("alice", nexus_session=opened["session"])
    await asyncio.to_thread(do, "session_end", operator, session=opened["session"])
    assert await socket.closed() == 4404


async def test_a_key_may_open_so_many_sockets_and_other_keys_are_not_harmed(surface, alice, bob, keys):
    few = guard(Sockets(most=100, most_of_key=2))
    await asgi.start()

    def dial(name: str) -> Socket:
        surface.append(Socket("/ws/agent", few, authorization=f"Bearer {keys[name]}"))
        return surface[-1]

    opened = [dial("alice"), dial("alice")]
    for socket in opened:
        await socket.raw()
        await socket.frame("hello.result")
    assert await dial("alice").closed() == 4429
    other = dial("bob")
    await other.raw()
    assert (await other.frame("hello.result"))["data"]["agent"] == "bob"
    await opened[0].leave()
    again = dial("alice")
    await again.raw()
    assert (await again.frame("hello.result"))["data"]["agent"] == "alice"


async def test_nothing_is_left_of_a_socket_that_went_away(connect, alice):
    socket = await connect("alice")
    socket.send("inbox_wait", timeout_seconds=60)
    await socket.call("subscribe")
    await socket.leave()
    assert not sockets._open


async def test_a_client_that_goes_in_the_middle_of_an_answer_is_no_failure(connect, alice):
    socket = await connect("alice")
    socket.is_gone = True
    socket.send("whoami")
    async with asyncio.timeout(20):
        await socket.task
    assert not sockets._open


async def test_another_path_is_accepted_and_closed_with_a_code_of_its_own(dial, alice):
    assert await dial("alice", "/ws/elsewhere").closed() == 4404


@pytest.mark.parametrize("path", ["/ws/agent", "/ws/dashboard?view=live", "/nowhere"])
async def test_a_client_that_has_gone_before_it_was_answered_is_no_failure(dial, alice, path):
    socket = dial("alice", path)
    socket.is_gone = True
    async with asyncio.timeout(20):
        await socket.task
