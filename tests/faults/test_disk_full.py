"""A full disk: writes are refused with 507 and how to mend it, reads go on, and with room all goes on by itself."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.faults.harm import Agent, Disk, Quota, add, sent_until_full
from tests.figures import figure
from tests.serving.processes import Serve, nexus

pytestmark = pytest.mark.slow


class Stage(NamedTuple):
    """A server on a disk that can be full, and who works there; carol was not heard before it was full."""

    disk: Disk | Quota
    server: Serve
    alice: Agent
    bob: Agent
    carol: Agent


@pytest.fixture(params=[Disk, Quota])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk | Quota]:
    """A file system without room, then a limit on the size of files."""
    made = request.param(tmp_path / "home")
    yield made
    made.close()


@pytest.fixture
def stage(disk: Disk | Quota) -> Iterator[Stage]:
    """A running server on that disk."""
    server = Serve(disk.home)
    try:
        yield Stage(disk, server, *(add(server, name) for name in ("alice", "bob", "carol")))
        server.stop()
    finally:
        server.clear_away()


def test_a_full_disk_refuses_writes_and_nothing_else_and_recovers_by_itself(stage: Stage) -> None:
    family = set(stage.server.family()[:2])
    assert stage.alice.send("bob", "before")[0] == 201
    stage.disk.fill(stage.server)
    kept = sorted([*sent_until_full(stage.alice), "before"])
    _is_told_on_every_surface(stage)
    _reads_go_on(stage, kept)
    stage.disk.make_room(stage.server)
    status, answer = stage.alice.send("bob", "after")
    assert status == 201, answer
    assert stage.bob.subjects() == sorted([*kept, "after"])
    assert family <= set(stage.server.family())
    verified = nexus(stage.server.home, "verify")
    assert verified.returncode == 0, verified.stdout
    kind = type(stage.disk).__name__.lower()
    figure("F", f"disk full ({kind}): acknowledged messages lost, of {len(kept) + 1}", "0; recovered without a restart")


def _is_told_on_every_surface(stage: Stage) -> None:
    order = {"to": "bob", "subject": "no", "body": "x" * 9000}
    status, answer = stage.alice.rest("messages", order)
    assert (status, answer["error"]["code"]) == (507, "disk_full")
    assert "Free disk space" in answer["error"]["hint"]
    assert stage.alice.mcp("message_create", **order)["error"]["code"] == "disk_full"
    ended = stage.alice.cli("message_create", *(f"{name}={value}" for name, value in order.items()), "--json")
    assert (ended.returncode, json.loads(ended.stdout)["error"]["code"]) == (1, "disk_full")
    spoken = stage.alice.cli("message_create", *(f"{name}={value}" for name, value in order.items()))
    assert spoken.returncode == 1
    assert "Free disk space" in spoken.stderr


def _reads_go_on(stage: Stage, kept: list[str]) -> None:
    assert stage.bob.subjects() == kept
    status, inbox = stage.carol.rest("inbox")  # whose presence cannot be written
    assert (status, inbox) == (200, {"messages": [], "waiting": 0})
    assert stage.carol.mcp("whoami")["agent"] == "carol"
    ended = stage.bob.cli("inbox_count", "--json")
    assert ended.returncode == 0, ended.stdout
    for page in ("/healthz", "/api/v1/events", "/"):
        with stage.server.open(page) as response:
            assert response.status == 200, page
    if isinstance(stage.disk, Disk):
        assert stage.server.until("/readyz", 503)["disk"]["ok"] is False
        _a_backup_is_refused_and_leaves_nothing_behind(stage)


def _a_backup_is_refused_and_leaves_nothing_behind(stage: Stage) -> None:
    ended = nexus(stage.server.home, "backup", "--json")
    assert ended.returncode == 1, ended.stderr
    assert json.loads(ended.stdout)["error"]["code"] == "disk_full"
    assert list((stage.server.home / "backups").iterdir()) == []


def test_without_room_it_does_not_begin_and_with_room_it_does(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "home")
    try:
        disk.fill(leave=0)
        refused = nexus(disk.home, "serve", "--port", "0")
        assert refused.returncode == 3
        assert "Free some disk space" in refused.stderr
        assert "Traceback" not in refused.stderr
        disk.make_room()
        assert nexus(disk.home, "call", "whoami").returncode == 0
    finally:
        disk.close()


def test_a_secret_that_was_not_written_is_made_anew(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "secret").touch(mode=0o600)  # as a start without room left it
    assert nexus(home, "call", "whoami").returncode == 0
    assert len((home / "secret").read_text()) > 40
    assert sorted(path.name for path in home.glob("secret*")) == ["secret"]
