"""Bad input of every kind gives the one error shape, with a code and the fix, on both surfaces; and loses nothing."""

import json

import pytest

from tests.live.servers import Server

pytestmark = pytest.mark.slow

SHAPE = {"code", "message", "details", "hint"}
MESSAGE = {"to": "bob", "subject": "Note", "body": "Text"}
JOB = {"title": "Job", "to": "bob"}

# Each kind: the tool with its arguments, the same over REST, and the code that both must give.
ORDERS = {
    "a missing field": ("message_create", {"to": "bob", "body": "x"}, ("POST", "messages"), "invalid_input"),
    "an unknown field": ("message_create", MESSAGE | {"from": "carol"}, ("POST", "messages"), "invalid_input"),
    "a wrong type": ("message_create", MESSAGE | {"priority": "high"}, ("POST", "messages"), "invalid_input"),
    "a number out of range": ("message_create", MESSAGE | {"priority": 99}, ("POST", "messages"), "invalid_input"),
    "a text too long": ("message_create", MESSAGE | {"subject": "x" * 201}, ("POST", "messages"), "invalid_input"),
    "an unknown agent": ("message_create", MESSAGE | {"to": "bobby"}, ("POST", "messages"), "unknown_agent"),
    "nobody reached": (
        "message_create",
        MESSAGE | {"to": {"role": "astronaut"}},
        ("POST", "messages"),
        "no_recipients",
    ),
    "an unknown id": ("handoff_claim", {"handoff": "hnd_nowhere"}, ("POST", "handoffs/{handoff}/claim"), "not_found"),
    "a foreign id": ("inbox_ack", {"messages": ["{theirs}"]}, ("POST", "inbox/ack"), "not_found"),
    "a stale epoch": (
        "handoff_complete",
        {"handoff": "{job}", "epoch": 77, "result": "x"},
        ("POST", "handoffs/{handoff}/complete"),
        "stale_epoch",
    ),
    "a bad cursor": ("event_list", {"after": "cur_nonsense"}, ("GET", "events"), "invalid_input"),
    "an unknown workspace": ("inbox_count", {"workspace": "wsp_nowhere"}, ("GET", "inbox/count"), "not_found"),
    "a lease out of range": ("inbox_pull", {"lease_seconds": 99_999}, ("POST", "inbox/pull"), "invalid_input"),
    "half a character": ("message_create", MESSAGE | {"body": "\ud83d"}, ("POST", "messages"), "invalid_input"),
    "an operator's act": ("setting_put", {"name": "backup_hour", "value": 4}, ("PUT", "settings/{name}"), "forbidden"),
}


@pytest.fixture(scope="module")
def cast(server: Server):
    alice, bob, carol = server.agent("alice"), server.agent("bob"), server.agent("carol")
    for each in (alice, bob, carol):
        each.get("whoami")
    return {
        "rest": alice,
        "theirs": carol.post("messages", **MESSAGE)["message"],
        "job": alice.post("handoffs", **JOB)["handoff"],
    }


class Mcp:
    """A bare client of the handshake era, which shows what is on the wire."""

    def __init__(self, server, key):
        self.url = f"{server.url}/mcp"
        headers = {"Authorization": f"Bearer {key}", "Accept": "application/json, text/event-stream"}
        self.http = server.client(headers=headers | {"Content-Type": "application/json"})
        start = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bad", "version": "1"}}
        opened = self.http.post(self.url, content=self.request("initialize", start))
        self.http.headers |= {"Mcp-Session-Id": opened.headers["mcp-session-id"], "MCP-Protocol-Version": "2025-11-25"}

    def request(self, method, params):
        return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})

    def tool(self, name, arguments):
        params = {"name": name, "arguments": arguments}
        return self.http.post(self.url, content=self.request("tools/call", params)).json()

    def post(self, content, **headers):
        return self.http.post(self.url, content=content, headers=headers)


@pytest.fixture(scope="module")
def mcp(server, cast):
    return Mcp(server, cast["rest"].key)


def assert_shape(error, code):
    assert error["code"] == code, error
    assert set(error) - {"retry_after"} == SHAPE
    assert error["message"]
    assert error["hint"]


def filled(value, cast):
    """Put the cast's ids where the table names them."""
    text = json.dumps(value)
    for name in ("theirs", "job"):
        text = text.replace(f"{{{name}}}", cast[name])
    return json.loads(text)


@pytest.mark.parametrize("kind", ORDERS)
def test_a_bad_order_is_refused_alike_over_rest_and_mcp(cast, mcp, kind):
    tool, arguments, (method, path), code = ORDERS[kind]
    arguments = filled(arguments, cast)
    body = {name: value for name, value in arguments.items() if f"{{{name}}}" not in path}
    where = {"params": body} if method == "GET" else {"content": json.dumps(body)}
    headers = {"Content-Type": "application/json"}
    over_rest = cast["rest"].http.request(method, path.format(**arguments), headers=headers, **where)
    assert over_rest.status_code >= 400
    answer = mcp.tool(tool, arguments)
    if "error" in answer:  # half a character is no JSON for a strict parser: then it is a protocol error
        assert_shape(answer["error"]["data"], code)
    else:
        assert answer["result"]["isError"] is True
        assert_shape(answer["result"]["structuredContent"]["error"], code)
        assert_shape(over_rest.json()["error"], code)


PROTOCOL = {
    "broken JSON": ("{", -32700),
    "no JSON-RPC": ('{"hello": 1}', -32600),
    "a batch": ("[]", -32600),
    "an unknown method": ('{"jsonrpc": "2.0", "id": 1, "method": "tools/dance"}', -32601),
    "params of a wrong type": ('{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": 7}}', -32602),
}


@pytest.mark.parametrize("kind", PROTOCOL)
def test_what_breaks_the_protocol_is_a_protocol_error_that_carries_the_shape(mcp, kind):
    content, code = PROTOCOL[kind]
    error = mcp.post(content).json()["error"]
    assert error["code"] == code
    data = error["data"]
    assert set(data) - {"retry_after"} == SHAPE
    assert data["hint"]


def both(server, cast, mcp, **headers):
    """Send one good order to both surfaces with these headers; return the answers."""
    body = json.dumps(MESSAGE)
    call = mcp.request("tools/call", {"name": "message_create", "arguments": MESSAGE})
    rest = cast["rest"].http.post("messages", content=body, headers={"Content-Type": "application/json"} | headers)
    return [rest, mcp.post(call, **headers)]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Host": "evil.example"}, 421, "wrong_host"),
        ({"Origin": "http://evil.example"}, 403, "wrong_origin"),
        ({"Origin": "null"}, 403, "wrong_origin"),
        ({"Sec-Fetch-Site": "cross-site"}, 403, "wrong_origin"),
        ({"Authorization": "Bearer nxs_00000000_wrong"}, 401, "unauthorized"),
        ({"Authorization": "Basic YWxpY2U6cHc="}, 401, "unauthorized"),
        ({"Content-Type": "text/plain"}, 415, "unsupported_media"),
        ({"Content-Encoding": "gzip"}, 415, "unsupported_media"),
    ],
)
def test_a_request_that_should_not_come_in_is_refused_on_both_surfaces(server, cast, mcp, headers, status, code):
    for answer in both(server, cast, mcp, **headers):
        assert answer.status_code == status, answer.text
        error = answer.json()["error"]
        assert_shape(error.get("data") or error, code)


def test_an_oversized_body_is_refused_on_both_surfaces(cast, mcp):
    large = json.dumps(MESSAGE | {"body": "x" * 1_100_000})
    for answer in (cast["rest"].http.post("messages", content=large), mcp.post(large)):
        assert answer.status_code in (413, 415)
    headers = {"Content-Type": "application/json"}
    for answer in (cast["rest"].http.post("messages", content=large, headers=headers), mcp.post(large)):
        assert answer.status_code == 413
        error = answer.json()["error"]
        assert_shape(error.get("data") or error, "too_large")


def test_a_url_that_is_too_long_is_answered(cast):
    answer = cast["rest"].http.get("help", params={"about": "x" * 20_000})
    assert answer.status_code in (400, 414, 422)


def test_broken_json_over_rest_has_the_shape_too(cast):
    answer = cast["rest"].http.post("messages", content="{", headers={"Content-Type": "application/json"})
    assert_shape(answer.json()["error"], "invalid_input")


def test_after_all_that_the_log_is_whole_and_the_server_well(server, cast):
    assert cast["rest"].get("whoami")["agent"] == "alice"
    assert server.command("verify").returncode == 0
