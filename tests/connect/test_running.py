"""`nexus run` as an agent where the program is connected as another one."""

import pytest


@pytest.fixture
def programs(ann):
    folder = ann.home / "programs"
    folder.mkdir()
    for name in ("codex", "opencode", "gemini"):
        (folder / name).write_text('#!/bin/sh\necho "$NEXUS_KEY"\n')
        (folder / name).chmod(0o755)
    ann.environment["PATH"] = f"{folder}:{ann.environment['PATH']}"
    return ann


@pytest.mark.parametrize("harness", ["codex", "opencode", "gemini"])
def test_a_file_that_holds_the_key_of_another_agent_is_named(programs, harness):
    ann = programs
    assert ann.runs("connect", harness, "--agent", "bob", "--yes").returncode == 0
    same = ann.runs("run", harness, "--agent", "bob")
    assert (same.returncode, same.stderr) == (0, "")
    other = ann.runs("run", harness, "--agent", "carol")
    assert (other.returncode, other.stdout.strip()) == (0, (ann.data / "keys" / "carol").read_text())
    is_told = harness != "gemini"  # in whose file NEXUS_KEY goes before
    assert ("holds the key of bob: with its tools it speaks as bob, not as carol" in other.stderr) == is_told
    assert (f"nexus connect {harness} --agent carol" in other.stderr) == is_told
    assert ann.runs("connect", harness, "--agent", "carol", "--scope", "project", "--yes").returncode == 0
    assert ann.runs("run", harness, "--agent", "carol").stderr == ""
