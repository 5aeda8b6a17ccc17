"""A stream over real connections: at once, exact across a restart, and over when the server is."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.live.servers import PATIENCE, Server

pytestmark = pytest.mark.slow

NOTE = {"to": "bob", "subject": "Hello", "body": "There"}
Connect = Callable[[str], httpx2.Client]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path / "home").start()
    yield running
    if running.process is not None and running.process.poll() is None:
        running.kill()


@pytest.fixture
def connect(server: Server) -> Iterator[Connect]:
    """Return a function that enrols an agent and gives its client."""
    with contextlib.ExitStack() as opened:

        def client(**headers: str) -> httpx2.Client:
            made = httpx2.Client(base_url=f"{server.url}/api/v1/", headers=headers, timeout=PATIENCE)
            return opened.enter_context(made)

        def connect(name: str) -> httpx2.Client:
            created = client().post("agents", json={"name": name, "project_root": str(server.project)})
            return client(Authorization=f"Bearer {created.json()['key']}")

        yield connect


def send(alice: httpx2.Client) -> str:
    return str(alice.post("messages", json=NOTE).json()["message"])


@contextlib.contextmanager
def reading(agent: httpx2.Client, query: str = "", **headers: str) -> Iterator[Iterator[str]]:
    """Open a stream and give its lines."""
    with agent.stream("GET", f"events/stream{query}", headers=headers) as response:
        assert response.status_code == 200
        yield response.iter_lines()


def events(lines: Iterator[str], count: int) -> list[dict]:
    """Return the data of the next events."""
    found: list[dict] = []
    for line in lines:
        if line.startswith("data: "):
            found.append(json.loads(line.removeprefix("data: ")))
        if len(found) == count:
            break
    return found


def test_stream_resumes_exactly_after_a_restart(server: Server, connect: Connect) -> None:
    alice, bob = connect("alice"), connect("bob")
    start = bob.get("events/cursor").json()["cursor"]
    sent = [send(alice) for _ in range(5)]
    with reading(bob, "?types=message.created", **{"Last-Event-ID": start}) as lines:
        before = events(lines, 3)
    server.kill()
    server.start()
    sent += [send(alice) for _ in range(3)]
    with reading(bob, "?types=message.created", **{"Last-Event-ID": before[-1]["cursor"]}) as lines:
        after = events(lines, 5)
    assert [event["message"] for event in before + after] == sent


def test_first_byte_comes_at_once(connect: Connect) -> None:
    bob = connect("bob")
    waits = []
    for _ in range(9):
        started = time.perf_counter()
        with reading(bob) as lines:
            assert next(lines) == ": nexus"
            waits.append(time.perf_counter() - started)
    assert sorted(waits)[4] < 1


def test_stopping_server_ends_open_streams_in_time(server: Server, connect: Connect) -> None:
    bob = connect("bob")
    with reading(bob) as lines, reading(bob) as others:
        assert next(lines) == next(others) == ": nexus"
        started = time.monotonic()
        assert server.stop() == 0
        took = time.monotonic() - started
        with contextlib.suppress(httpx2.TransportError):
            assert not [line for line in lines if line.startswith("event")]
    assert took < 10
