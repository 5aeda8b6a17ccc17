"""Two agents on one repository: direct message, broadcast, a handoff with everything that can happen to it."""

import pytest

from tests.live.servers import MODERN, Rest, Server, mcp_tools, play
from tests.live.sockets import frames

pytestmark = pytest.mark.slow


class Surface:
    """One agent on either surface, by the same calls."""

    def __init__(self, call):
        self.call = call

    async def __call__(self, tool, /, **arguments):
        return await self.call(tool, arguments)


ROUTES = {
    "whoami": ("GET", "whoami"),
    "message_create": ("POST", "messages"),
    "inbox_pull": ("POST", "inbox/pull"),
    "inbox_ack": ("POST", "inbox/ack"),
    "inbox_wait": ("GET", "inbox/wait"),
    "message_status": ("GET", "messages/{message}/status"),
    "conversation_read": ("GET", "conversations/{peer}"),
    "handoff_create": ("POST", "handoffs"),
    "handoff_get": ("GET", "handoffs/{handoff}"),
    **{
        f"handoff_{verb}": ("POST", f"handoffs/{{handoff}}/{verb}")
        for verb in ("claim", "renew", "complete", "verify", "release")
    },
}


def over_rest(rest: Rest) -> Surface:
    async def call(tool, arguments):
        method, path = ROUTES[tool]
        body = {name: value for name, value in arguments.items() if f"{{{name}}}" not in path}
        path = path.format(**arguments)
        return rest.get(path, **body) if method == "GET" else rest.post(path, **body)

    return Surface(call)


def by_name(tools) -> Surface:
    """Return an agent over MCP or a WebSocket."""

    async def call(tool, arguments):
        return await tools(tool, **arguments)

    return Surface(call)


async def tell(alice: Surface, bob: Surface, carol: Surface) -> None:
    """A message is leased, read and seen as read; a broadcast reaches who is present."""
    me = await alice("whoami")
    assert me["agent"] == "alice"
    assert {peer["agent"] for peer in me["peers"]} >= {"bob", "carol"}
    sent = await alice("message_create", to="bob", subject="Parser", body="Please look at **parse.py**.")
    assert [each["agent"] for each in sent["recipients"]] == ["bob"]
    pulled = await bob("inbox_pull")
    assert [each["message"] for each in pulled["messages"]] == [sent["message"]]
    await bob("inbox_ack", messages=[sent["message"]])
    status = await alice("message_status", message=sent["message"])
    assert [(each["agent"], each["lane"]) for each in status["recipients"]] == [("bob", "read")]
    everyone = await carol("message_create", to="broadcast", subject="Freeze", body="Release in an hour.")
    assert {each["agent"] for each in everyone["recipients"]} == {"alice", "bob"}
    assert (await alice("inbox_pull"))["messages"][0]["kind"] == "broadcast"
    await bob("inbox_pull")
    thread = await bob("conversation_read", peer="alice")
    assert [each["message"] for each in thread["messages"]] == [sent["message"]]


async def hand_over(alice: Surface, bob: Surface, carol: Surface) -> None:
    """A lease is lost, another agent wins, verification fails once and passes then."""
    made = await alice(
        "handoff_create",
        title="Fix login flow",
        to={"capability": "python"},
        body="Tokens expire early.",
        lease_seconds=1,
        acceptance_criteria=["tests pass"],
    )
    assert {each["agent"] for each in made["eligible"]} == {"bob", "carol"}
    handoff = made["handoff"]
    lost = await bob("handoff_claim", handoff=handoff)
    second = await carol("handoff_claim", handoff=handoff)
    if "error" in second:
        assert second["error"]["code"] == "already_claimed"
        assert second["error"]["details"]["claimant"] == "bob"
    while "error" in second:
        second = await carol("handoff_claim", handoff=handoff)
    assert second["epoch"] == lost["epoch"] + 1
    stale = await bob("handoff_complete", handoff=handoff, epoch=lost["epoch"], result="too late")
    assert stale["error"]["code"] == "stale_epoch"
    done = await carol("handoff_complete", handoff=handoff, epoch=second["epoch"], result={"commit": "abc"})
    if "error" in done:  # the short lease may be over already: then the work is late, and still counts
        raise AssertionError(done)
    assert (await alice("handoff_get", handoff=handoff))["state"] == "verifying"
    own = await carol("handoff_verify", handoff=handoff, epoch=second["epoch"], verdict="pass")
    assert own["error"]["code"] == "forbidden"
    await alice("handoff_verify", handoff=handoff, epoch=second["epoch"], verdict="fail", feedback="One test is red.")
    await carol("handoff_complete", handoff=handoff, epoch=second["epoch"], result={"commit": "def"})
    await alice("handoff_verify", handoff=handoff, epoch=second["epoch"], verdict="pass")
    assert (await alice("handoff_get", handoff=handoff))["state"] == "completed"


async def finish_late(alice: Surface, bob: Surface) -> None:
    """Work that comes after its lease still counts while nobody else has claimed it."""
    made = await alice("handoff_create", title="Write notes", to="bob", body="Short.", lease_seconds=1)
    claim = await bob("handoff_claim", handoff=made["handoff"])
    state = "claimed"
    while state != "open":
        state = (await alice("handoff_get", handoff=made["handoff"]))["state"]
    late = await bob("handoff_complete", handoff=made["handoff"], epoch=claim["epoch"], result="done after all")
    assert late["state"] == "completed"


def enrolled(server: Server):
    return {
        "alice": server.agent("alice", harness="codex"),
        "bob": server.agent("bob", harness="claude-code", capabilities=["python"]),
        "carol": server.agent("carol", harness="gemini", capabilities=["python"]),
    }


async def story(alice, bob, carol):
    for each in (alice, bob, carol):
        await each("whoami")
    await tell(alice, bob, carol)
    await hand_over(alice, bob, carol)
    await finish_late(alice, bob)


@pytest.mark.parametrize("third", ["rest", "websocket"])
def test_the_story_over_mcp_in_both_eras_and_a_third_surface_mixed(own_server, third):
    cast = enrolled(own_server)

    async def scenario():
        async with (
            mcp_tools(own_server, cast["alice"].key, "legacy") as alice,
            mcp_tools(own_server, cast["bob"].key, MODERN) as bob,
            frames(own_server, cast["carol"].key) as carol,
        ):
            last = over_rest(cast["carol"]) if third == "rest" else by_name(carol)
            await story(by_name(alice), by_name(bob), last)

    play(scenario())
    assert own_server.command("verify").returncode == 0


@pytest.mark.parametrize("mode", ["legacy", MODERN])
def test_the_story_over_mcp_in_one_era(own_server, mode):
    cast = {
        "alice": own_server.agent("alice"),
        "bob": own_server.agent("bob", capabilities=["python"]),
        "carol": own_server.agent("carol", capabilities=["python"]),
    }

    async def scenario():
        async with (
            mcp_tools(own_server, cast["alice"].key, mode) as alice,
            mcp_tools(own_server, cast["bob"].key, mode) as bob,
            mcp_tools(own_server, cast["carol"].key, mode) as carol,
        ):
            await story(*map(by_name, (alice, bob, carol)))

    play(scenario())


def test_the_story_over_rest(own_server):
    alice = own_server.agent("alice")
    bob = own_server.agent("bob", capabilities=["python"])
    carol = own_server.agent("carol", capabilities=["python"])
    play(story(*map(over_rest, (alice, bob, carol))))
    assert own_server.command("verify").returncode == 0


def test_the_story_over_websockets(own_server):
    cast = enrolled(own_server)

    async def scenario():
        async with (
            frames(own_server, cast["alice"].key) as alice,
            frames(own_server, cast["bob"].key) as bob,
            frames(own_server, cast["carol"].key) as carol,
        ):
            await story(*map(by_name, (alice, bob, carol)))

    play(scenario())
    assert own_server.command("verify").returncode == 0
