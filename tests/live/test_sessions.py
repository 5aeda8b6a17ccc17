"""MCP sessions over a real server: side by side, one by one, and over a restart."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from tests.live.servers import Server, mcp_tools, play

pytestmark = pytest.mark.slow

BOTH = "application/json, text/event-stream"
HANDSHAKE = "2025-11-25"


def rpc(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


class McpSession:
    """One MCP session as a client holds it: a key and, from `initialize` on, an id."""

    def __init__(self, server: Server, key: str) -> None:
        self.headers = {"Authorization": f"Bearer {key}", "Accept": BOTH}
        self.http = server.client(base_url=server.url)
        self.initialize()

    def initialize(self) -> None:
        self.headers.pop("Mcp-Session-Id", None)
        info = {"name": "codex", "version": "1"}
        reply = self.post(rpc("initialize", protocolVersion=HANDSHAKE, capabilities={}, clientInfo=info))
        assert reply.status_code == 200
        self.headers |= {"Mcp-Session-Id": reply.headers["mcp-session-id"], "Mcp-Protocol-Version": HANDSHAKE}

    def post(self, message: dict[str, Any], **headers: str) -> httpx2.Response:
        return self.http.post("/mcp", json=message, headers=self.headers | headers)

    def ping(self) -> int:
        return self.post(rpc("ping")).status_code

    def whoami(self) -> Any:
        reply = self.post(rpc("tools/call", name="whoami", arguments={}))
        return reply.json()["result"]["structuredContent"]


@pytest.fixture
def ada(own_server: Server) -> str:
    return own_server.agent("ada").key


def test_sessions_of_one_key_end_one_by_one(own_server, ada):
    first, second, third = (McpSession(own_server, ada) for _ in range(3))
    assert len({each.whoami()["session"] for each in (first, second, third)}) == 3
    assert second.http.delete("/mcp", headers=second.headers).status_code == 200
    assert [each.ping() for each in (first, second, third)] == [200, 404, 200]


@pytest.mark.parametrize("names_its_version", [True, False])
def test_session_goes_on_after_a_kill_and_is_deleted_by_its_client(own_server, ada, names_its_version):
    session = McpSession(own_server, ada)
    if not names_its_version:
        del session.headers["Mcp-Protocol-Version"]
    before = session.whoami()["session"]
    own_server.kill()
    own_server.start()
    assert session.whoami()["session"] == before
    assert session.post(rpc("tools/list")).json()["result"]["tools"]
    assert "messages" in session.post(rpc("tools/call", name="inbox_wait", arguments={"timeout_seconds": 0})).text
    with session.http.stream("GET", "/mcp", headers=session.headers) as stream:
        assert (stream.status_code, stream.headers["content-type"]) == (200, "text/event-stream")
        assert next(stream.iter_raw()).startswith(b":")
    assert session.http.delete("/mcp", headers=session.headers).status_code == 200
    assert session.ping() == 404


def test_first_requests_at_once_after_a_kill_are_all_answered(own_server, ada):
    sessions = [McpSession(own_server, ada) for _ in range(4)]
    own_server.kill()
    own_server.start()
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(McpSession.ping, sessions * 8)) == {200}


def test_session_that_ended_before_a_kill_is_unknown_and_initialize_opens_another(own_server, ada):
    session = McpSession(own_server, ada)
    before = session.whoami()["session"]
    session.http.delete("/mcp", headers=session.headers)
    own_server.kill()
    own_server.start()
    reply = session.post(rpc("ping"))
    error = reply.json()["error"]["data"]
    assert (reply.status_code, error["code"]) == (404, "not_found")
    assert "initialize" in error["hint"]
    assert set(error) == {"code", "message", "details", "hint"}
    session.initialize()
    assert session.whoami()["session"] != before


def test_official_client_with_a_handshake_calls_on_after_a_kill(own_server, ada):
    async def scenario():
        async with mcp_tools(own_server, ada) as tools:
            before = (await tools("whoami"))["session"]
            own_server.kill()
            own_server.start()
            assert (await tools("whoami"))["session"] == before
            assert (await tools("inbox_wait", timeout_seconds=1))["messages"] == []
            assert (await tools.client.list_tools()).tools

    play(scenario())


def test_stream_opens_for_a_client_that_reconnects_with_an_event_id(own_server, ada):
    session = McpSession(own_server, ada)
    headers = session.headers | {"Last-Event-ID": "17"}
    with session.http.stream("GET", "/mcp", headers=headers) as stream:
        assert (stream.status_code, stream.headers["content-type"]) == (200, "text/event-stream")
        assert next(stream.iter_raw()).startswith(b":")
        assert session.ping() == 200
