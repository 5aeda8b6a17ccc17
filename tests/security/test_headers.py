"""The headers that keep a browser careful, on every kind of answer of every route, generated from the list of URLs."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User

from nexus_site import asgi
from nexus_site.cookies import SessionStore
from nexus_site.guard import LIMIT
from tests.figures import figure
from tests.live.servers import Server
from tests.protocol.wires import META, MODERN, Wire, call, rpc, wire
from tests.routes import filled, routes
from tests.security.test_hosts import SOCKETS, ask

PATIENCE = 30
REFERRERS = {"same-origin", "no-referrer"}
# What is no route of Django: files, MCP, what clients look for in vain, and nothing at all.
OTHERS = (
    *("/static/nexus.css", "/static/icons.svg", "/static/admin/css/base.css", "/static/missing.css", "/static/"),
    *("/mcp", "/mcp/", "/register", "/token", "/.well-known/oauth-protected-resource", "/nowhere", "/api/v9/nothing"),
)
FOREIGN = {"origin": "http://evil.example"}
PREFLIGHT = {"access-control-request-method": "POST", **FOREIGN}
REFUSED: dict[str, dict[str, str | None]] = {
    "foreign host": {"host": "evil.example"},
    "foreign page": FOREIGN,
    "compressed": {"content-encoding": "gzip"},
    "a form": {"content-type": "text/plain"},
    "too large": {"content-length": str(LIMIT + 1)},
}


def paths() -> list[str]:
    """Return every path there is, what waits not waiting."""
    found = {filled(route) for route in routes()} | set(OTHERS)
    return sorted(f"{path}?timeout_seconds=0" if path.endswith("/wait") else path for path in found)


PATHS = paths()


class Heard(Wire):
    """A request of which only the head of the answer matters; its client leaves when that is there, unless it stays."""

    head: list[tuple[str, str]]
    stays = False

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "http.response.start":
            self.head = [(name.decode().lower(), value.decode("latin-1")) for name, value in message["headers"]]
        if not self.stays:
            self.gone.set()

    async def heard(self) -> "Heard":
        await asyncio.wait_for(self.run(asgi.application), PATIENCE)
        return self


async def head(
    method: str, path: str, headers: dict[str, str | None] | None = None, body: Any = None, *, stays: bool = False
) -> Heard:
    sent = wire(method, path, headers, body)
    request = Heard(sent.scope, sent.chunks)
    request.stays = stays
    return await request.heard()


def faults(answer: Heard) -> Iterator[str]:
    """Yield what is wrong with the head of an answer."""
    counted, said = Counter(name for name, _ in answer.head), dict(answer.head)
    yield from (f"{name} twice" for name, number in counted.items() if number > 1 and name != "set-cookie")
    policy = said.get("content-security-policy", "")
    expected = {
        "default-src 'none'": policy,
        "frame-ancestors 'none'": policy,
        "base-uri 'none'": policy,
        "nosniff": said.get("x-content-type-options"),
        "DENY": said.get("x-frame-options"),
        "same-origin": said.get("cross-origin-opener-policy"),
    }
    yield from (f"no {part}" for part, text in expected.items() if not text or part not in text)
    yield from (f"{part} in the policy" for part in ("unsafe", "data:", "http", "*") if part in policy)
    if said.get("cross-origin-resource-policy") != "same-origin":
        yield "readable from elsewhere"
    if said.get("referrer-policy") not in REFERRERS:
        yield "referrer"
    yield from (f"says {name}" for name in said if name.startswith("access-control-") or name in ("server", "via"))


async def wrong(requests: Any) -> tuple[list[Any], Counter[int]]:
    """Send requests; return those whose answers lack something, and how many there were of each status."""
    found, statuses = [], Counter[int]()
    for method, path, headers in requests:
        answer = await head(method, path, headers)
        statuses[answer.reply.status] += 1
        if missing := list(faults(answer)):
            found.append((method, path, answer.reply.status, missing))
    return found, statuses


def report(kind: str, statuses: Counter[int]) -> None:
    shown = ", ".join(f"{status}: {number}" for status, number in sorted(statuses.items()))
    figure("T", f"answers with every protective header, {kind}", f"{statuses.total()} ({shown})")


@pytest.fixture
async def person(surface: None, operator: Any) -> str:
    """The cookie of a superuser who has logged in."""

    def enter() -> str:
        user = User.objects.create_superuser("dana")
        session = SessionStore()
        session["_auth_user_id"] = str(user.pk)
        session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
        session["_auth_user_hash"] = user.get_session_auth_hash()
        session.create()
        return f"nexus_session={session.session_key}"

    cookie: str = await sync_to_async(enter)()
    return cookie


async def test_every_route_says_them_to_whoever_asks(person: str) -> None:
    ways = (("GET", person), ("GET", None), ("HEAD", None))
    asked = [(method, path, {"cookie": cookie}) for path, (method, cookie) in product(PATHS, ways)]
    found, statuses = await wrong(asked)
    assert found == []
    assert statuses[200] > 120
    assert {302, 401, 404, 405} <= set(statuses)
    report("pages, files, REST and MCP", statuses)


async def test_every_refusal_says_them(person: str) -> None:
    asked = [("POST", path, headers) for path, headers in product(PATHS, (FOREIGN, {"host": "evil.example"}))]
    asked += [(method, path, headers) for path in (*OTHERS, "/", "/api/v1/whoami") for method, headers in CASES]
    found, statuses = await wrong(asked)
    assert found == []
    assert {400, 403, 404, 405, 413, 415, 421} - {400} <= set(statuses)
    report("refusals", statuses)


CASES = [("POST", headers) for headers in REFUSED.values()] + [
    ("OPTIONS", PREFLIGHT),
    ("PATCH", {}),
    ("DELETE", {}),
    ("POST", {"authorization": "Bearer nxs_wrong_key"}),
]


async def test_mcp_says_them_in_both_eras_and_on_streams(surface: None, alice: Any, keys: dict[str, str]) -> None:
    known: dict[str, str | None] = {"authorization": f"Bearer {keys['alice']}"}
    info = {"name": "codex", "version": "1"}
    opening = rpc("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info})
    opened = await head("POST", "/mcp", known, opening, stays=True)  # who leaves sooner may have no session
    session = known | {"mcp-session-id": dict(opened.head)["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}
    modern = known | {"mcp-protocol-version": MODERN, "mcp-method": "tools/list"}
    answers = [
        opened,
        await head("POST", "/mcp", session, call("whoami")),
        await head("POST", "/mcp", session, rpc("no/such")),
        await head("GET", "/mcp", session),
        await head("POST", "/mcp", modern, rpc("tools/list", {"_meta": META})),
        await head("POST", "/mcp", modern, rpc("nothing", {"_meta": META})),
        await head("POST", "/api/v1/mcp", known, call("whoami")),
        await head("GET", "/api/v1/events/stream", known),
        await head("DELETE", "/mcp", session),
    ]
    assert [list(faults(answer)) for answer in answers] == [[]] * len(answers)
    kinds = Counter(dict(answer.head)["content-type"].partition(";")[0] for answer in answers if answer.reply.body)
    assert kinds["text/event-stream"] >= 2


async def test_a_page_runs_own_scripts_only_and_everything_else_runs_none(person: str) -> None:
    loose = []
    for path in PATHS:
        answer = await head("GET", path, {"cookie": person})
        said = dict(answer.head)
        is_page = said.get("content-type", "").startswith("text/html") and answer.reply.status != 404
        allowed = dict(part.split(" ", 1) for part in said["content-security-policy"].split("; "))
        scripts = set(allowed.get("script-src", "").split())
        if not scripts <= {"'self'"} | {word for word in scripts if re.fullmatch(r"'nonce-[\w+/=]{16,}'", word)}:
            loose.append((path, scripts))
        if not is_page and scripts and answer.reply.status == 200 and path.startswith(("/static/", "/api/", "/mcp")):
            loose.append((path, "is no page"))
    assert loose == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
def test_real_servers_pass_them_on(tmp_path_factory: pytest.TempPathFactory, kind: str) -> None:
    server = Server(tmp_path_factory.mktemp("headers") / "home", NEXUS_SERVER=kind).start()
    try:
        shown = [("GET", path, {}) for path in ("/", "/healthz", "/admin/", "/api/v1/docs", *OTHERS)]
        refused = [("POST", "/", FOREIGN), ("GET", "/", {"Host": "evil.example"}), ("GET", SOCKETS["agent socket"], {})]
        for method, path, headers in shown + refused:
            said = ask(server, method, path, headers)[1]
            lines = [line.partition(":")[0] for line in said.splitlines()]
            for name in ("content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy"):
                assert lines.count(name) == 1, (method, path, headers, said)
            assert lines.count("cross-origin-opener-policy") == 1, (method, path)
            assert not {"server", "x-powered-by"} & set(lines), (method, path, said)
    finally:
        server.close()
