"""A story of secrets: each is made, used, sent to the wrong place and ended on every way there is, and what is said is kept."""

import base64
import json
import re
from typing import Any

import httpx2
from django.contrib import admin
from websockets.sync.client import connect as dial

from bus import door
from tests.live.servers import PATIENCE, Rest, Server, mcp_tools, play
from tests.live.sockets import frames
from tests.live.test_sessions import McpSession, rpc
from tests.routes import filled, routes
from tests.security.test_loopback import link

__all__ = ["CHAPTERS", "OWN_FILES", "Story", "marks"]

REPORTS = (
    *("doctor", "doctor --json", "status", "verify", "agent list", "agent key list rest", "backup --list"),
    *("tail -n 200 --no-follow", "tail -n 200 --no-follow --json"),
)
OWN_FILES = {"operator": "operator.key", "installation": "secret"}
SHOWN_AT = re.compile(r"nxs_[0-9a-z]{10}_[0-9a-f]{64}")


class Story:
    """Everything that has a secret, used on every way there is, and everything that was said about it."""

    def __init__(self, server: Server) -> None:
        """Begin with what the installation itself keeps."""
        self.server = server
        self.person = server.client(base_url=server.url, headers={"Origin": server.url})
        self.secrets: dict[str, str] = {}
        self.said: list[tuple[str, str]] = []
        for name, file in OWN_FILES.items():
            self.keep(name, (server.home / file).read_text().strip())

    def keep(self, name: str, secret: str) -> str:
        """Remember a secret that was just shown, as it should be, and return it."""
        assert len(secret) > 20, name
        self.secrets[name] = secret
        return secret

    def note(self, about: str, text: str) -> None:
        """Remember what was answered."""
        self.said.append((about, text))

    def told(self, about: str, answer: httpx2.Response) -> httpx2.Response:
        """Remember the whole of an answer."""
        self.note(about, f"{answer.status_code} {answer.headers} {answer.text}")
        return answer


def marks(name: str, secret: str) -> list[str]:
    """Return what gives a secret away: its secret part, plain and as some headers carry it."""
    part = secret.rsplit("_", 1)[1] if secret.startswith("nxs_") else secret
    raw = [base64.b64encode(text.encode()).decode().rstrip("=") for text in (secret, f"{name}:{secret}")]
    return [part, part[:32], *raw]


def mint(story: Story) -> None:
    """Make keys over REST, MCP, a socket and the command line; repeat one order."""
    server = story.server
    order = {"name": "rest", "project_root": str(server.project), "idempotency_key": "once"}
    story.keep("rest", server.operator().post("agents", **order)["key"])
    story.note("the same order again", str(server.operator().post("agents", **order)))
    operator = (server.home / "operator.key").read_text().strip()

    async def minted() -> None:
        async with mcp_tools(server, operator, query="?toolsets=all") as tool, frames(server, operator) as frame:
            for name, call in (("mcp", tool), ("websocket", frame)):
                wanted = {"agent": "rest", "label": name, "idempotency_key": f"{name}-1"}
                story.keep(name, (await call("key_mint", **wanted))["key"])
                story.note(f"{name} again", str(await call("key_mint", **wanted)))

    play(minted())
    added = server.command("agent", "key", "mint", "rest", "--label", "cli", "--json")
    story.keep("cli", json.loads(added.stdout)["key"])


def enter(story: Story) -> None:
    """Use a login link, and keep what the browser keeps; the link is dead then."""
    server = story.server
    person = story.person
    url = link(server)
    token = story.keep("link", url.rsplit("/", 1)[1])
    entered = person.get(url)
    assert entered.status_code == 302
    assert token not in str(entered.headers)
    for again in (url, f"{url}x", f"{server.url}/login/{'x' * 43}"):
        story.told("a link again", person.get(again))
    person.get("/compose")
    story.keep("login", person.cookies["nexus_session"])
    story.keep("csrf", person.cookies["nexus_csrf"])


def by_hand(story: Story) -> None:
    """Make keys in the dashboard and in the admin."""
    person = story.person
    token = {"X-CSRFToken": person.cookies["nexus_csrf"]}
    made = person.post(
        "/agents/rest/keys", data={"agent": "rest", "label": "hand", "idempotency_key": "hand-1"}, headers=token
    )
    (text,) = set(SHOWN_AT.findall(made.text))
    story.keep("dashboard", text)
    again = {"agent": "rest", "label": "hand", "idempotency_key": "hand-1"}
    story.told("the form again", person.post("/agents/rest/keys", data=again, headers=token))
    form = {"agent": "rest", "label": "admin", "scope": "agent", "once": "abc"}
    made = person.post("/admin/bus/key/mint/", data=form, headers=token)
    (text,) = set(SHOWN_AT.findall(made.text))
    story.keep("admin", text)
    story.told("the admin's form again", person.post("/admin/bus/key/mint/", data=form, headers=token))


def use(story: Story) -> None:
    """Call with every key on every surface."""
    server = story.server
    for name in ("rest", "mcp", "websocket", "cli", "dashboard", "admin"):
        agent, key = Rest(server, story.secrets[name]), story.secrets[name]
        story.told(name, agent.http.get("whoami"))
        story.told(name, agent.http.post("messages", json={"to": "operator", "subject": "Hello", "body": "x"}))
        story.told(name, agent.http.post("mcp", json=rpc("tools/call", name="whoami", arguments={})))
        session = McpSession(server, key)
        story.note(name, str(session.whoami()))
        socket(story, {"Authorization": f"Bearer {key}"}, None)
        socket(story, {}, {"type": "hello", "key": key})
        with agent.http.stream("GET", "events/stream") as stream:
            story.note(name, next(stream.iter_raw()).decode())
    assert "agent" in server.command("call", "whoami", "--key", story.secrets["cli"]).stdout


def socket(story: Story, headers: dict[str, str], first: Any) -> None:
    """Open a socket, say something, and keep what is said back."""
    url = f"{story.server.url.replace('http', 'ws')}/ws/agent"
    with dial(url, additional_headers=headers, proxy=None, open_timeout=PATIENCE) as wire:
        if first is not None:
            wire.send(first if isinstance(first, str) else json.dumps(first))
        story.note("socket", str(wire.recv(timeout=PATIENCE)))


def guess(story: Story) -> None:
    """Send keys that are nearly right, and right ones in another way."""
    server, key = story.server, story.secrets["rest"]
    for wrong in (f"{key}x", key[:-1], key.upper(), f"nxs_{'0' * 10}_{key.rsplit('_', 1)[1]}", key.replace("nxs_", "")):
        header = {"Authorization": f"Bearer {wrong}"}
        for method, path in (("GET", "/api/v1/whoami"), ("POST", "/mcp"), ("POST", "/api/v1/mcp"), ("GET", "/")):
            story.told("wrong key", server.client(headers=header).request(method, server.url + path, json=rpc("ping")))
        socket(story, header, None)
        socket(story, {}, {"type": "hello", "key": wrong})
    basic = base64.b64encode(f"rest:{key}".encode()).decode()
    for header in ({"Authorization": f"Basic {basic}"}, {"Authorization": key}, {"Authorization": f"Token {key}"}):
        story.told("wrong header", server.client(headers=header).get(f"{server.url}/api/v1/whoami"))


def mislay(story: Story) -> None:
    """Send a right key where it does not belong."""
    server, key = story.server, story.secrets["rest"]
    operator, agent = server.operator(), Rest(server, key)
    story.told("session", agent.http.get("whoami", headers={"Nexus-Session": key}))
    story.told("workspace", agent.http.get("whoami", params={"workspace": key}))
    story.told("body", agent.http.post("messages", json={"to": "operator", "subject": "x", "body": "x", "key": key}))
    story.told("to", agent.http.post("messages", json={"to": key[:64], "subject": "x", "body": "x"}))
    story.told("whole key", operator.http.post("agents/rest/keys", json={"agent": "rest", "workspaces": [key]}))
    story.told(
        "not JSON",
        agent.http.post("messages", content=f'{{"key": "{key}"', headers={"Content-Type": "application/json"}),
    )
    for hello in ({"type": "hello", "key": [key]}, {"type": "hello", "token": key}, key, {"type": key, "key": key}):
        socket(story, {}, hello)


def mistake(story: Story) -> None:
    """Send a right key as every field, and in the place of every name."""
    server, key = story.server, story.secrets["rest"]
    agent = Rest(server, key)
    for name, entry in door.published().items():
        for field in entry.order.model_fields:
            nonsense = rpc("tools/call", name=name, arguments={field: key, key: key})
            story.told(name, agent.http.post("mcp", json=nonsense))
    for path in ("messages/{}", "messages/{}/status", "handoffs/{}", "agents/{}", "conversations/{}", "help?about={}"):
        story.told(path, agent.http.get(path.format(key[:64])))
    for query in (
        "messages?cursor={}",
        "messages?peer={}",
        "events?after={}",
        "events/stream?after={}",
        "sessions?agent={}",
    ):
        story.told(query, agent.http.get(query.format(key[:64])))
    story.told("ack", agent.http.post("inbox/ack", json={"messages": [key[:64]]}))
    for path in ("resources/read", "resources/subscribe", "prompts/get", key):
        story.told(path, agent.http.post("mcp", json=rpc(path, uri=f"nexus://message/{key}", name=key)))
    said = server.command("agent", "key", "revoke", "rest", key[:40])
    story.note("a command", said.stdout + said.stderr)


def revoke(story: Story) -> None:
    """End keys in every way, and use them once more."""
    server = story.server
    for name in ("rest", "mcp", "websocket"):
        prefix = story.secrets[name].split("_")[1]
        story.told("revoked", server.operator().http.delete(f"agents/rest/keys/{prefix}"))
        story.told("dead", Rest(server, story.secrets[name]).http.get("whoami"))
    prefix = story.secrets["cli"].split("_")[1]
    story.note("a command", server.command("agent", "key", "revoke", "rest", prefix).stdout)
    story.told("archived", server.operator().http.post("agents/rest/archive", json={}))


def look_around(story: Story) -> None:
    """Look at every page, export, list and report there is, and make a backup."""
    server, person = story.server, story.person
    assert server.operator().post("backups")["bytes"] > 0
    for route in routes():
        if not route.startswith(("admin/logout", "login/", "api/v1/events/stream")) and "(?" not in route:
            path = filled(route, name="rest", agent="rest", object_id="1")
            story.told(path, person.get(path, params={"timeout_seconds": "0"} if path.endswith("/wait") else {}))
    for form in ("jsonl", "csv"):
        story.told("events", person.get("/events/export", params={"format": form, "workspace": "all"}))
        for model in admin.site._registry:
            chosen = {"action": f"export_{form}", "select_across": "1", "_selected_action": "1", "index": "0"}
            url = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
            story.told(url, person.post(url, data=chosen, headers={"X-CSRFToken": person.cookies["nexus_csrf"]}))
    if server.environment["NEXUS_SERVER"] == "daphne":  # they are the same beside the other
        for words in REPORTS:
            ended = server.command(*words.split())
            story.note(words, ended.stdout + ended.stderr)


CHAPTERS = (mint, enter, by_hand, use, guess, mislay, mistake, revoke, look_around)
