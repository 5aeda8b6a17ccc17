"""`manage.py runserver`, Daphne's: all of Nexus in one process, on a data directory that nobody else serves."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.servers import MODERN, Rest, Server, mcp_tools, play
from tests.serving.processes import PATIENCE, ROOT, Serve, Watch, environment, heed_ctrl_c

pytestmark = pytest.mark.slow
Run = Callable[..., "RunServer"]
SENTENCE = "Another server runs on the data directory"


class RunServer(Server):
    """A running `manage.py runserver`."""

    def begin(self, *words: str) -> "RunServer":
        """Start it and wait until it answers."""
        command = [sys.executable, "manage.py", "runserver", f"127.0.0.1:{self.port}", *words]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=heed_ctrl_c,
            )
        self._wait()
        return self

    @property
    def log(self) -> Path:
        """Return the file that it writes to."""
        return self.home.with_name(f"{self.home.name}.log")

    def children(self) -> list[int]:
        """Return what it started."""
        assert self.process is not None
        found = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(pid) for each in found for pid in each.read_text().split()]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Return a function that starts one; it is ended with the test."""
    started: list[RunServer] = []

    def run(*words: str, **more: Any) -> RunServer:
        started.append(RunServer(tmp_path / "home", **more))
        return started[-1].begin(*words)

    yield run
    for each in started:
        for client in each.clients:
            client.close()
        if each.process is not None and each.process.poll() is None:
            os.killpg(each.process.pid, signal.SIGKILL)
            each.process.wait(PATIENCE)


def test_it_serves_everything(run: Run) -> None:
    running = run("--noreload")
    alice, bob = running.agent("alice"), running.agent("bob")
    start = bob.get("events/cursor")["cursor"]
    sent = alice.post("messages", to="bob", subject="Note", body="Text")["message"]

    async def over_mcp(mode: str) -> Any:
        async with mcp_tools(running, bob.key, mode) as tools:
            return await tools("inbox_peek")

    for mode in ("legacy", MODERN):
        assert [each["message"] for each in play(over_mcp(mode))["messages"]] == [sent]
    assert sent in _next_event(running, bob, start)
    for path in ("/static/admin/css/base.css", "/admin/login/", "/"):
        assert running.client().get(f"{running.url}{path}", follow_redirects=True).status_code == 200
    assert running.command("verify").returncode == 0


def _next_event(running: RunServer, agent: Rest, start: str) -> str:
    headers = agent.headers | {"Last-Event-ID": start}
    with running.client(headers=headers).stream(
        "GET", f"{running.url}/api/v1/events/stream?types=message.created"
    ) as stream:
        return next(line for line in stream.iter_lines() if line.startswith("data:"))


def test_it_says_that_no_cluster_works_beside_it(run: Run) -> None:
    running = run("--noreload")
    answer = running.client().get(f"{running.url}/readyz")
    assert (answer.status_code, answer.json()["cluster"]["ok"]) == (503, False)
    assert "No cluster works beside this server" in running.log.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it(run: Run, number: signal.Signals) -> None:
    running = run("--noreload")
    running.agent("alice")
    assert running.process is not None
    running.process.send_signal(number)
    running.process.wait(30)
    assert "Traceback" not in running.log.read_text()


def test_a_change_of_the_code_starts_a_new_process_and_ends_the_old_one(run: Run) -> None:
    running = run()
    running.agent("alice")
    old = running.children()
    watch, end = Watch(old), time.monotonic() + PATIENCE
    while not watch.all_end(2):  # the reloader sees a change only of what it has looked at before
        assert time.monotonic() < end
        os.utime(ROOT / "nexus_site" / "hosted.py")
    running._wait()
    assert set(running.children()).isdisjoint(old)
    assert running.operator().get("agents")["agents"]
    assert SENTENCE not in running.log.read_text()


def test_it_is_refused_beside_a_server_that_runs(serve: Callable[..., Serve]) -> None:
    running = serve()
    command = [sys.executable, "manage.py", "runserver", "--noreload", "127.0.0.1:0"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(running.home), capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 2
    assert f"{SENTENCE} {running.home} at {running.said['url']}" in done.stderr
