"""Two processes on one file talk over their pipes, with no server: what is acknowledged is there, whoever is killed."""

import asyncio
import json
import sqlite3
import stat
from contextlib import closing

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.protocol.wires import HANDSHAKE, MODERN, call, rpc
from tests.serving.processes import environment, nexus
from tests.stdio.pipes import PROGRAM, Pipe, enrol

pytestmark = pytest.mark.slow


def is_news(message):
    return message.get("method") == "notifications/resources/updated"


def sessions_open(home, agent):
    query = "SELECT count(*) FROM bus_session s JOIN bus_agent a ON a.id = s.agent_id WHERE a.name = ? AND closed_at IS NULL"
    with closing(sqlite3.connect(home / "nexus.sqlite3")) as raw:
        return raw.execute(query, [agent]).fetchone()[0]


@pytest.mark.parametrize(("mode", "version"), [(MODERN, MODERN), ("legacy", HANDSHAKE)])
def test_python_client_sends_and_the_other_process_receives(home, mode, version):
    def client(name):
        given = StdioServerParameters(command=PROGRAM[0], args=[*PROGRAM[1:], "--agent", name], env=environment(home))
        return Client(stdio_client(given), mode=mode)

    async def talk():
        async with client("alice") as alice, client("bob") as bob:
            assert bob.session.protocol_version == version
            assert len((await bob.list_tools()).tools) == 15
            waiting = asyncio.create_task(bob.call_tool("inbox_wait", {"timeout_seconds": 60}))
            sent = await alice.call_tool("message_create", {"to": "bob", "subject": "hello", "body": version})
            heard = (await waiting).structured_content["messages"]
            pulled = (await bob.call_tool("inbox_pull", {})).structured_content["messages"]
            assert [each["message"] for each in heard] == [sent.structured_content["message"]]
            assert [each["body"] for each in pulled] == [version]
            await bob.call_tool("inbox_ack", {"messages": [each["message"] for each in pulled]})

    asyncio.run(asyncio.wait_for(talk(), 120))


def test_session_is_pushed_survives_its_end_and_closes_with_the_input(home, pipe):
    before = sessions_open(home, "bob")
    alice, bob = pipe("--agent", "alice"), pipe("--agent", "bob")
    alice.hello()
    bob.hello()
    assert stat.filemode((home / "keys" / "bob").stat().st_mode) == "-rw-------"
    assert bob.ask(rpc("resources/subscribe", {"uri": "nexus://inbox"}))["result"] == {}
    alice.tool("message_create", to="bob", subject="one", body="b")
    assert bob.until(is_news)["params"]["uri"] == "nexus://inbox"

    ended = bob.tool("whoami")["session"]
    assert nexus(home, "call", "session_end", f"session={ended}").returncode == 0
    assert bob.tool("inbox_count")["unread"] >= 1
    assert bob.tool("whoami")["session"] != ended
    news = len([each for each in map(json.loads, bob.said) if is_news(each)])
    alice.tool("message_create", to="bob", subject="two", body="b")
    bob.until(lambda each: is_news(each) and len([said for said in map(json.loads, bob.said) if is_news(said)]) > news)
    assert sessions_open(home, "bob") == before + 1

    bob.send(call("inbox_wait", timeout_seconds=300) | {"id": "last"})
    assert bob.tool("inbox_pull")["waiting"] == 0
    assert bob.close() == 0
    assert sessions_open(home, "bob") == before
    assert alice.close() == 0


def test_what_was_acknowledged_outlives_kill_9(home, pipe):
    alice, bob = pipe("--agent", "alice").hello(), pipe("--agent", "bob").hello()
    sent = [alice.tool("message_create", to="bob", subject=f"{n}", body="b")["message"] for n in range(20)]
    for number in range(20, 60):
        alice.send(call("message_create", to="bob", subject=f"{number}", body="b") | {"id": f"m{number}"})
    alice.until(lambda message: message.get("id") == "m25")
    alice.kill()
    told = [message for line in alice.said if str((message := json.loads(line)).get("id")).startswith("m")]
    sent += [each["result"]["structuredContent"]["message"] for each in told]
    arrived = []
    while messages := bob.tool("inbox_pull", limit=50)["messages"]:
        arrived += [each["message"] for each in messages]
    assert set(sent) <= set(arrived)
    assert len(arrived) == len(set(arrived))
    assert nexus(home, "verify").returncode == 0


def test_lines_that_are_no_requests_are_answered_and_harm_nothing(home, pipe):
    alice = pipe("--agent", "alice")
    alice.send(b"", b"nonsense", b"x" * 1_100_000, b"[]", rpc("tools/list", answers="early"))
    early = alice.until(lambda message: message.get("id") == "early")
    assert "initialize" in early["error"]["data"]["hint"]
    assert [json.loads(line)["error"]["code"] for line in alice.said[:3]] == [-32700, -32000, -32600]
    alice.hello()
    assert alice.ask(rpc("no/such"))["error"]["code"] == -32601
    assert alice.ask(call("no_such_tool"))["result"]["isError"]
    assert alice.modern(call("é \x00 \U0001f600"))["result"]["isError"]
    alice.send({"jsonrpc": "2.0", "method": "no/such"}, {"jsonrpc": "2.0", "id": 99, "result": {}})
    assert alice.tool("whoami")["agent"] == "alice"
    assert alice.close() == 0


def test_who_cannot_speak_is_told_what_to_do(home, pipe):
    alice = json.loads(nexus(home, "agent", "key", "mint", "alice", "--json").stdout)["key"]
    for words, more, hint in (
        (("--agent", "zoe"), {}, b"nexus agent add zoe"),
        (("--agent", "bob"), {"NEXUS_KEY": alice}, b"that of alice, not of bob"),
    ):
        said, told = pipe(*words, **more).process.communicate(timeout=60)
        assert (said, hint in told) == (b"", True), told


def test_a_key_that_is_made_opens_the_workspace_of_the_current_folder_and_learns_the_next(home, pipe):
    shop, other, plain = (home.parent / name for name in ("shop", "other", "plain"))
    enrol(home, shop, "carl")
    (other / ".git").mkdir(parents=True)
    plain.mkdir()

    def entered(folder):
        carl = pipe("--agent", "carl", cwd=folder).hello()
        places = [carl.tool("whoami", project_root=str(each)).get("alias") for each in (shop, other, plain)]
        assert carl.close() == 0
        return places

    def keys():
        return json.loads(nexus(home, "agent", "key", "list", "carl", "--json").stdout)["keys"]

    assert entered(plain) == ["shop", None, None]  # no repository, and unknown: its home
    made = [each for each in keys() if each.get("label") == "nexus stdio"]
    assert [len(each["workspaces"]) for each in made] == [1]
    assert entered(shop) == ["shop", None, None]
    assert len(keys()) == 2
    assert entered(other) == ["shop", "other", None]
    assert {each["key"] for each in made} < {each["key"] for each in keys()}
    assert entered(shop) == ["shop", "other", None]
    assert len(keys()) == 3
    refused, told = pipe("--agent", "carl", "--workspace", "nowhere").process.communicate(timeout=60)
    assert (refused, b"no workspace nowhere" in told) == (b"", True)


def test_two_that_start_in_one_repository_meet_there_wherever_they_were_before(home, pipe):
    yard = home.parent / "yard"
    (yard / ".git").mkdir(parents=True)
    enrol(home, home.parent / "shop", "emil", "fred")
    assert pipe("--agent", "emil", cwd=home.parent / "shop").hello().close() == 0
    there = [pipe("--agent", name, cwd=yard).hello() for name in ("emil", "fred")]
    assert [each.tool("whoami")["alias"] for each in there] == ["yard", "yard"]
    assert [each.close() for each in there] == [0, 0]


def test_a_pipe_alone_makes_a_database_that_everything_else_can_use(tmp_path):
    fresh = tmp_path / "home"
    said, told = Pipe(fresh, "--agent", "zoe").process.communicate(timeout=60)
    assert (said, b"nexus agent add zoe" in told) == (b"", True)
    assert nexus(fresh, "agent", "add", "zoe", cwd=tmp_path).returncode == 0
    assert nexus(fresh, "verify").returncode == 0
