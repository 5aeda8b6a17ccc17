"""Data of every released schema is upgraded whole, after a backup; an upgrade that is killed is finished by the next start."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.figures import figure
from tests.serving.processes import PATIENCE, ROOT, Serve, environment, nexus

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent
RELEASES = sorted((HERE / "schemas").glob("*.sql"))
UPGRADED = f"{HERE / 'upgraded'}:{ROOT}"
Rows = dict[str, list[tuple[object, ...]]]


def _home(release: Path, folder: Path) -> Path:
    """Return a data directory with the database of a release."""
    home = folder / "home"
    home.mkdir(mode=0o700)
    with closing(sqlite3.connect(home / "nexus.sqlite3")) as raw:
        raw.executescript(release.read_text())
    return home


def _columns(raw: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in raw.execute(f"PRAGMA table_info({table})")]


def _rows(database: Path, columns: dict[str, list[str]]) -> Rows:
    """Return the rows of every table of ours, in the columns that are given."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as raw:
        return {
            table: raw.execute(f"SELECT {', '.join(map(json.dumps, wanted))} FROM {table} ORDER BY 1").fetchall()
            for table, wanted in columns.items()
        }


def _tables(database: Path) -> dict[str, list[str]]:
    """Return the columns of every table of ours."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as raw:
        names = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
        return {name: _columns(raw, name) for name in names if name.startswith(("bus_", "handoffs_"))}


def _schema(database: Path) -> dict[str, str]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as raw:
        return dict(raw.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))


def test_a_release_is_there_to_be_upgraded() -> None:
    assert [release.stem for release in RELEASES]


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.stem)
def test_the_data_of_a_release_is_upgraded_and_serves(release: Path, tmp_path: Path) -> None:
    home, fresh = _home(release, tmp_path), tmp_path / "fresh"
    columns = _tables(home / "nexus.sqlite3")
    before = _rows(home / "nexus.sqlite3", columns)
    assert sum(map(len, before.values())) > 30
    verified = nexus(home, "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert _rows(home / "nexus.sqlite3", columns) == before
    assert nexus(fresh, "call", "whoami").returncode == 0
    assert _schema(home / "nexus.sqlite3") == _schema(fresh / "nexus.sqlite3")
    (job,) = json.loads(nexus(home, "call", "handoff_list", "workspace=atlas", "limit=1", "--json").stdout)["handoffs"]
    assert job["title"] == "Later"
    count = sum(map(len, before.values()))
    figure("G13", f"rows of a database of {release.stem} after the upgrade, of {count}", f"{count}, verified")


@pytest.fixture
def killed(tmp_path: Path) -> tuple[Path, Path, dict[str, list[str]]]:
    """A data directory of the first release whose upgrade was killed in the middle, the file that holds it up, its tables."""
    home, pause = _home(RELEASES[0], tmp_path), tmp_path / "upgrade.pause"
    shutil.copy2(home / "nexus.sqlite3", tmp_path / "before.sqlite3")
    columns = _tables(home / "nexus.sqlite3")
    pause.touch()
    command = [sys.executable, "-P", "-m", "nexus_site.cli", "serve", "--port", "0", "--json"]
    started = subprocess.Popen(
        command,
        env=environment(home, PYTHONPATH=UPGRADED, PAUSE=str(pause)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    end = time.monotonic() + PATIENCE
    while not pause.with_suffix(".reached").exists():
        assert started.poll() is None, "it ended before the middle"
        assert time.monotonic() < end, "it never came to the middle"
        time.sleep(0.05)
    os.killpg(started.pid, signal.SIGKILL)
    started.wait(PATIENCE)
    return home, pause, columns


def test_an_upgrade_that_is_killed_is_undone_and_finished_by_the_next_start(
    killed: tuple[Path, Path, dict[str, list[str]]], tmp_path: Path
) -> None:
    home, pause, columns = killed
    database = home / "nexus.sqlite3"
    before = _rows(tmp_path / "before.sqlite3", columns)
    assert (home / "nexus.sqlite3-wal").stat().st_size > 1 << 20  # it was well under way
    there = _tables(database)  # earlier steps of the upgrade may be done; none took anything away
    assert {name: [each for each in there[name] if each in wanted] for name, wanted in columns.items()} == columns
    assert "later_filling" not in _schema(database)
    assert _rows(database, columns) == before
    (backup,) = (home / "backups").glob("before-upgrade-*.sqlite3")
    assert _rows(backup, columns) == before
    pause.unlink()
    server = Serve(home, PYTHONPATH=UPGRADED)
    try:
        assert {"later_filling", "later_last"} <= _schema(database).keys()
        assert server.ask("/api/v1/handoffs?workspace=atlas&limit=1")["handoffs"][0]["title"] == "Later"
        kept = {name: columns[name] for name in ("bus_message", "bus_delivery", "bus_checkpoint", "handoffs_handoff")}
        assert _rows(database, kept) == {name: before[name] for name in kept}
        assert server.stop() == 0
    finally:
        server.clear_away()
    assert nexus(home, "verify", PYTHONPATH=UPGRADED).returncode == 0
    figure(
        "G13",
        "an upgrade killed in the middle",
        "undone, backed up before, and finished by the next start; no row lost",
    )


def test_the_backup_before_an_upgrade_can_be_put_back(
    killed: tuple[Path, Path, dict[str, list[str]]], tmp_path: Path
) -> None:
    home, _, columns = killed
    (backup,) = (home / "backups").glob("before-upgrade-*.sqlite3")
    assert nexus(home, "restore", backup.name).returncode == 0
    assert _rows(home / "nexus.sqlite3", columns) == _rows(tmp_path / "before.sqlite3", columns)
