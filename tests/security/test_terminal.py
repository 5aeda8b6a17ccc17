"""Text from other agents on a terminal and in the log: one line a thing, and every control character written out."""

import re
import subprocess
import sys

import pytest

from tests.live.servers import ROOT, Server
from tests.security.imitations import DECEPTIVE, ESCAPES, hostile

pytestmark = pytest.mark.slow


def shown(server: Server, *words: str) -> list[str]:
    """Return the lines that a command prints for people in the folder of the agents."""
    program = [sys.executable, "-m", "nexus_site.cli", *words]
    environment = server.environment | {"PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        program, cwd=server.project, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    said = ended.stdout + ended.stderr
    assert not DECEPTIVE.search(said), (words, said)
    return said.split("\n")[:-1]


def test_a_terminal_shows_a_line_a_thing_and_no_control_character(server: Server) -> None:
    mate, other = server.agent("mate"), server.agent("other")
    for text in ESCAPES:
        other.http.patch("agents/other", json={"role": text[:64], "harness": text[:40], "capabilities": [text[:64]]})
        mate.post("messages", to="other", **hostile(text))
        server.operator().post("agents/other/keys", label=text[:64])
    mate.http.patch("agents/mate", json={"role": "x\nroot  present  0", "harness": "codex\nb"})
    inbox, agents = shown(server, "inbox", "other"), shown(server, "agent", "list")
    keys, events = shown(server, "agent", "key", "list", "other"), shown(server, "tail", "-n", "200", "--no-follow")
    assert inbox[0].startswith("MESSAGE")
    assert len(inbox) == len(ESCAPES) + 1
    assert all(re.match(r"msg_[0-9a-z]{22}  \S{10} \S{5}  5 +mate ", line) for line in inbox[1:]), inbox
    names = [each["agent"] for each in server.operator().get("agents", limit=200)["agents"]]
    assert sorted(line.split()[0] for line in agents[1:]) == sorted(names)
    assert len(keys) == len(ESCAPES) + 2
    assert all(re.match(r"[0-9a-z]{10}  ", line) for line in keys[1:])
    assert all(re.match(r"\d\d:\d\d:\d\d  [a-z_]+\.[a-z_]+ ", line) for line in events), events
    (first, *_) = shown(server, "call", "agent_get", "agent=x\n\x1b[31m\u202enexus: all is well")
    assert first.startswith("nexus: ")


def test_no_text_forges_a_line_of_the_servers_log(server: Server) -> None:
    alice = server.agent("alice")
    forged = "2026-03-01 09:00:00,000 ERROR bus: forged"
    for path in ("/nowhere", "/api/v1/messages/", "/api/v1/", "/static/", "/admin/", "/login/"):
        for mark in ("%0A", "%0D%0A", "%E2%80%A8", "%1B[2K%0A", "%C2%85"):
            alice.http.get(f"{server.url}{path}{mark}{forged.replace(' ', '%20')}")
            alice.http.post(f"{server.url}{path}{mark}{forged.replace(' ', '%20')}", json={})
    alice.http.get("whoami", headers={"Nexus-Session": f"x {forged}"})
    server.operator().post("messages", to="alice", subject=f"x\n{forged}", body=f"\n{forged}\n")
    said = (server.home.parent / f"{server.home.name}.log").read_text()
    assert not re.search(rf"(?m)^{forged[:23]} ", said)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", said)
