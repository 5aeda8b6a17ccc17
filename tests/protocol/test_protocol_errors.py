"""Protocol errors are JSON-RPC errors with the one error shape in `error.data`."""

import pytest

from tests.protocol.wires import MODERN, Agent, call, modern, rpc

BROKEN = [b"", b"{", b"nul", b'{"jsonrpc":"2.0","id":1,"method":"ping",}', b"\xff\xfe", b'{"a":NaN}', b'["' * 300_000]
NOT_ONE_MESSAGE = [
    [],
    [rpc("ping")],
    5,
    "ping",
    b"null",
    {},
    {"jsonrpc": "1.0", "id": 1, "method": "ping"},
    {"id": 1, "method": "ping"},
    {"jsonrpc": "2.0", "id": 1},
    {"jsonrpc": "2.0", "id": None, "method": "ping"},
    {"jsonrpc": "2.0", "id": True, "method": "ping"},
    {"jsonrpc": "2.0", "id": 1.5, "method": "ping"},
    {"jsonrpc": "2.0", "id": 2**64, "method": "ping"},
    {"jsonrpc": "2.0", "id": [1], "method": "ping"},
    {"jsonrpc": "2.0", "id": 1, "method": 5},
    {"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]},
]


def assert_shape(reply, status: int, number: int, code: str) -> None:
    error = reply.message["error"]
    assert (reply.status, error["code"]) == (status, number)
    assert error["data"]["code"] == code
    assert set(error["data"]) >= {"code", "message", "details", "hint"}
    assert error["data"]["hint"]
    assert error["message"] == error["data"]["message"]


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
@pytest.mark.parametrize("version", [None, "2025-06-18", MODERN])
async def test_broken_json_is_a_parse_error(alice, connect, body, version):
    agent = await connect("alice", in_session=False)
    assert_shape(await agent.post(body, mcp_protocol_version=version), 400, -32700, "invalid_input")


@pytest.mark.parametrize("body", NOT_ONE_MESSAGE, ids=str)
@pytest.mark.parametrize("in_session", [True, False])
async def test_what_is_not_one_message_is_an_invalid_request(alice, connect, body, in_session):
    agent = await connect("alice", in_session=in_session)
    if not in_session:
        agent.headers["mcp-protocol-version"] = MODERN
    assert_shape(await agent.post(body), 400, -32600, "invalid_input")


@pytest.mark.parametrize("method", ["tasks/list", "no/such", "server/discover", "tasks/get"])
async def test_unknown_method_in_a_session(alice, connect, method):
    agent = await connect("alice")
    assert_shape(await agent.post(rpc(method)), 200, -32601, "not_found")


@pytest.mark.parametrize("method", ["tasks/list", "no/such", "initialize", "ping", "resources/subscribe"])
async def test_unknown_method_in_the_modern_era(alice, connect, method):
    agent = await connect("alice", in_session=False)
    reply = await agent.modern(rpc(method, {"uri": "nexus://inbox"} if "subscribe" in method else None))
    assert_shape(reply, 404, -32601, "not_found")


async def test_wrong_params(alice, connect):
    agent = await connect("alice")
    assert_shape(await agent.post(rpc("tools/call", {"name": 5})), 200, -32602, "invalid_input")


async def test_wrong_initialize(alice, connect):
    agent = await connect("alice", in_session=False)
    assert_shape(await agent.post(rpc("initialize", {"protocolVersion": 5})), 200, -32602, "invalid_input")


@pytest.mark.parametrize("message", [rpc("ping"), call("whoami"), {"jsonrpc": "2.0", "method": "notifications/x"}])
async def test_call_without_a_session_says_to_initialize(alice, connect, message):
    agent = await connect("alice", in_session=False)
    reply = await agent.post(message)
    assert_shape(reply, 400, -32600, "invalid_input")
    assert "initialize" in reply.error["hint"]
    assert reply.message["id"] == message.get("id")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_stream_without_a_session_says_to_initialize(alice, connect, method):
    agent = await connect("alice", in_session=False)
    assert_shape(await agent.wire(None, method).run(), 400, -32600, "invalid_input")


@pytest.mark.parametrize(
    "changed",
    [
        {"mcp_method": None},
        {"mcp_method": "tools/list"},
        {"mcp_name": None},
        {"mcp_name": "help"},
        {"mcp_name": "=?base64?!?="},
    ],
)
async def test_headers_must_say_what_the_body_says(alice, connect, changed):
    agent = await connect("alice", in_session=False)
    assert_shape(await agent.modern(call("agent_list"), **changed), 400, -32020, "invalid_input")


@pytest.mark.parametrize("name", ["mcp-protocol-version", "mcp-method", "mcp-name"])
async def test_doubled_routing_header_is_refused(alice, connect, name):
    agent = await connect("alice", in_session=False)
    headers, body = modern(call("agent_list"))
    request = agent.wire(body, **{key.replace("-", "_"): value for key, value in headers.items()})
    request.scope["headers"].append((name.encode(), headers[name].encode()))
    assert_shape(await request.run(), 400, -32020, "invalid_input")


@pytest.mark.parametrize("meta", [{}, {"io.modelcontextprotocol/protocolVersion": MODERN}, 5])
async def test_request_without_its_envelope_is_refused(alice, connect, meta):
    agent = await connect("alice", in_session=False)
    message = rpc("tools/call", {"name": "agent_list", "_meta": meta})
    headers = {"mcp_protocol_version": MODERN, "mcp_method": "tools/call", "mcp_name": "agent_list"}
    assert_shape(await agent.post(message, **headers), 400, -32602, "invalid_input")


async def test_unknown_version_names_the_served_ones(alice, connect):
    agent = await connect("alice", in_session=False)
    message = modern(call("agent_list"))[1]
    message["params"]["_meta"] = message["params"]["_meta"] | {"io.modelcontextprotocol/protocolVersion": "2099-01-01"}
    reply = await agent.post(message, mcp_protocol_version="2099-01-01", mcp_method="tools/call", mcp_name="agent_list")
    assert_shape(reply, 400, -32022, "invalid_input")
    assert (reply.error["supported"], reply.error["requested"]) == ([MODERN], "2099-01-01")


async def test_notification_of_the_modern_era_is_accepted_at_a_served_version(alice, connect):
    agent = await connect("alice", in_session=False)
    note = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
    assert (await agent.post(note, mcp_protocol_version=MODERN)).status == 202
    assert_shape(await agent.post(note, mcp_protocol_version="2099-01-01"), 400, -32022, "invalid_input")


async def test_client_that_takes_no_json_is_refused(alice, connect):
    agent = await connect("alice")
    reply = await agent.post(rpc("ping"), accept="text/event-stream")
    assert (reply.status, reply.error["code"]) == (406, "unsupported_media")


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "Application/* ; q=1, text/html"])
async def test_short_call_needs_no_stream(alice, connect, accept):
    agent = await connect("alice")
    assert (await agent.post(rpc("ping"), accept=accept)).result == {}


async def test_wait_needs_a_client_that_takes_streams(alice, connect):
    agent = await connect("alice")
    reply = await agent.post(call("inbox_wait", timeout_seconds=0), accept="application/json")
    assert (reply.status, reply.error["code"]) == (406, "unsupported_media")
    assert "Not Acceptable" in reply.error["message"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "HEAD", "OPTIONS"])
async def test_other_methods_are_not_served(alice, connect, method):
    agent = await connect("alice")
    reply = await agent.wire(None, method, content_type="application/json").run()
    assert (reply.status, reply.headers["allow"]) == (405, "POST, GET, DELETE")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_modern_era_has_no_streams_to_open(alice, connect, method):
    agent = await connect("alice", in_session=False)
    assert (await agent.wire(None, method, mcp_protocol_version=MODERN).run()).status == 405


async def test_refused_operation_is_a_result_that_a_model_can_read(alice, connect, assert_refused):
    agent = await connect("alice")
    reply = await agent.post(call("message_create", subject="s", body="b", to="nobody"))
    assert reply.result["isError"] is True
    assert_refused(reply.result["structuredContent"], "unknown_agent")
    (block,) = reply.result["content"]
    assert block["type"] == "text"
    assert block["text"] in reply.body.decode().replace('\\"', '"')


async def test_key_of_another_case_is_no_key(alice, keys, surface):
    agent = Agent(keys["alice"].upper())
    assert (await agent.post(rpc("initialize"))).status == 401
