"""With bob's key nothing of alice's or of another workspace can be read, pulled, guessed or counted."""

import subprocess

import httpx2
import pytest

from bus import door
from tests.live.servers import Server, mcp_tools, play

pytestmark = pytest.mark.slow

ROUTES = [
    "/",
    "/healthz",
    "/readyz",
    "/admin/",
    "/api/v1/docs",
    "/api/v1/openapi.json",
    "/api/v1/whoami",
    "/mcp",
    "/mcp/",
]
ROUTES += ["/static/admin/css/base.css", "/api/v1/events/stream", "/login/x", "/nowhere"]


@pytest.fixture(scope="module")
def cast(server: Server, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    alice, bob = server.agent("alice"), server.agent("bob")
    made = server.operator().post("agents", name="mallory", project_root=str(elsewhere))
    mallory = type(alice)(server, made["key"])
    for each in (alice, bob, mallory):
        each.get("whoami")
    return alice, bob, mallory


@pytest.fixture(scope="module")
def alices(cast):
    """What alice has that nobody else may see."""
    alice, _, mallory = cast
    mallory.post("messages", to="operator", subject="Elsewhere", body="Of another workspace")
    message = alice.post("messages", to="operator", subject="Private", body="Only for the operator")["message"]
    order = {"title": "Private job", "to": "operator", "visibility": "private", "payload": {"secret": 1}}
    handoff = alice.post("handoffs", **order)["handoff"]
    opened = alice.post("sessions", harness="codex")
    session, workspace = opened["session"], opened["workspace"]
    foreign = mallory.post("sessions", harness="codex")
    return {
        "message": message,
        "messages": [message],
        "handoff": handoff,
        "session": session,
        "reply_to": message,
        "agent": "mallory",
        "peer": "mallory",
        "to": "mallory",
        "workspace": foreign["workspace"],
        "own_workspace": workspace,
    }


FILLERS = {
    "subject": "s",
    "body": "b",
    "title": "t",
    "epoch": 1,
    "globs": ["src/**"],
    "verdict": "pass",
}
UNKNOWN = {
    "message": "msg_000000000000000000000a",
    "messages": ["msg_000000000000000000000a"],
    "handoff": "hnd_000000000000000000000a",
    "session": "ses_000000000000000000000a",
    "reply_to": "msg_000000000000000000000a",
    "agent": "nobody-here",
    "peer": "nobody-here",
    "to": "nobody-here",
    "workspace": "wsp_00000000000000000000000000",
}


def cases():
    """Every operation with every field that can name something of somebody else."""
    for entry in door.published().values():
        if entry.toolset == door.OPERATOR_TOOLSET or entry.kind == "wait":
            continue
        for name in entry.order.model_fields:
            if name in UNKNOWN:
                yield entry.name, name


def order(name, field, value):
    """Return an order in which everything is well-formed, and `field` has this value."""
    fields = door.published()[name].order.model_fields
    known = FILLERS | UNKNOWN
    needed = {each: known[each] for each, info in fields.items() if info.is_required()}
    if name == "handoff_complete":
        needed["result"] = "done"
    if name == "message_create":
        needed["to"] = "operator"
    if name == "workspace_resolve":
        needed["alias"] = "nowhere"
    return needed | {field: value}


def told(answer, value):
    """Return a refusal without what was sent, so that two can be compared."""
    text = str(answer)
    for each in value if isinstance(value, list) else [value]:
        text = text.replace(each, "…")
    return text


@pytest.mark.parametrize(("name", "field"), list(cases()))
def test_foreign_and_unknown_are_told_the_same(server, cast, alices, name, field):
    _, bob, _ = cast

    async def scenario():
        async with mcp_tools(server, bob.key) as tools:
            foreign = await tools(name, **order(name, field, alices[field]))
            unknown = await tools(name, **order(name, field, UNKNOWN[field]))
        assert told(foreign, alices[field]) == told(unknown, UNKNOWN[field])
        if "error" in foreign:
            assert foreign["error"]["code"] in {"not_found", "unknown_agent", "forbidden"}, foreign
        else:
            assert not any(foreign.get(part) for part in ("sessions", "messages", "handoffs", "agents", "events")), (
                foreign
            )

    play(scenario())


def test_nothing_of_alices_shows_in_any_list(server, cast, alices):
    _, bob, mallory = cast
    for other in (bob, mallory):
        for path in ("messages", "inbox", "inbox/history", "handoffs", "events", "conversations/operator", "whoami"):
            assert "Private" not in str(other.get(path)), path
            assert alices["message"] not in str(other.get(path)), path
        assert other.get("whoami")["claimable_handoffs"] == 0


def test_a_session_of_alice_with_bobs_key_is_refused(server, cast, alices):
    _, bob, _ = cast
    answer = bob.http.get("whoami", headers={"Nexus-Session": alices["session"]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_an_mcp_session_of_alice_with_bobs_key_is_not_found(server, cast):
    alice, bob, _ = cast
    opening = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }
    accept = {"Accept": "application/json, text/event-stream"}
    with httpx2.Client(timeout=30) as http:
        opened = http.post(f"{server.url}/mcp", json=opening, headers=alice.headers | accept)
        session = {"Mcp-Session-Id": opened.headers["mcp-session-id"], "MCP-Protocol-Version": "2025-11-25"}
        call = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "inbox_pull", "arguments": {}}}
        assert http.post(f"{server.url}/mcp", json=call, headers=alice.headers | accept | session).status_code == 200
        for method in ("POST", "GET", "DELETE"):
            answer = http.request(
                method,
                f"{server.url}/mcp",
                json=call if method == "POST" else None,
                headers=bob.headers | accept | session,
            )
            assert answer.status_code == 404, method


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", ""])
def test_a_wrong_host_is_refused_on_every_route(server, path, host):
    for method in ("GET", "POST"):
        answer = httpx2.request(method, f"{server.url}{path}", headers={"Host": host}, timeout=30)
        assert answer.status_code in (400, 421), (method, path)
        if answer.status_code == 421:
            assert "wrong_host" in answer.text


def test_a_minted_key_is_nowhere_in_files_logs_or_events(server, cast):
    alice, *_ = cast
    secret = alice.key.rsplit("_", 1)[1]
    alice.post("messages", to="bob", subject="Nothing secret", body="here")
    alice.http.get("whoami", headers={"Authorization": f"Bearer {alice.key}x"})
    found = subprocess.run(
        ["grep", "-rlaF", secret, str(server.home), str(server.home.parent)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout == ""
    assert secret not in str(server.operator().get("events", limit=200))
