"""The commands against a running server, and against the database where none runs."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.serving.processes import ROOT, Serve, environment, nexus


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository to work in."""
    root = tmp_path_factory.mktemp("work") / "shop"
    (root / ".git").mkdir(parents=True)
    return root


@pytest.fixture(scope="module", params=["server", pytest.param("database", marks=pytest.mark.slow)])
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that a server serves, and one that no server serves."""
    if request.param == "server":
        server: Serve = request.getfixturevalue("server")
        return server.home
    return tmp_path_factory.mktemp("alone") / "home"


@pytest.fixture(scope="module")
def alice(home: Path, project: Path) -> str:
    """The key of alice, who works in the repository."""
    words = ("--harness", "codex", "--capability", "review", "--role", "tester")
    added = answered(home, project, "agent", "add", "alice", *words)
    assert added["agent"] == "alice"
    return str(added["key"])


def answered(home: Path, project: Path, *words: str, **more: str) -> Any:
    """Return the JSON that a command prints."""
    ended = nexus(home, *words, "--json", cwd=project, **more)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return json.loads(ended.stdout)


def test_an_added_agent_can_use_its_key_at_once(home: Path, project: Path, alice: str) -> None:
    me = answered(home, project, "call", "whoami", NEXUS_KEY=alice)
    assert (me["agent"], me["alias"], me["harness"]) == ("alice", "shop", "codex")


def test_agents_are_listed_with_what_they_can_do(home: Path, project: Path, alice: str) -> None:
    (row,) = (each for each in answered(home, project, "agent", "list")["agents"] if each["agent"] == "alice")
    assert (row["role"], row["capabilities"]) == ("tester", ["review"])
    assert "tester" in nexus(home, "agent", "list").stdout


def test_what_was_said_is_found_by_its_words(home: Path, project: Path, alice: str) -> None:
    sent = answered(home, project, "send", "alice", "Lost key", "The session_token\x1b[31m is in the drawer.")
    (hit,) = answered(home, project, "search", '"lost key"', "drawer", "--from", "operator", "--kind", "message")[
        "results"
    ]
    assert hit["id"] == sent["message"]
    said = nexus(home, "search", "session_tok*", cwd=project).stdout
    assert sent["message"] in said
    assert "session_token\\x1b[31m is" in said
    assert nexus(home, "search", "no", "such", "words", cwd=project).stdout == "Nothing found.\n"
    assert answered(home, project, "search", "drawer", "--key", alice)["results"][0]["id"] == sent["message"]


def test_a_message_sent_is_in_the_inbox_until_it_is_read(home: Path, project: Path, alice: str) -> None:
    sent = answered(home, project, "send", "alice", "Hello", "Are you there?")
    assert [each["agent"] for each in sent["recipients"]] == ["alice"]
    assert sent["message"] in nexus(home, "inbox", "alice", cwd=project).stdout
    mine = answered(home, project, "inbox", "--key", alice)
    assert sent["message"] in [each["message"] for each in mine["messages"]]
    answered(home, project, "call", "inbox_pull", "--key", alice)
    answered(home, project, "call", "inbox_ack", f'messages=["{sent["message"]}"]', "--key", alice)
    waiting = answered(home, project, "inbox", "alice")["messages"]
    assert sent["message"] not in [each["message"] for each in waiting]


def test_fields_of_a_call_are_text_numbers_or_json(home: Path, project: Path, alice: str) -> None:
    fields = ('to=["alice"]', "subject=5", "body=plain", "priority=9", 'metadata={"depth": 2}')
    sent = answered(home, project, "call", "message_create", *fields)
    got = answered(home, project, "call", "message_get", f"message={sent['message']}")
    assert (got["to"], got["subject"], got["priority"], got["metadata"]) == (["alice"], "5", 9, {"depth": 2})


def test_a_call_reads_a_field_from_a_file(home: Path, project: Path, alice: str) -> None:
    (project / "note.md").write_text("# Long\n\nstory")
    sent = answered(home, project, "call", "message_create", "to=alice", "subject=Note", "body=@note.md")
    got = answered(home, project, "call", "message_get", f"message={sent['message']}")
    assert got["body"] == "# Long\n\nstory"


def test_keys_are_made_listed_and_revoked(home: Path, project: Path, alice: str) -> None:
    made = answered(home, project, "agent", "key", "mint", "alice", "--label", "laptop")
    listed = answered(home, project, "agent", "key", "list", "alice")["keys"]
    assert "laptop" in [each.get("label") for each in listed if each["key"] == made["prefix"]]
    assert nexus(home, "agent", "key", "revoke", "alice", made["prefix"]).returncode == 0
    refused = nexus(home, "call", "whoami", "--json", NEXUS_KEY=made["key"])
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["error"]["code"] == "unauthorized"


def test_a_refusal_is_a_sentence_a_hint_and_exit_code_1(home: Path, project: Path, alice: str) -> None:
    again = nexus(home, "agent", "add", "alice", cwd=project)
    assert (again.returncode, again.stdout) == (1, "")
    assert "An agent has that name already" in again.stderr
    assert "Choose another name" in again.stderr


def test_an_agents_key_adds_no_agents(home: Path, project: Path, alice: str) -> None:
    refused = nexus(home, "call", "agent_create", "name=eve", "--key", alice, "--json", cwd=project)
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["error"]["code"] == "forbidden"


def test_the_log_is_shown_in_order(home: Path, project: Path, alice: str) -> None:
    shown = nexus(home, "tail", "--no-follow", "-n", "100", "--json", cwd=project).stdout.splitlines()
    types = [json.loads(line)["type"] for line in shown]
    assert types.index("workspace.created") < types.index("agent.created") < types.index("key.minted")
    assert "agent.created" in nexus(home, "tail", "--no-follow", "-n", "100", cwd=project).stdout


def test_the_log_is_followed(home: Path, project: Path, alice: str) -> None:
    follower = subprocess.Popen(
        [sys.executable, "-P", "-m", "nexus_site.cli", "tail", "-n", "1", "--types", "message", "--json"],
        cwd=project,
        env=environment(home),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert follower.stdout is not None
    answered(home, project, "send", "alice", "First")
    sent = {answered(home, project, "send", "alice", "Next")["message"]}
    seen = {json.loads(follower.stdout.readline())["message"]}
    end = time.monotonic() + 30
    while not sent <= seen and time.monotonic() < end:
        seen.add(json.loads(follower.stdout.readline())["message"])
    follower.kill()
    follower.wait()
    follower.stdout.close()
    assert sent <= seen


def test_doctor_finds_nothing_that_failed(home: Path, alice: str) -> None:
    found = json.loads(nexus(home, "doctor", "--json").stdout)
    assert [each for each in found["findings"] if each["state"] == "failed"] == []
    assert found["ok"]


def test_doctor_says_how_to_close_the_data(home: Path, alice: str) -> None:
    home.chmod(0o750)
    ended = nexus(home, "doctor")
    home.chmod(0o700)
    assert ended.returncode == 1
    assert f"chmod 700 {home}" in ended.stdout


def test_the_log_verifies_and_a_backup_is_made(home: Path, alice: str) -> None:
    verified = nexus(home, "verify", "--json")
    assert verified.returncode == 0, verified.stdout
    made = json.loads(nexus(home, "backup", "--json").stdout)
    assert (home / "backups" / made["backup"]).is_file()


def test_status_tells_what_runs(server: Serve) -> None:
    server.until("/readyz", 200)
    ended = nexus(server.home, "status", "--json")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = json.loads(ended.stdout)
    assert (found["pid"], found["url"]) == (server.process.pid, server.said["url"])
    assert found["ready"]["lane"]["depth"] == 0
    assert found["database_bytes"] > 0


def test_restore_needs_the_server_stopped(server: Serve) -> None:
    made = json.loads(nexus(server.home, "backup", "--json").stdout)
    refused = nexus(server.home, "restore", made["backup"], "--json")
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["error"]["code"] == "conflict"


def test_a_server_that_is_not_there_is_exit_code_3(tmp_path: Path) -> None:
    ended = nexus(tmp_path / "home", "call", "whoami", NEXUS_URL="http://127.0.0.1:9")
    assert ended.returncode == 3
    assert "127.0.0.1:9" in ended.stderr


def test_the_operator_key_goes_to_no_other_server(server: Serve) -> None:
    other = server.said["url"].replace("127.0.0.1", "localhost")
    ended = nexus(server.home, "call", "key_mint", "agent=nobody", "--json", NEXUS_URL=other)
    assert json.loads(ended.stdout)["error"]["code"] == "not_found"  # the person at the machine, who needs no key


def test_text_from_others_cannot_steer_the_terminal(server: Serve, tmp_path: Path) -> None:
    nexus(server.home, "agent", "add", "terse", cwd=tmp_path)
    nexus(server.home, "send", "terse", "Red\x1b[31m alert", cwd=tmp_path)
    shown = nexus(server.home, "inbox", "terse", cwd=tmp_path).stdout
    assert "Red\\x1b[31m alert" in shown
    assert "\x1b" not in shown


def test_manage_py_serves_too(server: Serve) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), "serve", "--json"]
    ended = subprocess.run(command, env=environment(server.home), capture_output=True, text=True, timeout=60)
    assert json.loads(ended.stdout)["url"] == server.said["url"]
