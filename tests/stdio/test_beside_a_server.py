"""Beside a running server: the same tools in the same bytes, and each hears what the other commits."""

import json

import pytest

from tests.protocol.wires import BOTH, MODERN, modern, rpc
from tests.stdio.pipes import Pipe

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def key(server):
    """Return the key of alice, who talks over HTTP."""
    server.ask("/api/v1/agents", {"name": "bob", "project_root": str(server.home)})
    return server.ask("/api/v1/agents", {"name": "alice", "project_root": str(server.home)})["key"]


@pytest.fixture
def bob(server, key):
    speaking = Pipe(server.home, "--agent", "bob")
    yield speaking
    speaking.clear_away()


def test_server_and_pipe_offer_the_same_and_hear_each_other(server, bob, key):
    headers = {"Authorization": f"Bearer {key}", "Accept": BOTH}
    asked, message = modern(rpc("tools/list"))
    with server.open("/mcp", message, **headers, **{name.title(): value for name, value in asked.items()}) as answer:
        over_http = answer.read()
    bob.send(message)
    bob.until(lambda found: found.get("id") == 1)
    assert bob.said[0] == over_http
    assert len(json.loads(over_http)["result"]["tools"]) == 15

    bob.hello()
    bob.send(rpc("tools/call", {"name": "inbox_wait", "arguments": {"timeout_seconds": 60}}, "wait"))
    sent = server.ask("/api/v1/messages", {"to": "bob", "subject": "s", "body": "b"}, Authorization=f"Bearer {key}")
    heard = bob.until(lambda found: found.get("id") == "wait")["result"]["structuredContent"]["messages"]
    assert [each["message"] for each in heard] == [sent["message"]]
    back = bob.tool("message_create", to="alice", subject="s", body="b")["message"]
    pulled = server.ask("/api/v1/inbox/wait?timeout_seconds=60", Authorization=f"Bearer {key}")["messages"]
    assert [each["message"] for each in pulled] == [back]
    assert server.ask("/readyz")["status"] == "ready"
    assert bob.close() == 0


def test_wait_of_the_modern_era_is_dropped_without_an_answer(bob):
    wait = modern(rpc("tools/call", {"name": "inbox_wait", "arguments": {"timeout_seconds": 60}}, "wait"))[1]
    bob.send(wait, {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "wait"}})
    assert bob.modern(rpc("server/discover"))["result"]["supportedVersions"][0] == MODERN
    assert bob.close() == 0
    assert not any(json.loads(line).get("id") == "wait" for line in bob.said)
