"""One server a data directory, however many are started and whenever."""

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.figures import figure
from tests.live.servers import ROOT
from tests.serving.processes import PATIENCE, Serve, environment, heed_ctrl_c, nexus

pytestmark = pytest.mark.slow
AT_ONCE = 4


def starting(home: Path) -> "subprocess.Popen[str]":
    """Start a server without waiting for it."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "nexus_site.cli", "serve", "--port", "0", "--json"],
        cwd=ROOT,
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_ctrl_c,
    )


def assert_turned_away(process: "subprocess.Popen[str]", said: Any, winner: Any) -> None:
    """See that a server showed the one that serves or, where that took long to start, said what holds the directory."""
    if said is not None:
        assert (said["already_running"], said["url"], said["pid"]) == (True, winner["url"], winner["pid"])
        assert process.wait(PATIENCE) == 0
        return
    assert process.wait(PATIENCE) == 3
    assert process.stderr is not None
    assert "Another process holds the data directory" in process.stderr.read()


def test_of_servers_started_at_the_same_instant_exactly_one_serves(tmp_path: Path) -> None:
    home = tmp_path / "home"
    started = [starting(home) for _ in range(AT_ONCE)]
    try:
        lines = [process.stdout.readline() for process in started if process.stdout is not None]
        said = [json.loads(line) if line else None for line in lines]
        (winner,) = [
            process for process, each in zip(started, said, strict=True) if each and not each["already_running"]
        ]
        for process, each in zip(started, said, strict=True):
            if process is not winner:
                assert_turned_away(process, each, said[started.index(winner)])
        assert winner.poll() is None
    finally:
        for process in started:
            process.terminate()
            process.communicate(timeout=PATIENCE)
    assert winner.returncode == 0
    figure(
        "F", f"of {AT_ONCE} servers started at once on one data directory", "one serves, the others show its address"
    )


def test_a_second_server_changes_nothing_of_the_first(tmp_path: Path) -> None:
    """Neither another port nor another kind of server, and not the other way to start one either."""
    first = Serve(tmp_path / "home")
    with closing(first.process.stdout):  # type: ignore[type-var]
        try:
            before = (first.home / "serve.lock").read_text()
            second = nexus(first.home, "serve", "--port", "0", "--server", "uvicorn")
            assert second.returncode == 0
            assert first.said["url"] in second.stdout
            by_hand = [sys.executable, "-c", "import nexus_site.hosted"]
            third = subprocess.run(
                by_hand, cwd=ROOT, env=environment(first.home), capture_output=True, text=True, timeout=PATIENCE
            )
            assert third.returncode == 2
            assert f"Another server runs on the data directory {first.home} at {first.said['url']}" in third.stderr
            assert "Traceback" not in third.stderr
            assert (first.home / "serve.lock").read_text() == before
            assert first.ask("/api/v1/whoami")["agent"] == "operator"
        finally:
            first.stop()
            first.clear_away()
