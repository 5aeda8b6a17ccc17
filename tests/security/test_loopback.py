"""The person at the machine: let in as they are, or after the one-time link where `NEXUS_LOOPBACK=login` says so."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.figures import figure
from tests.live.servers import PATIENCE, Server, play

pytestmark = pytest.mark.slow

PAGES = ("/", "/messages", "/handoffs", "/agents", "/events", "/compose", "/settings")
DATA = ("/live/state", "/live/traffic")
STRANGER = 4401
READS = ("whoami", "agents", "messages", "handoffs", "events")


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def closed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on which the person at the machine logs in too."""
    home = tmp_path_factory.mktemp("closed") / "home"
    running = Server(home, NEXUS_LOOPBACK="login", NEXUS_SERVER=request.param).start()
    yield running
    running.close()


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server as it is without any setting."""
    running = Server(tmp_path_factory.mktemp("open") / "home").start()
    yield running
    running.close()


def link(server: Server) -> str:
    """Return a fresh link, as `nexus serve` prints it while the server runs."""
    shown = server.command("serve", "--json", "--port", str(server.port))
    return str(json.loads(shown.stdout)["dashboard"])


def browser(server: Server) -> httpx2.Client:
    """Return a client that keeps cookies."""
    return server.client(base_url=server.url)


def watch(server: Server, cookie: str = "") -> int:
    """Open the live socket of a page; return the code that it is closed with, 0 when it answers."""
    key = (server.home / "operator.key").read_text().strip()
    operator = server.client(headers={"Authorization": f"Bearer {key}"})
    cursor = operator.get(f"{server.url}/api/v1/events/cursor").json()["cursor"]
    url = f"{server.url.replace('http', 'ws')}/ws/dashboard?view=messages&workspace=all&after={cursor}"

    async def opened() -> int:
        more = {"additional_headers": {"Cookie": cookie} if cookie else {}, "open_timeout": PATIENCE}
        async with connect(url, origin=server.url, proxy=None, **more) as socket:  # type: ignore[arg-type]
            try:
                await socket.recv()
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else 1006
        return 0

    return int(play(opened()))


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_at_the_machine_sees_no_page(closed: Server, page: str) -> None:
    answer = browser(closed).get(page)
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/admin/login/")


@pytest.mark.parametrize("data", DATA)
def test_a_stranger_at_the_machine_gets_no_data_of_the_graph(closed: Server, data: str) -> None:
    assert browser(closed).get(data).status_code == 401


@pytest.mark.parametrize("read", READS)
def test_a_stranger_at_the_machine_reads_nothing_over_rest(closed: Server, read: str) -> None:
    answer = browser(closed).get(f"/api/v1/{read}")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthorized"
    assert "nexus serve" in answer.json()["error"]["hint"]


def test_a_stranger_at_the_machine_enrols_no_agent_and_hears_nothing(closed: Server) -> None:
    refused = browser(closed).post("/api/v1/agents", json={"name": "intruder"})
    assert refused.status_code == 401
    assert watch(closed) == STRANGER


def test_the_link_lets_the_person_in_once_and_for_everything(closed: Server) -> None:
    person, url = browser(closed), link(closed)
    entered = person.get(url)
    assert (entered.status_code, entered.headers["location"]) == (302, "/")
    assert {person.get(page).status_code for page in (*PAGES, *DATA)} == {200}
    assert {person.get(f"/api/v1/{read}").status_code for read in READS} == {200}
    cookie = "; ".join(f"{each.name}={each.value}" for each in person.cookies.jar)
    assert watch(closed, cookie) == 0
    assert browser(closed).get(url).status_code == 410
    figure(
        "T",
        "pages and reads closed to strangers with NEXUS_LOOPBACK=login, open after the link",
        f"{len(PAGES + DATA + READS)}",
    )


def test_a_write_of_the_person_needs_the_token_of_the_page(closed: Server) -> None:
    person = browser(closed)
    person.get(link(closed))
    person.get("/compose")
    body = {"name": "helper", "project_root": str(closed.project)}
    headers = {"Origin": closed.url}
    assert person.post("/api/v1/agents", json=body, headers=headers).status_code == 403
    headers["X-CSRFToken"] = person.cookies["nexus_csrf"]
    assert person.post("/api/v1/agents", json=body, headers=headers).status_code == 201


def test_keys_and_the_command_line_work_as_ever(closed: Server) -> None:
    added = closed.command("agent", "add", f"worker-{closed.environment['NEXUS_SERVER']}", "--json")
    assert added.returncode == 0, added.stderr
    key = json.loads(added.stdout)["key"]
    answer = closed.client(headers={"Authorization": f"Bearer {key}"}).get(f"{closed.url}/api/v1/whoami")
    assert answer.json()["agent"].startswith("worker-")


def test_health_is_open_to_all(closed: Server) -> None:
    assert browser(closed).get("/healthz").status_code == 200


def test_without_a_setting_the_person_at_the_machine_is_let_in_and_no_page_elsewhere(open_server: Server) -> None:
    person = browser(open_server)
    assert {person.get(page).status_code for page in (*PAGES, *DATA)} == {200}
    assert person.get("/api/v1/whoami").json()["origin"] == "operator"
    assert watch(open_server) == 0
    elsewhere = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert person.get("/api/v1/agents", headers=elsewhere).status_code == 403
    body = {"name": "intruder", "project_root": str(open_server.project)}
    assert person.post("/api/v1/agents", json=body, headers=elsewhere).status_code == 403


def test_a_wrong_value_stops_the_start(tmp_path: Path) -> None:
    refused = Server(tmp_path / "home", NEXUS_LOOPBACK="maybe").command("serve")
    assert refused.returncode == 2
    assert "NEXUS_LOOPBACK must be one of open, login, not 'maybe'." in refused.stderr
