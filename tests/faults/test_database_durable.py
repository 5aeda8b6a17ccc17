"""Every connection that writes to the database waits for the disk: `PRAGMA synchronous` is FULL."""

import re
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

from django.db import connections

from bus.writer import lane
from nexus_site import config
from tests.figures import figure

FULL = 2
ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("bus", "handoffs", "overview", "dashboard", "nexus_site")


def _synchronous() -> int:
    with connections["default"].cursor() as cursor:
        return int(cursor.execute("PRAGMA synchronous").fetchone()[0])


def _in_a_thread(found: list[Any]) -> None:
    found.append(_synchronous())
    connections.close_all()


def test_the_lane_and_every_other_thread_write_with_full(committed: None) -> None:
    found: list[int] = []
    thread = threading.Thread(target=_in_a_thread, args=(found,))
    thread.start()
    thread.join()
    kinds = {"the lane": lane.run(_synchronous), "a thread of requests": found[0], "a command": _synchronous()}
    assert set(kinds.values()) == {FULL}, kinds
    figure("G1", "connections that write with PRAGMA synchronous=FULL", f"{len(kinds)} of {len(kinds)} kinds")


def test_full_is_what_nobody_needs_to_ask_for() -> None:
    assert config.read({}).synchronous == "FULL"


def test_a_plain_connection_is_full_and_none_says_otherwise(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "plain.sqlite3")) as raw:
        assert raw.execute("PRAGMA synchronous").fetchone() == (FULL,)
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    assert len(files) > 100
    saying = {path.name for path in files if re.search(r"PRAGMA synchronous", path.read_text())}
    assert saying == {"settings.py"}
