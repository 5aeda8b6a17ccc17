"""`POST /api/v1/mcp`: the same kernel behind a view of Django, one JSON document an answer."""

import pytest

from tests.protocol.test_same_bytes import CORPUS, mail  # noqa: F401
from tests.protocol.wires import HANDSHAKE, MODERN, Agent, call, modern, open_sessions, rpc, wire

URL = "/api/v1/mcp"
STREAMED = {
    "resources/subscribe": {"uri": "nexus://inbox"},
    "resources/unsubscribe": {"uri": "nexus://inbox"},
    "subscriptions/listen": {"notifications": {}},
}


@pytest.fixture
async def both(mail, connect):  # noqa: F811
    """An agent with a session at /mcp, and the same agent without one here."""
    there = await connect("alice")
    return there, Agent(there.headers["authorization"].removeprefix("Bearer "), URL)


@pytest.mark.parametrize("about", CORPUS)
async def test_modern_era_answers_the_same_bytes_as_mcp(both, about):
    headers, message = modern(CORPUS[about])
    headers = {name.replace("-", "_"): value.encode("ascii", "ignore").decode() for name, value in headers.items()}
    there, here = both
    there.headers = dict(here.headers)
    mine, expected = await here.post(message, **headers), await there.post(message, **headers)
    assert (mine.status, mine.body) == (expected.status, expected.body)
    assert mine.headers["content-type"] == expected.headers["content-type"]


@pytest.mark.parametrize("about", CORPUS)
async def test_handshake_era_answers_the_same_bytes_as_a_session(both, about):
    there, here = both
    mine = await here.post(CORPUS[about], mcp_protocol_version=HANDSHAKE)
    expected = await there.post(CORPUS[about])
    assert (mine.status, mine.body) == (expected.status, expected.body)
    assert mine.headers["content-type"] == expected.headers["content-type"]


async def test_initialize_opens_no_session(both):
    there, here = both
    opened = await open_sessions()
    params = {"protocolVersion": HANDSHAKE, "capabilities": {}, "clientInfo": {"name": "codex", "version": "1"}}
    reply = await here.post(rpc("initialize", params))
    assert reply.result == (await there.initialize()).result
    assert "mcp-session-id" not in reply.headers
    assert await open_sessions() == opened + 1


async def test_session_id_means_nothing(both):
    reply = await both[1].post(rpc("ping"), mcp_session_id="no-such", mcp_protocol_version=HANDSHAKE)
    assert (reply.status, reply.result) == (200, {})


@pytest.mark.parametrize("version", [HANDSHAKE, MODERN])
async def test_notification_is_taken(both, version):
    note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    reply = await both[1].post(note, mcp_protocol_version=version)
    assert (reply.status, reply.body) == (202, b"")


async def test_wait_is_one_document(both):
    waited = await both[1].post(call("inbox_wait", timeout_seconds=1), mcp_protocol_version=HANDSHAKE)
    assert waited.headers["content-type"] == "application/json"
    assert [each["subject"] for each in waited.result["structuredContent"]["messages"]] == ["odd"]


@pytest.mark.parametrize("query", ["?toolsets=all", "?toolsets=inbox"])
async def test_url_chooses_the_toolsets(both, query):
    there, here = both
    here.url, there.url = URL + query, "/mcp" + query
    mine = await here.post(rpc("tools/list"), mcp_protocol_version=HANDSHAKE)
    assert mine.body == (await there.post(rpc("tools/list"))).body


@pytest.mark.parametrize("method", STREAMED)
@pytest.mark.parametrize("era", ["handshake", "modern"])
async def test_what_needs_a_stream_is_refused_and_told_where_to_go(both, method, era):
    request = rpc(method, STREAMED[method])
    here = both[1]
    reply = await (here.modern(request) if era == "modern" else here.post(request, mcp_protocol_version=HANDSHAKE))
    assert (reply.message["error"]["code"], reply.error["code"]) == (-32601, "not_found")
    assert "/mcp" in reply.error["hint"]


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
async def test_other_methods_are_told_where_to_go(both, method):
    reply = await both[1].wire(None, method).run()
    assert (reply.status, reply.error["code"]) == (405, "method_not_allowed")
    assert "/mcp" in reply.error["hint"]


REFUSED = {
    "no key": ({"authorization": None}, 401, "unauthorized"),
    "a wrong key": ({"authorization": "Bearer nxs_a_b"}, 401, "unauthorized"),
    "another origin": ({"origin": "http://evil.example"}, 403, "wrong_origin"),
    "another media type": ({"content-type": "text/plain"}, 415, "unsupported_media"),
    "too large": ({"content-length": str(2**21)}, 413, "too_large"),
}


@pytest.mark.parametrize("about", REFUSED)
@pytest.mark.parametrize("path", ["/mcp", URL])
async def test_refusals_are_json_rpc_errors(both, about, path):
    changed, status, code = REFUSED[about]
    reply = await wire("POST", path, {**both[1].headers, **changed}, rpc("ping")).run()
    assert (reply.status, reply.error["code"]) == (status, code)
    assert (reply.json["jsonrpc"], reply.json["error"]["code"]) == ("2.0", -32000)
