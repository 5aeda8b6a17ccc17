"""What `nexus serve` prints and makes."""

import http.client
import json
import stat
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from nexus_site.serving.banner import Found, show
from nexus_site.serving.lock import Running
from tests.serving.processes import Serve, modes, nexus


def test_it_is_healthy_when_it_says_so(server: Serve) -> None:
    with server.open("/healthz") as response:
        assert response.status == 200
        assert json.loads(response.read()) == {"status": "alive"}


def test_it_says_where_everything_is(server: Serve) -> None:
    url = server.said["url"]
    assert server.said["mcp"] == f"{url}/mcp"
    assert server.said["rest"] == f"{url}/api/v1/docs"
    assert server.said["home"] == str(server.home)
    with server.open("/api/v1/docs") as response:
        assert response.status == 200


def test_it_becomes_ready_once_the_cluster_beats(server: Serve) -> None:
    found = server.until("/readyz", 200)
    assert {name: part["ok"] for name, part in found.items() if name != "status"} == {
        "lane": True,
        "tail": True,
        "cluster": True,
        "disk": True,
    }


def test_a_second_serve_finds_the_first(server: Serve) -> None:
    second = nexus(server.home, "serve", "--json")
    assert second.returncode == 0, second.stderr
    said = json.loads(second.stdout)
    assert said["already_running"]
    assert (said["url"], said["pid"]) == (server.said["url"], server.process.pid)
    assert server.said["url"] in nexus(server.home, "serve").stdout


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("open", "open: whoever reaches this machine's loopback is the operator of the dashboard and REST"),
        ("login", "by the link: the dashboard and REST ask who you are, also on this machine"),
    ],
)
def test_it_says_whom_it_takes_for_the_operator(capsys: pytest.CaptureFixture[str], mode: str, said: str) -> None:
    running = Running(1, "http://127.0.0.1:1", "0", "daphne", "now", loopback=mode)
    show(Found(running, "/data", "/login/token"), as_json=False)
    assert f"  Access                {said}\n" in capsys.readouterr().out


def test_it_says_how_to_connect_what_is_installed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("claude", "gemini"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    running = Running(1, "http://127.0.0.1:1", "0", "daphne", "now")
    show(Found(running, "/data", "/login/token"), as_json=False)
    said = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines() if line.startswith("  Connect")]
    assert said == [["Connect", name, f"nexus connect {name}"] for name in ("claude-code", "gemini")]
    show(Found(running, "/data", "/login/token"), as_json=True)
    assert json.loads(capsys.readouterr().out)["harnesses"] == ["claude-code", "gemini"]


@pytest.mark.slow
def test_who_calls_a_second_time_is_told_how_the_first_one_was_started(tmp_path: Path) -> None:
    server = Serve(tmp_path / "home", NEXUS_LOOPBACK="login")
    try:
        assert server.said["loopback"] == "login"
        assert "Access                by the link:" in nexus(server.home, "serve").stdout
    finally:
        server.clear_away()


def test_the_data_is_closed_to_others(server: Serve) -> None:
    server.until("/readyz", 200)
    assert stat.S_IMODE(server.home.stat().st_mode) == 0o700
    assert modes(server.home) <= {"-rw-------", "drwx------"}
    assert (server.home / "operator.key").exists()


def test_the_operator_key_is_the_operators(server: Serve) -> None:
    me = server.ask("/api/v1/whoami", Authorization=f"Bearer {server.key}")
    assert (me["agent"], me["origin"]) == ("operator", "operator")


def test_a_login_link_opens_the_dashboard_and_the_admin_once(server: Serve) -> None:
    link = json.loads(nexus(server.home, "serve", "--json").stdout)["dashboard"]
    path = urlsplit(link).path
    with server.open(path) as response:
        assert (response.status, response.headers["Location"]) == (302, "/")
        cookie = response.headers.get_all("Set-Cookie")
    with server.open(path) as response:
        assert response.status == 410
        assert response.headers.get_all("Set-Cookie") is None
    with server.open("/admin/", Cookie="; ".join(each.partition(";")[0] for each in cookie or [])) as response:
        assert response.status == 200
        assert b"operator" in response.read()


def test_an_invented_login_link_opens_nothing(server: Serve) -> None:
    with server.open("/login/invented") as response:
        assert response.status == 410
        assert response.headers.get_all("Set-Cookie") is None


def test_a_port_that_is_taken_is_named(server: Serve, tmp_path_factory) -> None:
    port = urlsplit(server.said["url"]).port
    assert port is not None
    other = nexus(tmp_path_factory.mktemp("other"), "serve", "--port", str(port))
    assert other.returncode == 3
    assert f"port {port}" in other.stderr
    assert f"--port {port + 1}" in other.stderr


def test_no_token_of_a_login_link_is_kept(server: Serve) -> None:
    token = server.said["dashboard"].rpartition("/")[2].encode()
    assert not [path for path in server.home.rglob("*") if path.is_file() and token in path.read_bytes()]


def test_the_server_keeps_a_connection_open(server: Serve) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.said["url"]).netloc, timeout=10)
    for _ in range(2):
        connection.request("GET", "/healthz")
        assert connection.getresponse().read() == b'{"status": "alive"}'
    connection.close()
