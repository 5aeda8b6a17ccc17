"""Web pages against loopback, on real servers of both kinds: every kind of route, by what the wire carries."""

import socket
from collections.abc import Iterator
from itertools import product

import pytest

from tests.figures import figure
from tests.live.servers import PATIENCE, Server
from tests.security.test_loopback import browser, link

pytestmark = pytest.mark.slow

ROUTES = {
    "page": "/messages",
    "start page": "/",
    "static": "/static/admin/css/base.css",
    "health": "/healthz",
    "readiness": "/readyz",
    "REST": "/api/v1/whoami",
    "description": "/api/v1/openapi.json",
    "event stream": "/api/v1/events/stream",
    "MCP": "/mcp",
    "admin": "/admin/",
    "login link": "/login/invented",
    "nothing": "/nowhere",
}
SOCKETS = {"agent socket": "/ws/agent", "page socket": "/ws/dashboard", "no socket": "/ws/elsewhere"}
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
FOREIGN_HOSTS = (
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1.evil.example:{port}",
    "localhost.evil.example",
    "localhost.:{port}",
    "127.0.0.1.",
    "user@127.0.0.1:{port}",
    "127.0.0.1:{port}@evil.example",
    "127.0.0.1:port",
    "127.0.0.1:",
    "127.0.0.2:{port}",
    "127.1:{port}",
    "2130706433:{port}",
    "0.0.0.0:{port}",
    "[::1",
    "[::ffff:127.0.0.1]:{port}",
    "[::2]:{port}",
    "",
)
OWN_HOSTS = ("127.0.0.1", "127.0.0.1:{port}", "localhost:{port}", "LOCALHOST", "[::1]:{port}", "localhost:9")
FOREIGN_PAGES = (
    {"Origin": "http://evil.example"},
    {"Origin": "https://127.0.0.1.evil.example:{port}"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://localhost:{port}"},
    {"Origin": "http://127.0.0.1:{port}", "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site"},
)
REFUSED_HOST = (400, 421)


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server of each kind, open to the person at the machine."""
    running = Server(tmp_path_factory.mktemp("hosts") / "home", NEXUS_SERVER=request.param).start()
    yield running
    running.close()


def ask(server: Server, method: str, target: str, headers: dict[str, str], body: str = "") -> tuple[int, str]:
    """Send a request exactly as it is given; return the status and the head of the answer, in small letters."""
    usual = {"Host": "127.0.0.1:{port}", "Connection": "close"} | ({"Content-Length": str(len(body))} if body else {})
    lines = [f"{name}: {value}" for name, value in (usual | headers).items()]
    text = "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", body]).replace("{port}", str(server.port))
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as wire:
        wire.sendall(text.encode())
        answer = b""
        while b"\r\n\r\n" not in answer and (part := wire.recv(65_536)):
            answer += part
    head = answer.partition(b"\r\n\r\n")[0].decode("latin-1").lower()
    assert head, (method, target, headers)
    return int(head.split()[1]), head


def test_a_foreign_host_reaches_no_route_of_any_kind(server: Server) -> None:
    wrong = [
        (method, path, host, status)
        for method, path, host in product(("GET", "POST"), ROUTES.values(), FOREIGN_HOSTS)
        if (status := ask(server, method, path, {"Host": host})[0]) not in REFUSED_HOST
    ]
    assert wrong == []
    opened = [
        (path, host, status)
        for path, host in product(SOCKETS.values(), FOREIGN_HOSTS)
        if (status := ask(server, "GET", path, {"Host": host, **UPGRADE})[0]) not in (*REFUSED_HOST, 403)
    ]
    assert opened == []
    figure(
        "T",
        f"foreign hosts on routes of every kind, on {server.environment['NEXUS_SERVER']}",
        f"{len(FOREIGN_HOSTS)} on {len(ROUTES) + len(SOCKETS)} routes, all refused",
    )


def test_own_names_reach_the_routes_with_any_port(server: Server) -> None:
    wrong = [host for host in OWN_HOSTS if ask(server, "GET", "/healthz", {"Host": host})[0] != 200]
    assert wrong == []


def test_a_foreign_name_in_the_request_line_or_a_second_host_is_refused(server: Server) -> None:
    for path in ROUTES.values():
        foreign = ask(server, "GET", f"http://evil.example{path}", {"Host": "evil.example"})[0]
        twice = ask(server, "GET", path, {"host": "evil.example"})[0]
        assert foreign in REFUSED_HOST, path
        assert twice in REFUSED_HOST, path


def test_a_page_elsewhere_changes_nothing_on_any_route(server: Server) -> None:
    wrong = []
    for path, page in product(ROUTES.values(), FOREIGN_PAGES):
        for media in ("application/json", "application/x-www-form-urlencoded", "text/plain"):
            status, _ = ask(server, "POST", path, {**page, "Content-Type": media}, "{}")
            wrong += [(path, page, media, status)] if status != 403 else []
    assert wrong == []


def test_a_page_elsewhere_reads_nothing_of_the_operator_and_is_never_allowed_to(server: Server) -> None:
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    for path, page in product(ROUTES.values(), FOREIGN_PAGES):
        for method, more in (("GET", {}), ("OPTIONS", preflight)):
            status, head = ask(server, method, path, {**page, **more})
            assert "access-control-" not in head, (method, path, page)
            if path == ROUTES["REST"] and "Sec-Fetch-Site" in page:
                assert status == (403 if method == "GET" else 405), page


def test_a_page_elsewhere_opens_no_socket_and_an_own_page_does(server: Server) -> None:
    opened = [
        (path, page)
        for path, page in product(SOCKETS.values(), FOREIGN_PAGES)
        if ask(server, "GET", path, {**page, **UPGRADE})[0] != 403
    ]
    assert opened == []
    own = {"Origin": "http://127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"}
    assert {ask(server, "GET", path, {**own, **UPGRADE})[0] for path in SOCKETS.values()} == {101}
    figure(
        "T",
        f"foreign pages on routes and sockets, on {server.environment['NEXUS_SERVER']}",
        f"{len(FOREIGN_PAGES)} on {len(ROUTES) + len(SOCKETS)}, none changes or opens anything",
    )


def test_forms_need_their_token_and_cookies_stay_on_this_site(server: Server) -> None:
    person = browser(server)
    entered = person.get(link(server))
    session = next(each for each in entered.headers.get_list("set-cookie") if each.startswith("nexus_session="))
    assert {"HttpOnly", "SameSite=Lax"} <= set(session.split("; "))
    page = person.get("/compose")
    token = next(each for each in page.headers.get_list("set-cookie") if each.startswith("nexus_csrf="))
    assert "SameSite=Strict" in token.split("; ")
    own = {"Origin": server.url}
    for path in ("/compose", "/admin/login/", "/admin/logout/"):
        assert person.post(path, data={"username": "x", "password": "y"}, headers=own).status_code == 403, path
    assert person.get("/admin/").status_code == 200
