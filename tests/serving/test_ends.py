"""How a server ends, is killed, and comes back."""

import json
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.serving.processes import Serve, Watch, django, nexus

pytestmark = pytest.mark.slow
Start = Callable[..., Serve]


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
def test_sigterm_ends_it_quickly_with_streams_and_waits_open(serve: Start, server: str) -> None:
    running = serve("--server", server)
    waiting = HTTPConnection(urlsplit(running.said["url"]).netloc, timeout=30)
    with running.open("/api/v1/events/stream") as stream, closing(waiting):
        assert stream.readline().startswith(b":")
        waiting.request("GET", "/api/v1/inbox/wait?timeout_seconds=120")
        running.ask("/api/v1/whoami")
        watch = Watch(running.family())
        began = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - began < 10
        assert watch.all_end()
        assert b"retry" in stream.read()
        with waiting.getresponse() as response:
            assert json.loads(response.read())["messages"] == []


def test_ctrl_c_ends_it(serve: Start) -> None:
    running = serve()
    os.killpg(running.process.pid, signal.SIGINT)
    assert running.process.wait(30) == 0
    assert "Traceback" not in running.log.read_text()


def test_the_children_of_a_killed_supervisor_end(serve: Start) -> None:
    running = serve()
    running.until("/readyz", 200)
    family = running.family()
    assert len(family) >= 3
    watch = Watch(family)
    running.process.kill()
    assert watch.all_end()


def test_a_killed_server_leaves_nothing_in_the_way_of_the_next(serve: Start) -> None:
    first = serve()
    first.process.kill()
    second = serve()
    assert second.said["already_running"] is False
    assert second.key == first.key


def test_a_killed_web_server_comes_back_on_its_port(serve: Start) -> None:
    running = serve()
    web = running.family()[1]
    watch = Watch([web])
    os.kill(web, signal.SIGKILL)
    assert watch.all_end()
    assert running.until("/healthz", 200) == {"status": "alive"}
    assert "The web server ended unexpectedly (signal SIGKILL)" in running.log.read_text()


def test_a_killed_guard_takes_its_workers_along_and_comes_back(serve: Start) -> None:
    running = serve()
    running.until("/readyz", 200)
    known = set(running.family())
    guard = next(pid for pid in running.family()[1:] if b"cluster" in Path(f"/proc/{pid}/cmdline").read_bytes())
    watch = Watch([pid for pid in known if b"cluster" in Path(f"/proc/{pid}/cmdline").read_bytes()])
    (running.home / "cluster.heartbeat").unlink()
    os.kill(guard, signal.SIGKILL)
    assert watch.all_end()
    running.until("/readyz", 200)
    assert set(running.family()) - known


def test_what_was_answered_before_sigterm_is_kept(serve: Start, tmp_path: Path) -> None:
    running = serve()
    running.ask("/api/v1/agents", {"name": "alice", "project_root": str(tmp_path)})
    answered: list[str] = []
    enough = threading.Event()

    def send() -> None:
        try:
            while True:
                answer = running.ask("/api/v1/messages", {"to": "alice", "subject": "Hello", "body": ""})
                answered.append(answer["message"])
                if len(answered) > 50:
                    enough.set()
        except (OSError, HTTPException, ValueError, KeyError):
            return  # the server has stopped

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    assert enough.wait(60)
    assert running.stop() == 0
    for sender in senders:
        sender.join(30)
    with closing(sqlite3.connect(running.home / "nexus.sqlite3")) as raw:
        kept = {public_id for (public_id,) in raw.execute("SELECT public_id FROM bus_message")}
    assert set(answered) <= kept


def test_a_stopped_server_is_seen_as_stopped(serve: Start) -> None:
    running = serve()
    assert running.stop() == 0
    status = nexus(running.home, "status")
    assert status.returncode == 3
    assert "No server runs" in status.stdout


def test_a_long_task_does_not_hold_up_the_end(serve: Start) -> None:
    running = serve()
    running.until("/readyz", 200)
    django(running.home, "from django_q.tasks import async_task; async_task('time.sleep', 300)")
    end = time.monotonic() + 30
    while not _queued(running.home, "lock > datetime('now')") and time.monotonic() < end:
        running.ask("/healthz")
    assert _queued(running.home, "lock > datetime('now')")
    watch = Watch(running.family())
    began = time.monotonic()
    assert running.stop() == 0
    assert time.monotonic() - began < 10
    assert watch.all_end()


def _queued(home: Path, where: str) -> int:
    with closing(sqlite3.connect(home / "queue.sqlite3")) as raw:
        return int(raw.execute(f"SELECT count(*) FROM django_q_ormq WHERE {where}").fetchone()[0])
