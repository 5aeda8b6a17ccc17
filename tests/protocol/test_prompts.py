"""Prompts: commands of the client, the same in both eras; one carries the digest of what waits."""

import pytest

from bus import door
from nexus_site.mcp.prompts import PROMPTS
from tests.protocol.wires import rpc

ERAS = {"handshake": True, "modern": False}


@pytest.fixture(params=ERAS)
def ask(request, connect):
    """Return a function that asks as alice in one of the eras."""

    async def ask(method, params=None):
        agent = await connect("alice", in_session=ERAS[request.param])
        return await (agent.post if ERAS[request.param] else agent.modern)(rpc(method, params))

    return ask


def text(reply):
    [said] = reply.result["messages"]
    assert said["role"] == "user"
    return said["content"]["text"]


async def test_every_prompt_is_listed_with_its_arguments(alice, ask):
    listed = (await ask("prompts/list")).result["prompts"]
    assert [each["name"] for each in listed] == list(PROMPTS)
    taken = {each["name"]: {word["name"]: word["required"] for word in each.get("arguments", [])} for each in listed}
    assert taken["hand_over"] == {"work": True, "to": False}
    assert taken["catch_up"] == {}


@pytest.mark.parametrize("name", PROMPTS)
async def test_every_prompt_names_tools_that_there_are(alice, ask, name):
    given = dict.fromkeys(PROMPTS[name].required, "the parser")
    said = text(await ask("prompts/get", {"name": name, "arguments": given}))
    assert "{" not in said.replace('{"capability": "review"}', "")
    assert all(words in said for words in given.values())
    assert any(tool in said for tool in door.published())
    assert len(said) < 2000


async def test_catching_up_brings_the_digest_and_takes_nothing(alice, bob, ask):
    sent = await door.call("message_create", bob, {"to": "alice", "subject": "Look", "body": "Now"})
    said = text(await ask("prompts/get", {"name": "catch_up"}))
    assert sent.message in said
    assert said.endswith("</nexus>")
    assert (await door.call("inbox_count", alice, {})).unread == 1


@pytest.mark.parametrize(
    "params",
    [
        {"name": "no_such"},
        {"name": "hand_over"},
        {"name": "hand_over", "arguments": {"work": " "}},
        {"name": "stand_up", "arguments": {"who": "all"}},
        {"name": "hand_over", "arguments": {"work": "x" * 4001}},
    ],
    ids=str,
)
async def test_what_a_prompt_does_not_take_is_refused(alice, ask, params):
    reply = await ask("prompts/get", params)
    assert reply.message["error"]["code"] == -32602
    assert reply.error["code"] == "invalid_input"
