"""Another agent, another project, a failure half-way: whose key ends, and whose does not."""

import re
from pathlib import Path

from tests.live.servers import Rest, Server


def opens(server: Server, key: str) -> bool:
    """Say whether a key opens the server."""
    return "agent" in Rest(server, key).get("whoami")


def key_in(file: Path) -> str:
    return re.findall(r"nxs_\w+", file.read_text())[-1]


def test_another_agent_takes_the_place_of_the_former_whose_key_ends(ann, server):
    assert ann.runs("connect", "claude-code", "--agent", "first", "--yes").returncode == 0
    assert ann.runs("connect", "gemini", "--agent", "first", "--yes").returncode == 0
    former, key = ann.data / "keys" / "first", (ann.data / "keys" / "first").read_text()
    before = ann.files() | {former: former.read_bytes()}
    shown = ann.runs("connect", "claude-code", "--agent", "second", "--print")
    assert "It is first no more" in shown.stdout
    assert ann.files() | {former: former.read_bytes()} == before
    assert (opens(server, key), ann.runs("agent", "key", "list", "second").returncode) == (True, 1)

    assert ann.runs("connect", "claude-code", "--agent", "second", "--yes").returncode == 0
    assert opens(server, key_in(ann.home / ".claude.json"))
    assert (opens(server, key), key_in(ann.home / ".gemini" / "settings.json")) == (True, key)  # which still uses it
    moved = ann.runs("connect", "gemini", "--agent", "second", "--yes")
    assert "Revoked the key" in moved.stdout
    assert (opens(server, key), former.exists(), ann.keys("first")) == (False, False, [])
    assert opens(server, key_in(ann.home / ".gemini" / "settings.json"))


def test_a_failure_half_way_leaves_a_key_that_works_and_the_next_attempt_ends_the_former(ann, server):
    assert ann.runs("connect", "claude-code", "--agent", "early", "--yes").returncode == 0
    early = key_in(ann.home / ".claude.json")
    (ann.home / ".claude").rename(ann.home / "moved")
    (ann.home / ".claude").symlink_to("/proc/nowhere")  # where nobody can write
    failed = ann.runs("connect", "claude-code", "--agent", "late", "--yes")
    assert failed.returncode == 1
    assert (opens(server, early), opens(server, key_in(ann.home / ".claude.json"))) == (True, True)

    (ann.home / ".claude").unlink()
    again = ann.runs("connect", "claude-code", "--agent", "late", "--yes")
    assert (again.returncode, "Revoked the key" in again.stdout) == (0, True)
    assert (opens(server, early), opens(server, key_in(ann.home / ".claude.json"))) == (False, True)


def test_a_key_that_cannot_be_kept_is_ended(ann):
    (ann.data / "keys").mkdir(exist_ok=True)
    (ann.data / "keys" / "lost").symlink_to("/proc/nowhere/lost")
    assert ann.runs("connect", "claude-code", "--agent", "lost", "--yes").returncode == 1
    assert ann.keys("lost") == []


def test_what_connect_did_not_make_is_not_ended(ann, server):
    Rest(server, "").post("agents", name="own", any_workspace=True)
    key = Rest(server, "").post("agents/own/keys", any_workspace=True)["key"]
    (ann.data / "keys").mkdir(exist_ok=True)
    (ann.data / "keys" / "own").write_text(key)
    assert ann.runs("connect", "claude-code", "--agent", "own", "--yes").returncode == 0
    assert key_in(ann.home / ".claude.json") == key
    assert ann.runs("disconnect", "claude-code", "--yes").returncode == 0
    assert opens(server, key)
    narrow = server.agent("narrow").key
    (ann.data / "keys" / "narrow").write_text(narrow)
    assert ann.runs("connect", "claude-code", "--agent", "narrow", "--yes").returncode == 0
    assert key_in(ann.home / ".claude.json") != narrow
    assert opens(server, narrow)


def test_ending_in_one_project_ends_nothing_of_another(ann, server):
    first, other = ann.shop, ann.home / "other"
    (other / ".git").mkdir(parents=True)
    for words in (("codex",), ("codex", "--scope", "project"), ("copilot", "--scope", "project", "--agents-md")):
        assert ann.runs("connect", *words, "--agent", "eve", "--yes").returncode == 0
    ann.shop = other
    assert (
        ann.runs("connect", "copilot", "--scope", "project", "--agents-md", "--agent", "eve", "--yes").returncode == 0
    )
    copilot, codex = ann.home / ".copilot" / "mcp-config.json", ann.home / ".codex" / "config.toml"

    ended = ann.runs("disconnect", "copilot", "--yes")
    assert f"stays for {first}" in ended.stdout
    assert (copilot.exists(), (other / "AGENTS.md").exists(), (first / "AGENTS.md").exists()) == (True, False, True)
    assert "Nothing is connected there" in ann.runs("disconnect", "copilot", "--yes").stdout
    ann.shop = first
    assert "for all your projects" not in ann.runs("disconnect", "codex", "--yes").stdout
    assert (codex.exists(), (first / ".codex" / "config.toml").exists()) == (True, False)
    assert opens(server, key_in(codex))
    assert "for all your projects" in ann.runs("disconnect", "codex", "--yes").stdout
    assert ann.runs("disconnect", "copilot", "--yes").returncode == 0
    assert (codex.exists(), copilot.exists(), (first / "AGENTS.md").exists(), ann.keys("eve")) == (False,) * 3 + ([],)


def test_a_key_for_one_project_learns_the_next_and_the_former_lives_as_long_as_a_project_may_hold_it(ann, server):
    first, other, file = ann.shop, ann.home / "other", ann.data / "keys" / "erin"
    (other / ".git").mkdir(parents=True)
    assert ann.runs("connect", "gemini", "--agent", "erin", "--scope", "project", "--yes").returncode == 0
    held = file.read_text()
    ann.shop = other
    assert ann.runs("connect", "gemini", "--agent", "erin", "--scope", "project", "--yes").returncode == 0
    learned = file.read_text()
    assert (learned != held, opens(server, held), opens(server, learned)) == (True, True, True)
    assert ann.runs("run", "generic", "--agent", "erin", "--", "true").returncode == 0
    assert [opens(server, key) for key in (held, learned, file.read_text())] == [True] * 3

    assert ann.runs("disconnect", "gemini", "--yes").returncode == 0
    assert [opens(server, key) for key in (held, learned)] == [True, True]
    ann.shop = first
    assert ann.runs("disconnect", "gemini", "--yes").returncode == 0
    assert (opens(server, held), opens(server, learned), ann.keys("erin")) == (False, False, [])


def test_a_narrower_key_that_no_project_holds_any_more_ends(ann, server):
    assert ann.runs("connect", "gemini", "--agent", "dora", "--scope", "project", "--yes").returncode == 0
    narrow = (ann.data / "keys" / "dora").read_text()
    assert ann.runs("connect", "cursor", "--agent", "dora", "--yes").returncode == 0
    assert opens(server, narrow)
    assert ann.runs("disconnect", "gemini", "--yes").returncode == 0
    assert (opens(server, narrow), opens(server, key_in(ann.home / ".cursor" / "mcp.json"))) == (False, True)
