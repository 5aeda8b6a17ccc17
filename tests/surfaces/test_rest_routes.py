"""Routes: resources by hand, the door behind every one of them."""

import pytest

from bus import door
from nexus_site import asgi
from nexus_site.rest import ROUTES
from tests.protocol.wires import wire
from tests.surfaces.clients import BASE

NOTE = {"to": "bob", "subject": "Hello", "body": "There"}


async def test_key_says_who_calls(rest, alice):
    assert (await rest("alice").get("/whoami"))["agent"] == "alice"


async def test_creation_answers_201_and_the_rest_200(rest, alice, bob):
    created = await rest("alice").send("POST", "/messages", NOTE)
    pulled = await rest("bob").send("POST", "/inbox/pull", {})
    assert (created.status, pulled.status) == (201, 200)
    assert created.json["message"] == pulled.json["messages"][0]["message"]


async def test_answer_leaves_out_what_is_null(rest, alice, bob):
    sent = (await rest("alice").post("/messages", **NOTE))["message"]
    view = await rest("bob").get(f"/messages/{sent}")
    assert "reply_to" not in view
    assert None not in view.values()


async def test_fields_of_a_get_are_query_parameters(rest, alice, bob):
    for subject in ("one", "two", "three"):
        await rest("alice").post("/messages", **NOTE | {"subject": subject})
    page = await rest("bob").get("/messages", limit=2, peer="alice", lane="unread")
    assert [message["subject"] for message in page["messages"]] == ["three", "two"]
    older = await rest("bob").get("/messages", limit=2, cursor=page["next_cursor"])
    assert [message["subject"] for message in older["messages"]] == ["one"]


@pytest.mark.parametrize("query", ["?types=message,delivery.leased", "?types=message&types=delivery.leased"])
async def test_list_in_a_query_is_repeated_or_comma_separated(rest, alice, bob, query):
    await rest("alice").post("/messages", **NOTE)
    await rest("bob").post("/inbox/pull")
    events = (await rest("bob").get(f"/events{query}"))["events"]
    assert [event["type"] for event in events] == ["delivery.leased", "message.created"]


async def test_part_of_the_path_is_a_field_of_the_order(rest, alice, bob):
    sent = (await rest("alice").post("/messages", **NOTE))["message"]
    receipts = await rest("alice").get(f"/messages/{sent}/status")
    assert [receipt["agent"] for receipt in receipts["recipients"]] == ["bob"]


async def test_body_that_contradicts_the_path_is_refused(rest, alice, assert_refused):
    handoff = (await rest("alice").post("/handoffs", title="Job", to="broadcast"))["handoff"]
    answer = await rest("alice").post(f"/handoffs/{handoff}/cancel", handoff="hnd_other")
    assert assert_refused(answer, "invalid_input")["details"] == {"field": "handoff"}
    assert (await rest("alice").get(f"/handoffs/{handoff}"))["state"] == "open"


async def test_best_handoff_is_claimed_without_naming_one(rest, alice, bob):
    handoff = (await rest("alice").post("/handoffs", title="Job", to={"capability": "review"}))["handoff"]
    claimed = await rest("bob").post("/handoffs/claim")
    assert (claimed["handoff"], claimed["epoch"]) == (handoff, 1)


async def test_workspace_in_the_url_moves_a_call(rest, operator, mallory, assert_refused):
    elsewhere, note = mallory.workspace.public_id, NOTE | {"to": "mallory"}
    assert (await rest().get("/whoami", workspace=elsewhere))["workspace"] == elsewhere
    assert (await rest().post(f"/messages?workspace={elsewhere}", **note))["recipients"][0]["agent"] == "mallory"
    assert_refused(await rest().post("/messages", **note), "unknown_agent")


async def test_workspace_of_others_is_not_found(rest, alice, mallory, assert_refused):
    answer = await rest("alice").get("/whoami", workspace=mallory.workspace.public_id)
    unknown = await rest("alice").get("/whoami", workspace="wsp_unknown")
    assert assert_refused(answer, "not_found")["message"] == assert_refused(unknown, "not_found")["message"]


async def test_session_of_another_key_is_refused(rest, alice, bob, assert_refused):
    session = (await rest("alice").post("/sessions"))["session"]
    own = await rest("alice").send("GET", "/whoami", nexus_session=session)
    foreign = await rest("bob").send("GET", "/whoami", nexus_session=session)
    assert own.json["session"] == session
    assert_refused(foreign.json, "not_found")


async def test_wait_is_answered_when_mail_comes(rest, alice, bob):
    assert (await rest("bob").get("/inbox/wait", timeout_seconds=0))["messages"] == []
    await rest("alice").post("/messages", **NOTE)
    assert (await rest("bob").get("/inbox/wait", timeout_seconds=30))["waiting"] == 1


async def test_operator_enrols_an_agent_and_revokes_its_key(rest, operator, workspace, assert_refused):
    created = await rest().send("POST", "/agents", {"name": "dora", "workspace": workspace.public_id})
    key = created.json["key"]
    dora = {"authorization": f"Bearer {key}"}
    assert (await rest().send("GET", "/whoami", **dora)).json["agent"] == "dora"
    revoked = await rest().send("DELETE", f"/agents/dora/keys/{key.split('_')[1]}")
    assert revoked.json["agent"] == "dora"
    assert_refused((await rest().send("GET", "/whoami", **dora)).json, "unauthorized")


async def test_agent_changes_its_own_profile(rest, alice):
    answer = await rest("alice").send("PATCH", "/agents/alice", {"role": "reviewer"})
    assert answer.json["role"] == "reviewer"


async def test_setting_is_put_by_its_name(rest, operator):
    answer = await rest().send("PUT", "/settings/inbox_attempts", {"value": 7})
    assert answer.json["value"] == 7


@pytest.mark.parametrize("path", sorted({route.path for route in ROUTES}))
async def test_every_path_refuses_other_methods_in_the_one_shape(surface, rest, path, assert_refused):
    allowed = {route.method for route in ROUTES if route.path == path}
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - allowed:
        reply = await rest().send(method, path.replace("{", "").replace("}", ""), {})
        assert reply.status == 405
        assert assert_refused(reply.json, "method_not_allowed")["details"]["allowed"] == sorted(allowed)


async def test_unknown_route_is_refused_in_the_one_shape(surface, rest, assert_refused):
    reply = await rest().send("GET", "/nowhere")
    assert reply.status == 404
    assert_refused(reply.json, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/inbox", None),
        ("GET", "/settings", None),
        ("GET", "/agents?limit=0", None),
        ("POST", "/inbox/ack", {"messages": ["msg_unknown"]}),
        ("POST", "/inbox/pull", []),
        ("DELETE", "/inbox", None),
        ("GET", "/nowhere", None),
        ("GET", "/", None),
        ("GET", "/openapi.json", None),
    ],
)
async def test_answers_are_the_same_through_the_whole_chain_of_django(rest, operator, method, path, body):
    straight = await rest().send(method, path, body)
    chained = await wire(method, BASE + path, {}, body).run(asgi.django)
    assert (straight.status, straight.body) == (chained.status, chained.body)
    assert straight.headers["content-type"] == chained.headers["content-type"]


def test_every_route_stands_for_an_operation():
    assert {route.operation for route in ROUTES} == set(door.published())
