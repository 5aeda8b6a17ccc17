"""The files beside the database, and the database itself, deleted while stopped and while serving."""

import json
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.harm import Agent, Sender, add
from tests.figures import figure
from tests.serving.processes import PATIENCE, Serve, Watch, nexus

pytestmark = pytest.mark.slow
Start = Callable[[], Serve]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts a server on the test's data directory."""
    started: list[Serve] = []

    def start() -> Serve:
        started.append(Serve(tmp_path / "home"))
        return started[-1]

    yield start
    for running in started:
        running.clear_away()


def _kept(database: Path) -> set[str]:
    with closing(sqlite3.connect(database)) as raw:
        return {subject for (subject,) in raw.execute("SELECT subject FROM bus_message")}


ROUNDS = (("-wal",), ("-shm",), ("", "-wal", "-shm"))


def test_files_deleted_while_serving_and_while_stopped_lose_nothing(serve: Start) -> None:
    server = serve()
    alice, _ = add(server, "alice"), add(server, "bob")
    sender = Sender(alice)
    for endings in ROUNDS:
        sender.more()
        _delete_while_serving(server, endings)
        sender.more()  # it came back by itself
    sender.is_over.set()
    sender.join(PATIENCE)
    said = server.log.read_text()
    assert said.count("all that was committed is in it") >= len(ROUNDS)  # it may see one file go before the other
    _replace_while_serving(server, alice)
    assert server.stop() == 0
    for ending in ("-wal", "-shm"):
        (server.home / f"nexus.sqlite3{ending}").unlink(missing_ok=True)
    assert nexus(server.home, "verify").returncode == 0
    assert sender.acknowledged <= _kept(server.home / "nexus.sqlite3")
    count = len(sender.acknowledged)
    figure("F", f"-wal, -shm and the database deleted while serving: acknowledged messages lost, of {count}", "0")


def _delete_while_serving(server: Serve, endings: tuple[str, ...]) -> None:
    web = Watch(server.family()[1:2])
    for ending in endings:  # the server may see one go and take away or put back the others itself
        (server.home / f"nexus.sqlite3{ending}").unlink(missing_ok=True)
    assert web.all_end()


def _replace_while_serving(server: Serve, alice: Agent) -> None:
    """Put an older copy in the place of the open database; what came after it is kept."""
    made = json.loads(nexus(server.home, "backup", "--json").stdout)["backup"]
    assert alice.send("bob", "late")[0] == 201
    known = set((server.home / "backups").glob("rescued-*"))
    older = shutil.copy2(server.home / "backups" / made, server.home / "older.sqlite3")
    web = Watch(server.family()[1:2])
    older.rename(server.home / "nexus.sqlite3")
    assert web.all_end()
    server.until("/healthz", 200)
    (rescued,) = set((server.home / "backups").glob("rescued-*")) - known
    assert "late" in _kept(rescued)
    assert f"all that was committed before is in {rescued}" in server.log.read_text()


def test_after_a_kill_no_shared_memory_is_needed_and_without_the_log_it_is_whole_up_to_the_last_checkpoint(
    serve: Start, tmp_path: Path
) -> None:
    server = serve()
    alice, _ = add(server, "alice"), add(server, "bob")
    sent = {f"n{number}" for number in range(5)}
    assert {alice.send("bob", subject)[0] for subject in sent} == {201}
    os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait(PATIENCE)
    older = tmp_path / "without the log"
    older.mkdir(mode=0o700)
    for name in ("nexus.sqlite3", "secret"):
        shutil.copy2(server.home / name, older / name)
    (server.home / "nexus.sqlite3-shm").unlink()
    assert nexus(server.home, "verify").returncode == 0
    assert sent <= _kept(server.home / "nexus.sqlite3")
    assert nexus(older, "verify").returncode == 0
    assert nexus(older, "call", "whoami").returncode == 0
    assert not (older / "backups").exists()  # nothing was to be upgraded: the schema is in the one file since the start
