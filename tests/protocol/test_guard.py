"""What every request must be before any route sees it."""

from io import BytesIO

import pytest
from daphne.http_protocol import WebRequest

from bus.writer import WriterLane
from nexus_site import asgi
from nexus_site.guard import LIMIT
from tests.protocol.wires import HOST, Wire, call, wire

ROUTES = ["/", "/mcp", "/mcp/", "/api/v1/whoami", "/static/missing.css", "/healthz", "/register", "/nowhere"]
FOREIGN = [None, "", "evil.example", "evil.example:8642", "127.0.0.1.evil.example", "localhost.", "127.0.0.1:x", "[::1"]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("host", FOREIGN)
async def test_foreign_host_is_refused_on_every_route(surface, route, host):
    reply = await wire("GET", route, {"host": host}).run()
    assert reply.status == 421
    assert reply.error["code"] == "wrong_host"
    assert reply.error["hint"]


@pytest.mark.parametrize("route", ROUTES)
async def test_forwarding_header_does_not_mend_a_foreign_host(surface, route):
    headers = {"host": "evil.example", "x-forwarded-host": HOST, "forwarded": f"host={HOST}"}
    assert (await wire("GET", route, headers).run()).status == 421


async def test_second_host_is_refused(surface):
    request = wire("GET", "/healthz")
    request.scope["headers"].append((b"host", HOST.encode()))
    assert (await request.run()).error["code"] == "wrong_host"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:9", "LOCALHOST:8642", "[::1]:8642"])
async def test_any_port_of_this_machine_is_ours(surface, host):
    assert (await wire("GET", "/mcp", {"host": host}).run()).status == 401


@pytest.mark.parametrize("route", ["/mcp", "/api/v1/messages", "/nowhere"])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": f"http://{HOST}", "sec-fetch-site": "cross-site"},
    ],
)
async def test_write_from_another_origin_is_refused(surface, route, headers):
    reply = await wire("POST", route, headers, {}).run()
    assert reply.status == 403
    assert reply.error["code"] == "wrong_origin"


async def test_stream_for_another_origin_is_refused(surface):
    reply = await wire("GET", "/mcp", {"origin": "http://evil.example"}).run()
    assert (reply.status, reply.error["code"]) == (403, "wrong_origin")


async def test_own_page_may_write(surface):
    reply = await wire("POST", "/mcp", {"origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}, {}).run()
    assert reply.status == 401


@pytest.mark.parametrize("route", ["/mcp", "/api/v1/messages"])
@pytest.mark.parametrize("media", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_what_a_form_could_send_is_refused(surface, route, media):
    reply = await wire("POST", route, {"content-type": media}, b"{}").run()
    assert (reply.status, reply.error["code"]) == (415, "unsupported_media")


@pytest.mark.parametrize("route", ROUTES)
async def test_compressed_request_is_refused(surface, route):
    reply = await wire("POST", route, {"content-encoding": "gzip"}, b"{}").run()
    assert (reply.status, reply.error["code"]) == (415, "unsupported_media")


@pytest.mark.parametrize("route", ROUTES)
async def test_declared_size_over_the_limit_is_refused_unread(surface, route):
    request = wire("POST", route, {"content-length": str(LIMIT + 1)}, b"{}")
    reply = await request.run()
    assert (reply.status, reply.error["code"]) == (413, "too_large")
    assert reply.error["details"] == {"limit": LIMIT}
    assert request.taken == 0


@pytest.mark.parametrize("route", ROUTES)
async def test_endless_body_is_read_up_to_the_limit_only(surface, route):
    request = wire("POST", route, {"content-length": None, "transfer-encoding": "chunked"}, b"")
    request.chunks = [b"x" * 65_536] * 1000
    reply = await request.run()
    assert (reply.status, reply.error["code"]) == (413, "too_large")
    assert request.taken == LIMIT // 65_536 + 1


def test_daphne_keeps_no_more_of_a_flood_than_it_takes_to_refuse_it():
    request = WebRequest.__new__(WebRequest)
    request.content = BytesIO()
    for _ in range(100):
        request.handleContentChunk(b"x" * 65_536)
    assert request.content.tell() == LIMIT + 1


async def test_body_of_a_get_counts_too(surface):
    request = wire("GET", "/healthz", {"transfer-encoding": "chunked"}, b"")
    request.chunks = [b"x" * 65_536] * 1000
    assert (await request.run()).status == 413


async def test_body_of_exactly_the_limit_passes(surface, alice, connect):
    agent = await connect("alice")
    body = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
    assert (await agent.post(body + b" " * (LIMIT - len(body)))).result == {}


async def test_client_that_goes_away_while_sending_gets_nothing(surface):
    request = wire("POST", "/mcp", {"content-length": "50"}, b"")
    request.chunks = []
    request.gone.set()
    assert (await request.run()).status == 0


async def test_no_answer_allows_another_origin(surface):
    preflight = {"origin": "http://evil.example", "access-control-request-method": "POST"}
    for method, route, headers in (("OPTIONS", "/mcp", preflight), ("OPTIONS", "/", preflight), ("GET", "/", {})):
        reply = await wire(method, route, headers).run()
        assert not [name for name in reply.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/mcp/.well-known/openid-configuration",
        "/register",
        "/authorize",
        "/token",
    ],
)
async def test_looking_for_oauth_finds_a_plain_404(surface, path):
    reply = await wire("GET", path).run()
    assert (reply.status, reply.json["error"]["code"]) == (404, "not_found")
    assert reply.headers["content-type"] == "application/json"


class Socket(Wire):
    """A WebSocket on its way through the application."""

    def __init__(self, headers: dict[str, str | None], path: str = "/ws/agent") -> None:
        super().__init__({**wire("GET", path, headers).scope, "type": "websocket", "subprotocols": []}, [])
        del self.scope["method"]
        self.sent: list[dict[str, object]] = []

    async def receive(self):
        return {"type": "websocket.connect"}

    async def send(self, message):
        self.sent.append(message)


@pytest.mark.parametrize(
    "headers", [{"host": "evil.example"}, {"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}]
)
async def test_socket_of_a_foreign_host_or_page_is_never_accepted(surface, headers):
    socket = Socket(headers)
    await socket.run()
    assert [message["type"] for message in socket.sent] == ["websocket.close"]


async def test_unknown_socket_is_told_so(surface):
    socket = Socket({}, "/ws/nowhere")
    await socket.run()
    assert socket.sent[-1]["code"] == 4404


async def test_lifespan_starts_and_stops_with_the_web_server(committed, monkeypatch):
    monkeypatch.setattr(asgi, "lane", WriterLane())  # the tests that follow need the one of this process
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive():
        if len(messages) == 1:
            assert asgi.tail.is_running
            assert asgi.transport.is_running
        return messages.pop(0)

    async def send(message):
        sent.append(message["type"])

    await asgi.application({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert not asgi.tail.is_running
    assert not asgi.transport.is_running
    assert not asgi.lane.is_alive


async def test_header_of_a_proxy_cannot_move_the_root(surface):
    request = wire("POST", "/mcp", {}, call("whoami"))
    request.scope["root_path"] = "/elsewhere"
    assert (await request.run()).status == 401
    assert request.scope["root_path"] == ""
