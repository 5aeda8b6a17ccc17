"""Backups while everybody goes on writing: each is whole, holds all that was acknowledged before it, and can be put back."""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.harm import Sender, add
from tests.figures import figure
from tests.serving.processes import PATIENCE, Serve, nexus

pytestmark = pytest.mark.slow
MEGABYTES = 50
FILL = """
    CREATE TABLE filling (id integer PRIMARY KEY, bytes blob);
    WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {megabytes})
    INSERT INTO filling SELECT n, randomblob(1000000) FROM number;
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Serve]:
    """A server on a database of some size."""
    home = tmp_path / "home"
    assert nexus(home, "call", "whoami").returncode == 0
    with closing(sqlite3.connect(home / "nexus.sqlite3")) as raw:
        raw.executescript(FILL.format(megabytes=MEGABYTES))
    running = Serve(home, NEXUS_PAIR_LIMIT="0")
    yield running
    running.clear_away()


def _subjects(database: Path) -> set[str]:
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro&immutable=1", uri=True)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {subject for (subject,) in raw.execute("SELECT subject FROM bus_message")}


def test_backups_under_load_hold_everything_acknowledged_and_can_be_put_back(server: Serve, tmp_path: Path) -> None:
    alice, _ = add(server, "alice"), add(server, "bob")
    sender, meanwhile, seconds, size = Sender(alice), 0, 0.0, 0
    for _ in range(2):
        sender.more()
        before = set(sender.acknowledged)
        began = time.monotonic()
        made = server.ask("/api/v1/backups", {})
        seconds += time.monotonic() - began
        meanwhile += len(sender.acknowledged) - len(before)
        size += made["bytes"]
        path = server.home / "backups" / made["backup"]
        assert before <= _subjects(path)
    sender.is_over.set()
    sender.join(PATIENCE)
    assert meanwhile, "nothing was written while the backups were made"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    shutil.copy2(path, tmp_path / "taken-along.sqlite3")
    restored = nexus(elsewhere, "restore", str(tmp_path / "taken-along.sqlite3"))
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert "all is well" in restored.stdout
    assert before <= _subjects(elsewhere / "nexus.sqlite3")
    per_200 = seconds / (size / 200_000_000)
    figure("G14", "a backup under load, copied and checked", f"{per_200:.1f} s a 200 MB, restored and verified")
