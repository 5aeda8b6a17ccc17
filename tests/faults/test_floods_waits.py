"""Streams and waits that stay open: a key has only so many at once, and others are served meanwhile."""

import socket
from collections.abc import Iterator

import pytest

from tests.faults import wires
from tests.figures import figure
from tests.live.servers import Server

pytestmark = pytest.mark.slow
MOST, ASKED = 6, 20


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def bounded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of each kind that lets a key have few open."""
    home = tmp_path_factory.mktemp("waits") / "home"
    server = Server(home, NEXUS_SERVER=request.param, NEXUS_OPEN_WAITS=str(MOST)).start()
    try:
        yield server
    finally:
        server.close()


def waiting(server: Server, key: str, seconds: int) -> socket.socket:
    """Return a connection that waits for mail."""
    line = f"GET /api/v1/inbox/wait?timeout_seconds={seconds} HTTP/1.1"
    return wires.opened(server.port, wires.head(server.port, line, Authorization=f"Bearer {key}"))


def is_welcome(server: Server, key: str, opened: list[socket.socket]) -> bool:
    """Open a stream and keep it, or say that it was refused."""
    raw = wires.events(server, key)
    if wires.status(raw) != 200:
        raw.close()
        return False
    opened.append(raw)
    return True


def test_a_key_that_opens_too_many_streams_is_told_the_limit_and_when_to_come_again(bounded: Server) -> None:
    noisy, quiet = bounded.agent("noisy"), bounded.agent("quiet")
    opened = [wires.events(bounded, noisy.key) for _ in range(MOST)]
    assert [wires.status(raw) for raw in opened] == [200] * MOST
    for path in ("events/stream", "inbox/wait"):
        for _ in range(ASKED - MOST):
            answer = noisy.http.get(path)
            error = answer.json()["error"]
            assert (answer.status_code, error["code"], error["retry_after"]) == (429, "rate_limited", 1.0)
            assert (error["details"]["limit"], answer.headers["retry-after"]) == (MOST, "1")
    assert noisy.get("whoami")["agent"] == "noisy"
    other = wires.events(bounded, quiet.key)
    assert wires.status(other) == 200
    for raw in [*opened, other]:
        raw.close()
    figure(
        "G15", f"streams and waits asked for by one key that may have {MOST}", "429 with limit and time, to it alone"
    )


def test_who_has_gone_makes_room_again(bounded: Server) -> None:
    coming = bounded.agent("coming")
    opened: list[socket.socket] = []
    for _ in range(3):
        while len(opened) < MOST:
            wires.until(lambda: is_welcome(bounded, coming.key, opened))
        while opened:
            opened.pop().close()


def test_waits_count_until_they_are_answered(bounded: Server) -> None:
    patient = bounded.agent("patient")
    held: list[socket.socket] = []

    def is_full() -> bool:
        """Look with a wait of no time, which takes a place itself for as long as it lasts."""
        return patient.http.get("inbox/wait?timeout_seconds=0").status_code == 429

    def is_filled() -> bool:
        held.append(waiting(bounded, patient.key, 60))
        return is_full()

    wires.until(is_filled)
    bounded.operator().post("messages", to="patient", subject="Here it is", body="")
    answers = [wires.status(raw) for raw in held]
    assert answers.count(200) == MOST
    assert set(answers) <= {200, 429}
    wires.until(lambda: not is_full())
    for raw in held:
        raw.close()
