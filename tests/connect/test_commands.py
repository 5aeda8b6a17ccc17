"""`nexus connect` and `nexus disconnect` as a person runs them."""

import json
import stat
import sys
from pathlib import Path

from nexus_site.connect.detect import Detected, found
from tests.connect.person import OWN, Person

HOOK = Path(sys.executable).with_name("nexus-hook")


def test_a_connection_lasts_until_it_is_ended(ann):
    before = ann.files()
    made = ann.runs("connect", "claude-code", "--agent", "ann", "--yes", "--json")
    assert made.returncode == 0, made.stderr
    file = ann.home / ".claude.json"
    hooks = [ann.home / ".claude" / "settings.json"] if HOOK.exists() else []
    assert json.loads(made.stdout)["connected"][0]["files"] == [str(each) for each in [file, *hooks]]
    key_file = ann.data / "keys" / "ann"
    key = key_file.read_text()
    assert f"Bearer ${{NEXUS_KEY:-{key}}}" in file.read_text()
    assert [stat.S_IMODE(path.stat().st_mode) for path in (key_file, key_file.parent, file)] == [
        0o600,
        0o700,
        0o600,
    ]
    assert [file.read_text() for file in (ann.data / "connect" / "backups").iterdir()] == [OWN]

    again = ann.runs("connect", "claude-code", "--agent", "ann", "--yes")
    assert "Nothing to change." in again.stdout
    assert key_file.read_text() == key

    project = ann.runs("connect", "gemini", "--agent", "ann", "--scope", "project", "--yes")
    assert (project.returncode, key in project.stdout) == (0, False)
    assert key not in (ann.shop / ".gemini" / "settings.json").read_text()
    assert ann.keys("ann") == [key.split("_")[1]]

    ended = ann.runs("disconnect", "gemini", "--yes")
    assert "Revoked" not in ended.stdout
    ended = ann.runs("disconnect", "--all", "--yes")
    assert "Revoked the key" in ended.stdout
    assert ann.files() == before
    assert (ann.keys("ann"), key_file.exists()) == ([], False)


def test_waking_is_refused_without_the_program_that_wakes(ann):
    if HOOK.exists():
        return
    before = ann.files()
    refused = ann.runs("connect", "claude-code", "--wake", "--yes")
    assert (refused.returncode, "nexus-hook" in refused.stderr) == (2, True)
    assert ann.files() == before


def test_waking_is_refused_where_it_cannot_be_and_the_sentence_says_who_can(tmp_path):
    ann = Person(tmp_path, tmp_path / "data")
    before = ann.files()
    for words in (["zed"], ["windsurf"], ["cline"], ["generic"], ["vscode"]):
        refused = ann.runs("connect", *words, "--wake", "--yes")
        assert (refused.returncode, "cannot be woken" in refused.stderr) == (2, True)
        assert all(word in refused.stderr for word in ("claude-code", "vscode with --scope project", "nexus wake NAME"))
    assert ann.files() == before
    shown = ann.runs("connect", "vscode", "--scope", "project", "--wake", "--print")
    assert (shown.returncode, "--wake" in shown.stdout) == (0, True)
    ann.environment["PATH"] = str(ann.home)
    (ann.home / ".config" / "zed").mkdir(parents=True)
    every = ann.runs("connect", "--all", "--wake", "--print")
    assert (every.returncode, "connected without --wake" in every.stdout) == (0, True)


def test_a_data_directory_that_hooks_do_not_name_is_told_of(ann):
    line = f"Start the program with NEXUS_HOME={ann.data}: its hooks look there."
    for harness, has_hooks in (("gemini", HOOK.exists()), ("zed", False)):
        made = ann.runs("connect", harness, "--agent", "ann", "--yes")
        assert (made.returncode, line in made.stdout) == (0, has_hooks)
        assert ann.runs("disconnect", harness, "--yes").returncode == 0


def test_nothing_is_written_without_a_yes(tmp_path):
    ann = Person(tmp_path, tmp_path / "data")
    before = ann.files()
    shown = ann.runs("connect", "codex", "--print")
    assert (shown.returncode, "+[mcp_servers.nexus]" in shown.stdout) == (0, True)
    asked = ann.runs("connect", "codex", typed="n")
    assert (asked.returncode, "Nothing was written." in asked.stdout) == (0, True)
    refused = ann.runs("connect", "codex")
    assert (refused.returncode, "Say --yes to write" in refused.stderr) == (2, True)
    assert ann.files() == before
    assert not (ann.data / "keys").exists()


def test_what_cannot_be_edited_is_named_and_left_alone(tmp_path):
    ann = Person(tmp_path, tmp_path / "data")
    (ann.home / ".claude.json").write_text("{,}")
    before = ann.files()
    refused = ann.runs("connect", "claude-code", "--yes")
    assert (refused.returncode, ".claude.json is left alone: line 1 is no JSON." in refused.stdout) == (1, True)
    assert ann.files() == before


def test_other_keys_are_not_shown_and_a_damaged_record_is_named(tmp_path):
    ann = Person(tmp_path, tmp_path / "data")
    others = '{"mcpServers": {"other": {"headers": {"Authorization": "Bearer s3cret-of-another"}}}}'
    (ann.home / ".claude.json").write_text(others)
    shown = ann.runs("connect", "claude-code", "--print").stdout
    assert ("Bearer …" in shown, "s3cret" in shown) == (True, False)
    (ann.data / "connect").mkdir(parents=True)
    (ann.data / "connect" / "connections.json").write_text("{")
    for command in ("connect", "disconnect"):
        refused = ann.runs(command, "claude-code", "--yes")
        assert refused.returncode
        assert "connections.json is damaged" in refused.stdout + refused.stderr


def test_harnesses_are_found_by_their_program_or_folder(tmp_path, monkeypatch):
    (tmp_path / ".codeium" / "windsurf").mkdir(parents=True)
    for name, line in {
        "claude": "echo '2.1.332 (Claude Code)'",
        "codex": "exec /bin/sleep 60",
        "goose": "exit 1",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert found() == [
        Detected("claude-code", str(tmp_path / "claude"), "2.1.332"),
        Detected("codex", str(tmp_path / "codex"), ""),
        Detected("windsurf", "", ""),
        Detected("goose", str(tmp_path / "goose"), ""),
    ]
