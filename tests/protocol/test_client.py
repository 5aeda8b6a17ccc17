"""The SDK's own client talks to the application in both eras."""

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from nexus_site import asgi
from tests.protocol.wires import HANDSHAKE, HOST, MODERN, open_sessions, until


@pytest.fixture
def client(surface, keys):
    """Return a function that gives an agent a client of the SDK."""

    def client(name, mode, query=""):
        headers = {"authorization": f"Bearer {keys[name]}"}
        http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=asgi.application), headers=headers)
        return Client(streamable_http_client(f"http://{HOST}/mcp{query}", http_client=http), mode=mode)

    return client


@pytest.mark.parametrize(("mode", "version"), [("auto", MODERN), ("legacy", HANDSHAKE)])
async def test_client_lists_calls_and_reads_refusals(alice, bob, client, mode, version):
    async with client("alice", mode) as mcp:
        assert mcp.session.protocol_version == version
        assert len((await mcp.list_tools()).tools) == 15
        sent = await mcp.call_tool("message_create", {"subject": "hello", "body": "b", "to": "bob"})
        assert [each["agent"] for each in sent.structured_content["recipients"]] == ["bob"]
        refused = await mcp.call_tool("message_create", {"subject": "hello", "body": "b", "to": "nobody"})
        assert refused.is_error
        assert refused.structured_content["error"]["code"] == "unknown_agent"
    async with client("bob", mode) as mcp:
        waited = await mcp.call_tool("inbox_wait", {"timeout_seconds": 60})
        pulled = await mcp.call_tool("inbox_pull", {"limit": 5})
        assert waited.structured_content["messages"][0]["message"] == sent.structured_content["message"]
        assert pulled.structured_content["messages"][0]["body"] == "b"


async def test_client_chooses_toolsets_by_url(alice, client):
    async with client("alice", "auto", "?toolsets=inbox,events") as mcp:
        names = {tool.name for tool in (await mcp.list_tools()).tools}
    assert names == {
        *("inbox_extend", "inbox_release", "inbox_peek", "inbox_count", "inbox_history"),
        *("event_list", "event_wait", "event_cursor"),
    }


async def test_two_clients_with_one_key_stay_in_their_own_projects(wanderer, client, keys):
    keys["alice"], *roots = wanderer
    async with client("alice", "legacy") as one, client("alice", "legacy") as two:
        for root, mcp in zip(roots, (one, two), strict=True):
            await mcp.call_tool("whoami", {"project_root": root.path, "harness": f"in {root.alias}"})
        for root, mcp in zip(roots, (one, two), strict=True):
            me = (await mcp.call_tool("whoami", {})).structured_content
            assert me["workspace"] == root.public_id
        assert await open_sessions() >= 2

    async def all_are_closed():
        return await open_sessions() == 0

    await until(all_are_closed)
