"""`nexus wake`: the digest for a person or a script, and a program that is started when something comes."""

import json
import subprocess
import sys
from typing import Any

from nexus_site.hooks.state import State
from tests.live.servers import ROOT


def nexus(claude, *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    environment = claude.environment | more
    settings: Any = {"cwd": claude.server.project, "capture_output": True, "text": True, "timeout": 120}
    return subprocess.run([sys.executable, "-m", "nexus_site.cli", "wake", *words], env=environment, **settings)


def test_the_digest_is_shown_and_nothing_is_taken(claude, write):
    sent = write("For a person")
    for _ in range(2):
        shown = nexus(claude, "ben", "--json")
        assert (shown.returncode, sent in json.loads(shown.stdout)["text"]) == (0, True)
    assert sent in nexus(claude).stdout


def test_a_program_is_started_with_the_digest_and_is_not_told_twice(claude, write, ben, tmp_path):
    first = write("For a program")
    line = f"cat >> {tmp_path}/told"
    woke = nexus(claude, "ben", "--command", line, "--once")
    assert (woke.returncode, "Woke ben: 1 new" in woke.stdout) == (0, True)
    second = write("And another")
    assert nexus(claude, "ben", "--command", line, "--once").returncode == 0
    told = (tmp_path / "told").read_text()
    assert (told.count(first), told.count(second)) == (1, 1)
    woken = ben.get("events", types="agent.woken")["events"][0]
    assert woken["data"] == {"waiter": "command", "by": ["ann"]}


def test_what_a_program_did_not_take_is_told_again(claude, write, tmp_path):
    sent = write("Twice")
    line = f"cat >> {tmp_path}/told; test -e {tmp_path}/tried || {{ touch {tmp_path}/tried; exit 3; }}"
    woke = nexus(claude, "ben", "--command", line, "--once")
    assert (woke.returncode, "ended with 3" in woke.stdout) == (0, True)
    assert (tmp_path / "told").read_text().count(sent) == 2


def test_a_position_that_is_refused_is_forgotten(claude, write, ben, server, tmp_path):
    sent = write("From the beginning")
    line = f"cat >> {tmp_path}/told"
    place = ben.get("whoami")["workspace"]
    path = State.path(server.home, "wake", f"ben\n{place}\n{line}")
    State(cursor="cur_broken").write(path)
    assert nexus(claude, "ben", "--command", line, "--once").returncode == 0
    assert sent in (tmp_path / "told").read_text()
    assert State.read(path).cursor != "cur_broken"


def test_codex_gets_the_digest_as_one_argument(claude, write, tmp_path):
    write("$(touch broken) `touch broken`")
    codex = tmp_path / "codex"
    codex.write_text(f'#!/bin/sh\nprintf "%s\\n" "$#" "$@" > {tmp_path}/said\n')
    codex.chmod(0o755)
    path = f"{tmp_path}:{claude.environment['PATH']}"
    assert nexus(claude, "ben", "--codex-thread", "th1", "--once", PATH=path).returncode == 0
    said = (tmp_path / "said").read_text().splitlines()
    assert said[:5] == ["6", "queue", "--thread", "th1", "--message"]
    assert said[-1] == "--resume"
    assert "$(touch broken)" in "\n".join(said)
    assert not (ROOT / "broken").exists()
    assert not (claude.server.project / "broken").exists()


def test_a_key_of_another_agent_or_none_is_refused(claude):
    other = nexus(claude, "ann")
    assert (other.returncode, "That key is ben's" in other.stderr) == (2, True)
    none = nexus(claude, NEXUS_KEY="")
    assert (none.returncode, "no key of an agent" in none.stderr) == (2, True)
