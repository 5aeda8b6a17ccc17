"""What is written for each harness, held in files: `GOLDEN=write` writes them anew."""

import json
import os
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from nexus_site.connect.harnesses import HARNESSES, scope_of, who_wakes
from nexus_site.connect.jsonc import parse
from nexus_site.connect.plan import plan
from nexus_site.connect.wanted import Place, Wanted

GOLDEN = Path(__file__).parent / "golden"
ROOT = GOLDEN.parents[2]
PACKAGES = {
    "claude-code": "@anthropic-ai/claude-code",
    "codex": "@openai/codex",
    "gemini": "@google/gemini-cli",
    "opencode": "opencode-ai",
}
NOWHERE = Path("/nowhere/ann")
KEY = "nxs_k3y_secret"
PLACE = Place(NOWHERE, NOWHERE / "shop", NOWHERE / "data", {})
CASES = [
    (harness, scope) for harness in HARNESSES for scope in ("user", "project") if scope_of(harness, scope) == scope
]


def wanted(harness: str, scope: str, **more: object) -> Wanted:
    shop = Wanted(harness, scope, "ann", PLACE, "http://127.0.0.1:8642/mcp", "/opt/a b/nexus-hook", KEY)
    return Wanted(**vars(shop) | more)


def written(harness: str, scope: str) -> str:
    changes = plan(wanted(harness, scope, wake=True)).changes
    return "\n".join(f"=== {change.path} {change.mode:o}\n{change.after}" for change in changes)


@pytest.mark.parametrize(("harness", "scope"), CASES)
def test_a_connection_writes_what_the_golden_file_says(harness, scope):
    golden = GOLDEN / f"{harness}-{scope}.txt"
    if os.environ.get("GOLDEN") == "write":
        golden.write_text(written(harness, scope))
    assert written(harness, scope) == golden.read_text()


def test_there_is_a_golden_file_for_each_of_the_twelve_and_no_other():
    assert len(HARNESSES) == 12
    assert {file.stem for file in GOLDEN.iterdir()} == {f"{harness}-{scope}" for harness, scope in CASES}


@pytest.mark.parametrize(("harness", "scope"), CASES)
def test_each_file_is_what_its_name_says(harness, scope):
    readers = {".json": json.loads, ".jsonc": parse, ".toml": tomllib.loads, ".yaml": yaml.safe_load}
    for change in plan(wanted(harness, scope, wake=True)).changes:
        read = readers.get(change.path.suffix)
        assert read is None or read(change.after)


@pytest.mark.parametrize(("harness", "scope"), CASES)
def test_a_key_is_only_in_files_for_their_owner_and_never_in_a_repository(harness, scope):
    for change in plan(wanted(harness, scope, wake=True, skill=True, agents_md=True)).changes:
        holds_key = KEY in change.after
        assert not holds_key or (change.mode == 0o600 and PLACE.project not in change.path.parents)


@pytest.mark.parametrize("harness", HARNESSES)
def test_hooks_that_stop_or_wait_are_written_only_where_waking_is_asked_for(harness):
    quiet = "".join(change.after for change in plan(wanted(harness, "user")).changes)
    assert not re.search(r"nexus-hook'? stop|--wake", quiet)


@pytest.mark.parametrize(("harness", "scope"), CASES)
def test_whoever_can_be_woken_gets_a_hook_for_it_and_nobody_else(harness, scope):
    hooks = [wanted(harness, scope, wake=wake) for wake in (False, True)]
    quiet, waking = ("".join(change.after for change in plan(each).changes) for each in hooks)
    assert (waking != quiet) == (scope in HARNESSES[harness].wakes_in)
    assert ("wait --harness" in waking or '["--wake"]' in waking) == HARNESSES[harness].wakes_idle
    assert harness in who_wakes() or not HARNESSES[harness].wakes_in


@pytest.mark.parametrize("harness", HARNESSES)
def test_without_the_program_no_hook_is_written(harness):
    for change in plan(wanted(harness, "user", wake=True, hook="")).changes:
        assert change.after is not None
        assert "hook" not in f"{change.path.name} {change.after}"
        assert not change.after.endswith("\n\n")


def test_the_command_of_a_hook_stays_the_same_for_ever():
    assert wanted("codex", "user").command("start") == "'/opt/a b/nexus-hook' start --harness codex --agent ann"
    assert wanted("codex", "user").command("stop").endswith(" stop --harness codex --agent ann --wake")


def test_the_guide_names_all_twelve_and_the_versions_that_are_run():
    guide = (ROOT / "docs" / "how-to" / "connect-a-client.md").read_text()
    rows = dict(re.findall(r"^\| [^|]+ \| `([a-z-]+)` \| ([\d.]*) ?\|", guide, re.MULTILINE))
    pinned = json.loads((ROOT / "tests" / "clients" / "package.json").read_text())["dependencies"]
    assert rows.keys() == HARNESSES.keys()
    assert {name: rows[name] for name in PACKAGES} == {name: pinned[package] for name, package in PACKAGES.items()}
