"""Data that cannot be written: it is said, with an exit code, never a silent start; while serving reads go on."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.harm import Quota, add, bound_by_permissions, read_only, sent_until_full
from tests.figures import figure
from tests.serving.processes import Serve, nexus

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that was used before."""
    home = tmp_path_factory.mktemp("read-only") / "home"
    assert nexus(home, "call", "whoami").returncode == 0
    return home


def _run(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return bound_by_permissions(lambda: nexus(home, *words))


@pytest.mark.parametrize("words", [("serve", "--port", "0"), ("verify",)])
def test_in_a_read_only_directory_nothing_starts_silently(settled: Path, words: tuple[str, ...]) -> None:
    with read_only(settled):
        ended = _run(settled, *words)
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert f"The data directory {settled} cannot be used" in ended.stderr
    assert "Check its owner and permissions" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_read_only_database_is_not_served(settled: Path) -> None:
    with read_only(settled / "nexus.sqlite3"):
        ended = _run(settled, "serve", "--port", "0")
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert f"The database {settled / 'nexus.sqlite3'} cannot be written" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_read_only_database_is_read_but_not_written_by_commands(settled: Path) -> None:
    with read_only(settled / "nexus.sqlite3"):
        assert _run(settled, "verify").returncode == 0
        refused = _run(settled, "call", "setting_put", "name=backup_copies", "value=3", "--json")
        found = _run(settled, "doctor")
    assert (refused.returncode, json.loads(refused.stdout)["error"]["code"]) == (1, "busy")
    assert found.returncode == 1
    assert f"chmod u+w {settled / 'nexus.sqlite3'}" in found.stdout


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Serve]:
    """A server that permissions bind."""
    running = bound_by_permissions(lambda: Serve(tmp_path / "home"))
    yield running
    running.clear_away()


def test_turned_read_only_while_serving_it_refuses_writes_and_writes_again_by_itself(server: Serve) -> None:
    alice, bob = add(server, "alice"), add(server, "bob")
    family = server.family()[:2]
    quota = Quota(server.home)
    with read_only(server.home, *server.home.glob("nexus.sqlite3*")):
        assert alice.send("bob", "through open files")[0] == 201
        quota.fill(server, leave=0)  # so that the server opens its files anew
        kept = [*sent_until_full(alice), "through open files"]
        quota.make_room(server)
        status, answer = alice.send("bob", "no")
        assert (status, answer["error"]["retry_after"]) == (503, 60)
        assert "read-only" in answer["error"]["message"]
        assert "nexus doctor" in answer["error"]["hint"]
        told = alice.mcp("message_create", to="bob", subject="no", body="")["error"]
        assert "read-only" in told["message"]
        spoken = alice.cli("message_create", "to=bob", "subject=no", "body=")
        assert spoken.returncode == 1
        assert "read-only" in spoken.stderr
        assert bob.subjects() == sorted(kept)
        assert bob.mcp("whoami")["agent"] == "bob"
        assert f"chmod u+w {server.home}" in _run(server.home, "doctor").stdout
    assert alice.send("bob", "after")[0] == 201
    assert bob.subjects() == sorted([*kept, "after"])
    assert server.family()[:2] == family
    assert nexus(server.home, "verify").returncode == 0
    figure(
        "F",
        f"turned read-only while serving: acknowledged messages lost, of {len(kept) + 1}",
        "0; recovered without a restart",
    )
