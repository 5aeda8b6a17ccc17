"""Resources are read through the door as the caller, in both eras."""

import json

import pytest

from bus import door
from tests.protocol.wires import rpc

ERAS = {"handshake": True, "modern": False}
PAGES = {
    "agents",
    "core",
    "events",
    "files",
    "handoffs",
    "inbox",
    "index",
    "messages",
    "operator",
    "refusals",
    "topics",
}


@pytest.fixture(params=ERAS)
def ask(request, connect):
    """Return a function that gives an agent a way to ask in one of the eras."""

    async def ask(name):
        agent = await connect(name, in_session=ERAS[request.param])
        return agent.post if ERAS[request.param] else agent.modern

    ask.era = request.param
    return ask


def read(uri):
    return rpc("resources/read", {"uri": uri})


async def run(name, caller, /, **order):
    return await door.call(name, caller, order)


async def content(reply):
    [one] = reply.result["contents"]
    return one


async def test_own_resources_and_every_page_of_the_reference_are_listed(alice, ask):
    listed = (await (await ask("alice"))(rpc("resources/list"))).result["resources"]
    assert {each["uri"] for each in listed} == {
        *("nexus://inbox", "nexus://handoffs"),
        *(f"nexus://reference/{page}" for page in PAGES),
    }


async def test_templates_name_one_handoff_and_one_message(alice, ask):
    listed = (await (await ask("alice"))(rpc("resources/templates/list"))).result["resourceTemplates"]
    assert [each["uriTemplate"] for each in listed] == ["nexus://handoff/{handoff}", "nexus://message/{message}"]


async def test_inbox_is_what_a_peek_gives(alice, bob, ask):
    sent = await run("message_create", bob, subject="hello", body="b", to="alice")
    one = await content(await (await ask("alice"))(read("nexus://inbox")))
    assert (one["uri"], one["mimeType"]) == ("nexus://inbox", "application/json")
    assert [each["message"] for each in json.loads(one["text"])["messages"]] == [sent.message]


async def test_handoffs_are_those_that_concern_me_and_those_that_i_can_claim(alice, bob, ask):
    given = await run("handoff_create", alice, title="mine", to="bob")
    offered = await run("handoff_create", bob, title="yours", to="alice")
    shown = json.loads((await content(await (await ask("alice"))(read("nexus://handoffs"))))["text"])
    assert given.handoff in {each["handoff"] for each in shown["mine"]["handoffs"]}
    assert [each["handoff"] for each in shown["available"]["handoffs"]] == [offered.handoff]


async def test_page_of_the_reference_is_markdown(alice, ask):
    one = await content(await (await ask("alice"))(read("nexus://reference/core")))
    assert one["mimeType"] == "text/markdown"
    assert "## whoami" in one["text"]


@pytest.mark.parametrize("kind", ["handoff", "message"])
async def test_one_thing_is_read_by_its_id_and_foreign_and_unknown_are_alike(alice, bob, mallory, ask, kind):
    if kind == "handoff":
        thing = (await run("handoff_create", alice, title="t", to="bob", visibility="private")).handoff
    else:
        thing = (await run("message_create", alice, subject="s", body="b", to="bob")).message
    uri = f"nexus://{kind}/{thing}"
    assert json.loads((await content(await (await ask("bob"))(read(uri))))["text"])[kind] == thing
    foreign = await ask("mallory")
    unknown = f"nexus://{kind}/{thing[:-1]}{'a' if thing[-1] != 'a' else 'b'}"
    refused, missing = await foreign(read(uri)), await foreign(read(unknown))
    assert refused.error["code"] == "not_found"
    assert refused.body.replace(uri.encode(), b"") == missing.body.replace(unknown.encode(), b"")
    assert refused.message["error"]["code"] == (-32002 if ask.era == "handshake" else -32602)


@pytest.mark.parametrize("uri", ["nexus://no/such", "nexus://reference/no", "nexus://handoff/", "file:///etc/passwd"])
async def test_unknown_resource_is_the_protocols_error_with_our_shape(alice, ask, uri):
    refused = await (await ask("alice"))(read(uri))
    error = refused.message["error"]
    assert error["code"] == (-32002 if ask.era == "handshake" else -32602)
    assert (error["data"]["code"], error["data"]["uri"]) == ("not_found", uri)
    assert "resources/list" in error["data"]["hint"]
