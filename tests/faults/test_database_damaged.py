"""A damaged database: said on every surface, with the backup and the command that mend it; and that command does."""

import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.harm import Agent, add
from tests.figures import figure
from tests.serving.processes import Serve, nexus

pytestmark = pytest.mark.slow
PAGE = 4096


def spoil(database: Path) -> None:
    """Overwrite a part of every page but the first, with everything in the one file."""
    with closing(sqlite3.connect(database)) as raw:
        assert raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
    with database.open("r+b") as file:
        for start in range(PAGE, database.stat().st_size, PAGE):
            file.seek(start)
            file.write(b"\x05" * 512)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Serve]:
    """A server of its own."""
    running = Serve(tmp_path / "home")
    yield running
    running.clear_away()


def test_damage_while_serving_is_told_and_the_command_that_is_told_mends_it(server: Serve) -> None:
    alice, bob = add(server, "alice"), add(server, "bob")
    sent = sorted(f"n{number}" for number in range(20))
    assert {alice.send("bob", subject)[0] for subject in sent} == {201}
    backup = json.loads(nexus(server.home, "backup", "--json").stdout)["backup"]
    spoil(server.home / "nexus.sqlite3")
    command = f"nexus restore {backup}"
    _is_told_while_serving(server, alice, command)
    assert server.stop() == 0
    refused = nexus(server.home, "serve", "--port", "0")
    assert refused.returncode == 3
    told = re.search(r"nexus (restore \S+)", refused.stderr)
    assert told, refused.stderr
    assert command in refused.stderr
    assert "Traceback" not in refused.stderr
    restored = nexus(server.home, *told[1].split())
    assert restored.returncode == 0, restored.stdout + restored.stderr
    again = Serve(server.home)
    try:
        assert Agent(again, "bob", bob.key).subjects() == sent
        assert Agent(again, "alice", alice.key).send("bob", "after")[0] == 201
    finally:
        again.clear_away()
    figure("F", f"database damaged while serving: messages of the backup lost, of {len(sent)}", "0")


def _is_told_while_serving(server: Serve, alice: Agent, command: str) -> None:
    answers = [alice.rest("messages"), alice.rest("inbox"), alice.send("bob", "no")]
    assert {status for status, _ in answers} == {500}
    told = [answer["error"] for _, answer in answers]
    told += [alice.mcp("message_list")["error"], alice.mcp("message_create", to="bob", subject="no", body="")["error"]]
    assert {error["code"] for error in told} == {"database_damaged"}
    assert all(command in error["hint"] for error in told)
    spoken = alice.cli("message_list")
    assert spoken.returncode == 1
    assert command in spoken.stderr
    for page in ("/", "/messages"):
        with server.open(page) as response:
            assert command in response.read().decode()
    assert server.until("/readyz", 503)["tail"] == {"ok": False}
    found = nexus(server.home, "doctor")
    assert found.returncode == 1
    assert command in found.stdout


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that holds messages, in one file, of a server that ended; an agent's home beside it."""
    home = tmp_path_factory.mktemp("damaged") / "home"
    project = home.parent / "atlas"
    (project / ".git").mkdir(parents=True)
    assert nexus(home, "agent", "add", "alice", cwd=project).returncode == 0
    for subject in ("First", "Second"):
        assert nexus(home, "send", "alice", subject, cwd=project).returncode == 0
    assert not list(home.glob("nexus.sqlite3-*"))
    return home


def _row(home: Path, wanted: str) -> bytes:
    with closing(sqlite3.connect(f"file:{home / 'nexus.sqlite3'}?mode=ro", uri=True)) as raw:
        return bytes(raw.execute(wanted).fetchone()[0])


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("SELECT hash FROM bus_event WHERE type = 'message.created' LIMIT 1", "does not match its hash"),
        ("SELECT CAST(payload AS BLOB) FROM bus_event WHERE type = 'agent.created'", "does not match its hash"),
    ],
)
def test_a_bit_that_flips_in_the_file_is_found_by_verify(quiet: Path, wanted: str, said: str) -> None:
    path = quiet / "nexus.sqlite3"
    whole = path.read_bytes()
    spoilt = bytearray(whole)
    for place in re.finditer(re.escape(_row(quiet, wanted)), whole):
        spoilt[place.start() + 8] ^= 1
    found = _verified(quiet, bytes(spoilt))
    assert found.returncode == 1, found.stdout + found.stderr
    assert said in found.stdout


def test_a_bit_that_flips_in_the_structure_of_the_file_is_found_by_verify(quiet: Path) -> None:
    spoilt = bytearray((quiet / "nexus.sqlite3").read_bytes())
    spoilt[4 * PAGE] ^= 1  # what kind of page it is
    found = _verified(quiet, bytes(spoilt))
    assert found.returncode in (1, 3)
    assert "damaged" in found.stdout + found.stderr
    assert "Traceback" not in found.stderr


def _verified(home: Path, content: bytes) -> subprocess.CompletedProcess[str]:
    """Return how `nexus verify` ends on a database of this content."""
    path = home / "nexus.sqlite3"
    whole = path.read_bytes()
    assert content != whole
    path.write_bytes(content)
    try:
        return nexus(home, "verify")
    finally:
        path.write_bytes(whole)


def test_damage_without_any_backup_is_no_silent_start(quiet: Path) -> None:
    path = quiet / "nexus.sqlite3"
    whole = path.read_bytes()
    try:
        spoil(path)
        refused = [nexus(quiet, *words) for words in (("serve", "--port", "0"), ("call", "whoami"))]
    finally:
        path.write_bytes(whole)
    assert [ended.returncode for ended in refused] == [3, 3]
    assert all("There is no backup" in ended.stderr and "damaged" in ended.stderr for ended in refused)
