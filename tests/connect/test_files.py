"""Connections on real files: every harness, twice, together, edited meanwhile, and away again."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from nexus_site.connect.files import apply
from nexus_site.connect.harnesses import HARNESSES, scope_of
from nexus_site.connect.plan import CannotEdit, plan, plan_end
from nexus_site.connect.record import Connection, known, remember
from nexus_site.connect.wanted import Place, Wanted
from tests.connect.test_merging import TEXTS

KEY = "nxs_k3y_secret"


def connect(wanted: Wanted) -> int:
    made = plan(wanted, known(wanted.place.data))
    remember(wanted.place.data, made.connections)
    for change in made.changes:
        apply(change)
    return len(made.changes)


def disconnect(place: Place, ending: Connection) -> None:
    made = plan_end(ending, known(place.data))
    remember(place.data, made.connections)
    for change in made.changes:
        apply(change)


def everything(place: Place) -> dict[str, tuple[int, bytes]]:
    """Return all files and folders with their modes, but for the data of Nexus."""
    found = [path for path in place.home.rglob("*") if place.data not in (path, *path.parents)]
    return {str(path): (path.stat().st_mode, path.read_bytes() if path.is_file() else b"") for path in found}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "home" / "shop").mkdir(parents=True)
    return Place(tmp_path / "home", tmp_path / "home" / "shop", tmp_path / "home" / "data", {})


def wanted(place: Place, harness: str, scope: str = "user", **more: object) -> Wanted:
    plain = Wanted(harness, scope_of(harness, scope), harness, place, "http://x/mcp", "/opt/nexus-hook", KEY, wake=True)
    return replace(plain, skill=True, agents_md=True, **more)


@pytest.mark.parametrize("scope", ["user", "project"])
@pytest.mark.parametrize("harness", HARNESSES)
def test_connecting_twice_changes_nothing_and_disconnecting_leaves_nothing(place, harness, scope):
    before = everything(place)
    assert connect(wanted(place, harness, scope)) > 2
    after = everything(place)
    assert connect(wanted(place, harness, scope)) == 0
    assert everything(place) == after
    disconnect(place, known(place.data)[0])
    assert everything(place) == before


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_file_that_was_there_is_restored_with_its_bytes_and_its_mode(place, text):
    file = place.home / ".claude.json"
    file.write_bytes(text.encode())
    file.chmod(0o640)
    before = everything(place)
    connect(wanted(place, "claude-code"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert connect(wanted(place, "claude-code")) == 0
    disconnect(place, known(place.data)[0])
    assert everything(place) == before


def test_all_twelve_in_both_scopes_end_in_any_order(place):
    (place.project / "AGENTS.md").write_text("# Rules\n")
    before = everything(place)
    orders = [wanted(place, harness, scope) for harness in HARNESSES for scope in ("user", "project")]
    for order in orders:
        connect(order)
    assert [connect(order) for order in orders] == [0] * 24
    while made := known(place.data):
        disconnect(place, made[len(made) // 2])
        for left in known(place.data):
            assert all(Path(file.path).exists() for file in left.files)
    assert everything(place) == before


def test_other_options_replace_the_former_ones(place):
    before = everything(place)
    connect(wanted(place, "claude-code"))
    connect(wanted(place, "claude-code", key="nxs_other_one", url="http://y/mcp"))
    text = (place.home / ".claude.json").read_text()
    assert ("nxs_other_one" in text, KEY in text, text.count("nexus")) == (True, False, 1)
    connect(replace(wanted(place, "claude-code"), skill=False, wake=False))
    assert not (place.home / ".claude" / "skills").exists()
    assert "--wake" not in (place.home / ".claude" / "settings.json").read_text()
    disconnect(place, known(place.data)[0])
    assert everything(place) == before


def test_a_link_stays_a_link(place):
    real = place.home / "dotfiles.json"
    real.write_text("{}\n")
    (place.home / ".claude.json").symlink_to(real)
    connect(wanted(place, "claude-code"))
    assert (place.home / ".claude.json").is_symlink()
    assert "nexus" in real.read_text()
    disconnect(place, known(place.data)[0])
    assert real.read_text() == "{}\n"


def test_a_link_that_leads_nowhere_does_so_again(place):
    file, real = place.home / ".claude.json", place.home / "dotfiles.json"
    file.symlink_to(real)
    connect(wanted(place, "claude-code"))
    assert KEY in real.read_text()
    disconnect(place, known(place.data)[0])
    assert (file.is_symlink(), file.readlink(), real.exists()) == (True, real, False)


def test_a_file_that_cannot_be_read_stops_the_whole_connection(place):
    (place.home / ".claude").mkdir()
    (place.home / ".claude" / "settings.json").write_text("{,}")
    with pytest.raises(CannotEdit, match=r"settings\.json is left alone: line 1 is no JSON"):
        plan(wanted(place, "claude-code"))


def test_what_was_added_meanwhile_stays_when_nexus_goes(place):
    connect(wanted(place, "codex"))
    file = place.home / ".codex" / "config.toml"
    with file.open("a") as config:
        config.write('[projects."/p"]\ntrust_level = "trusted"\n')
    disconnect(place, known(place.data)[0])
    assert file.read_text() == '[projects."/p"]\ntrust_level = "trusted"\n'


def test_a_hook_program_of_the_person_is_not_replaced(place):
    hook = place.home / ".cline" / "hooks" / "TaskStart"
    hook.parent.mkdir(parents=True)
    hook.write_text("#!/bin/sh\n")
    with pytest.raises(CannotEdit, match="program of your own"):
        plan(wanted(place, "cline"))


def test_a_file_that_its_program_put_in_another_order_is_left_as_it_is(place):
    connect(wanted(place, "claude-code"))
    file = place.home / ".claude.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"later": {"a": 1}}))
    codex = place.home / ".codex" / "config.toml"
    connect(wanted(place, "codex"))
    codex.write_text(codex.read_text() + '\n[projects."/p"]\ntrust_level = "trusted"\n')
    assert connect(wanted(place, "claude-code")) == 0
    assert connect(wanted(place, "codex")) == 0
    for ending in known(place.data):
        disconnect(place, ending)
    assert json.loads(file.read_text()) == {"later": {"a": 1}}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert codex.read_text() == '\n[projects."/p"]\ntrust_level = "trusted"\n'


def test_a_persons_connection_keeps_the_paragraph_of_another_project_until_it_ends(place):
    other = replace(place, project=place.home / "other")
    other.project.mkdir()
    before = everything(place)
    connect(wanted(place, "claude-code"))
    connect(wanted(other, "claude-code"))
    both = [each.project / "AGENTS.md" for each in (place, other)]
    assert [path.exists() for path in both] == [True, True]
    connect(replace(wanted(other, "claude-code"), agents_md=False))
    assert [path.exists() for path in both] == [True, False]
    disconnect(place, known(place.data)[0])
    assert everything(place) == before
