"""Idle sessions of real programs are woken by what may wake them, with what `nexus connect --wake` writes."""

import json
import sys
import time
from pathlib import Path

import pytest

from tests.clients.programs import LONGEST, claude_code, codex, opencode
from tests.figures import figure
from tests.live.servers import ROOT

pytestmark = pytest.mark.slow

FREELY = ("--dangerously-bypass-approvals-and-sandbox", "--skip-git-repo-check")
STREAM = ("--input-format", "stream-json", "--output-format", "stream-json", "--verbose")


@pytest.fixture
def claude(home, server, connected):
    """Claude Code, connected so that it may be woken."""
    home.write(".claude.json", {"projects": {str(server.project): {"hasTrustDialogAccepted": True}}})
    return connected("claude-code", "--wake")


def until_asked(model, text: str):
    """Return the first request of the model that has a text, as soon as it is there."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        if found := [request for request in list(model.asked) if text in request.texts]:
            return found[0]
        time.sleep(0.01)
    raise AssertionError("the model was not asked")


def told(request, text: str) -> int:
    """Return how often the model is told a text as words that are not its own, and not the system's."""
    return sum(said.count(text) for kind, said in request.said if kind == "text")


def test_an_idle_claude_code_takes_a_turn_for_mail_and_ends_with_its_input(claude, server, model, write, alice):
    with claude.start(claude_code(), "-p", *STREAM) as held:
        held.send({"type": "user", "message": {"role": "user", "content": "Hello"}})
        held.message(type="result")
        begun = time.monotonic()
        sent = write("Fire", priority=9)
        woken = until_asked(model, sent)
        figure("S", "From an urgent message to the turn of an idle Claude Code", f"{time.monotonic() - begun:.2f} s")
        assert (told(woken, sent), woken.texts.count(sent)) == (1, 1)
        held.message(type="result")
        held.send({"type": "user", "message": {"role": "user", "content": "Go on"}})
        held.message(type="result")
        assert model.asked[-1].texts.count(sent) == 1
        assert alice.get("events", types="agent.woken")["events"][0]["data"]["by"] == ["bob"]
        held.process.stdin.close()
        assert held.process.wait(LONGEST) == 0


def test_an_idle_claude_code_is_woken_before_its_first_prompt(claude, model, write):
    with claude.start(claude_code(), "-p", *STREAM) as held:
        held.line(lambda line: "hook_response" in line and "You are alice" in line)
        sent = write("Before you begin")
        assert told(until_asked(model, sent), sent) == 1


def test_an_idle_opencode_takes_a_turn_for_mail(home, connected, server, model, write):
    api = {"options": {"baseURL": f"{model.url}/v1", "apiKey": "none"}, "models": {"scripted": {}}}
    chosen = {"provider": {"anthropic": api}, "model": "anthropic/scripted", "small_model": "anthropic/scripted"}
    home.write(".config/opencode/opencode.json", chosen)
    early = write("Early")
    with connected("opencode", "--wake").start(opencode(), "serve", "--port", "0") as held:
        url = held.line(lambda line: "listening on" in line).split()[-1]
        http = server.client(base_url=url)
        session = http.post("/session", json={}).json()["id"]
        hello = {"parts": [{"type": "text", "text": "Hello"}]}
        http.post(f"/session/{session}/message", json=hello, timeout=LONGEST).raise_for_status()
        assert told(until_asked(model, early), early) == 1
        begun = time.monotonic()
        sent = write("Meanwhile")
        woken = until_asked(model, sent)
        figure("S", "From a message to the turn of an idle OpenCode", f"{time.monotonic() - begun:.2f} s")
        assert (told(woken, early), told(woken, sent)) == (1, 1)


def test_codex_takes_what_is_queued_for_a_thread_at_its_next_turn(alone, server, model, write, alice):
    sent = write("For the thread")
    path = f"{Path(codex()[0]).parent}:{alone.environment['PATH']}"
    alone.environment |= {"PATH": path, "NEXUS_HOME": str(server.home), "PYTHONPATH": str(ROOT)}
    begun = alone.run(codex(), "exec", *FREELY, "--json", "Hello")
    thread = json.loads(begun.stdout.splitlines()[0])["thread_id"]
    woke = alone.run([sys.executable, "-m", "nexus_site.cli"], "wake", "alice", "--codex-thread", thread, "--once")
    assert "Woke alice" in woke.stdout
    alone.run(codex(), "exec", *FREELY, "resume", thread, "Go on")
    assert told(until_asked(model, sent), sent) == 1
    assert alice.get("events", types="agent.woken")["events"][0]["data"]["waiter"] == "codex"
