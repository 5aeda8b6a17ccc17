"""Lists, cursors, sessions, resources and streams of bob tell nothing of alice's or of another workspace."""

import json

import pytest

from tests.live.servers import Rest, Server, play
from tests.live.sockets import dial
from tests.live.test_sessions import McpSession, rpc
from tests.security.foreign import UNKNOWN, told
from tests.security.strangers import Names

pytestmark = pytest.mark.slow


def test_nothing_of_others_shows_in_any_list(server: Server, strangers: dict[str, Rest], foreign: Names) -> None:
    lists = ("messages", "inbox", "inbox/history", "handoffs", "events", "conversations/operator", "whoami", "sessions")
    lists += ("agents", "workspaces", "handoffs?available=true", "handoffs?mine=true")
    hidden = [name for kind in ("message", "handoff", "session", "workspace", "folder") for name in foreign[kind]]
    for path in lists:
        said = strangers["bob"].http.get(path).text
        assert not [name for name in [*hidden, "mallory", "rivate"] if name in said], path
    held = strangers["bob"].http.get("paths/check?globs=**").text  # which globs are held is for all of the workspace
    assert not [name for name in [*hidden, "mallory", "elsewhere"] if name in held]
    me = strangers["bob"].get("whoami")
    assert (me["claimable_handoffs"], me["unread_elsewhere"], me["inbox"]["unread"]) == (0, 0, 0)


def test_a_cursor_of_somebody_else_shows_only_ones_own(strangers: dict[str, Rest], foreign: Names) -> None:
    bob, mallory = strangers["bob"], strangers["mallory"]
    for number in range(3):
        mallory.post("messages", to="operator", subject=f"Elsewhere {number}", body="Private")
        bob.post("messages", to="operator", subject=f"Own {number}", body="x")
    lists = {
        "messages": "cursor",
        "events": "before",
        "inbox/history": "cursor",
        "agents": "cursor",
        "handoffs": "cursor",
    }
    tried = 0
    for path, field in lists.items():
        page = mallory.get(path, limit=1)
        for cursor in filter(None, (page.get("next_cursor"), page.get("cursor"))):
            said = bob.http.get(path, params={"after" if cursor == page.get("cursor") else field: cursor}).text
            assert not [word for word in ("lsewhere", "rivate", "mallory", foreign["handoff"][1]) if word in said], path
            tried += 1
    assert tried >= 3


def test_a_key_that_another_used_once_is_new_to_oneself(strangers: dict[str, Rest], foreign: Names) -> None:
    letter = {"to": "carol", "subject": "Of bob", "body": "x"}
    for once in ("alices-own", "mallorys-own"):
        sent = strangers["bob"].post("messages", idempotency_key=once, **letter)
        assert "duplicate" not in sent
        assert sent["message"] not in foreign["message"]


@pytest.mark.parametrize("kind", ["session", "workspace"])
def test_a_session_or_workspace_of_others_is_unknown_wherever_a_connection_names_it(
    server: Server, strangers: dict[str, Rest], foreign: Names, kind: str
) -> None:
    bob = strangers["bob"]
    for name in foreign[kind]:
        first, second = (_connected(server, bob, kind, each) for each in (name, UNKNOWN[kind]))
        assert told(first, name) == told(second, UNKNOWN[kind])
        assert {each.partition(" ")[0] for each in first.values()} == {"404", "4404"}


def _connected(server: Server, agent: Rest, kind: str, name: str) -> dict[str, str]:
    """Name a session or workspace on every way to connect; return what is answered."""
    header = {"Nexus-Session": name} if kind == "session" else {}
    query = "" if header else f"?workspace={name}"
    both = {"Accept": "application/json, text/event-stream"}
    asked = {
        "REST": agent.http.get(f"whoami{query}", headers=header),
        "stream": agent.http.get(f"events/stream{query}", headers=header),
        "MCP": agent.http.post(f"{server.url}/mcp{query}", json=rpc("tools/list"), headers=header | both),
        "exchange": agent.http.post(f"mcp{query}", json=rpc("tools/call", name="whoami", arguments={}), headers=header),
    }
    found = {about: f"{answer.status_code} {answer.text}" for about, answer in asked.items()}
    return found | {"socket": play(_refused(server, agent, {kind: name}))}


async def _refused(server: Server, agent: Rest, named: dict[str, str]) -> str:
    async with dial(server, "") as socket:
        await socket.send(json.dumps({"type": "hello", "key": agent.key, **named}))
        said = str(await socket.recv())
        await socket.wait_closed()
        return f"{socket.close_code} {said}"


def test_an_mcp_session_of_alice_with_bobs_key_is_not_found(server: Server, strangers: dict[str, Rest]) -> None:
    alices, bobs = McpSession(server, strangers["alice"].key), McpSession(server, strangers["bob"].key)
    own = {"Authorization": bobs.headers["Authorization"]}
    for method in ("POST", "GET", "DELETE"):
        body = rpc("ping") if method == "POST" else None
        for session in (alices.headers["Mcp-Session-Id"], "0" * 32):
            headers = alices.headers | own | {"Mcp-Session-Id": session}
            assert alices.http.request(method, "/mcp", json=body, headers=headers).status_code == 404, (method, session)
    assert alices.ping() == 200


@pytest.mark.parametrize("method", ["resources/read", "resources/subscribe"])
def test_a_resource_of_others_is_unknown(
    server: Server, strangers: dict[str, Rest], foreign: Names, method: str
) -> None:
    session = McpSession(server, strangers["bob"].key)
    for kind in ("message", "handoff"):
        for name in foreign[kind]:
            uris = [f"nexus://{kind}/{each}" for each in (name, UNKNOWN[kind])]
            first, second = (session.post(rpc(method, uri=uri)).json() for uri in uris)
            assert first["error"]["data"]["code"] == "not_found"
            assert told(first, name) == told(second, UNKNOWN[kind])


def test_no_stream_tells_of_others(server: Server, strangers: dict[str, Rest], foreign: Names) -> None:
    bob = strangers["bob"]

    async def scenario() -> str:
        async with dial(server, bob.key, "?inbox=true") as socket:
            await socket.send(json.dumps({"type": "subscribe", "ref": "1", "subjects": foreign["subject"] + ["bob"]}))
            heard = [str(await socket.recv()) for _ in range(2)]
            with bob.http.stream("GET", "events/stream") as stream:
                pieces = stream.iter_raw()
                next(pieces)
                _stir(strangers, foreign)
                marker = bob.post("messages", to="bob-is-here", subject="x", body="x")
                assert marker["error"]["code"] == "unknown_agent"
                bob.http.patch("agents/bob", json={"role": "marker"})
                while "agent.updated" not in "".join(heard):
                    heard.append(next(pieces).decode())
            while "agent.updated" not in heard[-1]:
                heard.append(str(await socket.recv()))
            return "".join(heard)

    said = play(scenario())
    hidden = [name for kind in ("message", "handoff") for name in foreign[kind]]
    assert not [name for name in [*hidden, "mallory", "rivate"] if name in said]


def _stir(strangers: dict[str, Rest], foreign: Names) -> None:
    """Let the others do what bob is not to hear of."""
    strangers["alice"].post("messages", to="carol", subject="Private again", body="x")
    strangers["carol"].post(f"handoffs/{foreign['handoff'][0]}/claim")
    strangers["mallory"].post("messages", to="operator", subject="Private elsewhere", body="x")
    strangers["mallory"].post(f"handoffs/{foreign['handoff'][1]}/cancel")
