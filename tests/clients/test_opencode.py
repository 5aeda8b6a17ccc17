"""OpenCode, with a stand-in for its model: it connects, sees the tools, calls them, and gets over a restart."""

import json

import pytest

from nexus_site.mcp.server import INSTRUCTIONS
from tests.clients.letters import CORE, answered, check_kept, letter
from tests.clients.model import order
from tests.clients.programs import LONGEST, Home, opencode

pytestmark = pytest.mark.slow


@pytest.fixture
def configured(home, guide, model) -> Home:
    """A home with what the guide shows, and the stand-in as its model."""
    api = {"options": {"baseURL": f"{model.url}/v1", "apiKey": "none"}, "models": {"scripted": {}}}
    chosen = {"provider": {"anthropic": api}, "model": "anthropic/scripted", "small_model": "anthropic/scripted"}
    home.write("repository/opencode.json", json.loads(guide("OpenCode")) | chosen)
    return home


def test_mcp_list_says_connected_before_and_after_a_restart(configured, server, restart):
    assert "✓ nexus" in (listed := configured.run(opencode(), "mcp", "list").stdout)
    assert "connected" in listed
    restart()
    assert "✓ nexus" in (listed := configured.run(opencode(), "mcp", "list").stdout)
    assert "connected" in listed


def test_an_open_session_calls_on_after_a_restart(configured, server, model, restart, bob):
    with configured.start(opencode(), "serve", "--port", "0") as held:
        url = held.line(lambda line: "listening on" in line).split()[-1]
        http = server.client(base_url=url)
        session = http.post("/session", json={}).json()["id"]
        for again in (False, True):
            if again:
                restart()
            sent = letter()
            parts = [{"type": "text", "text": order("nexus_message_create", **sent)}]
            http.post(f"/session/{session}/message", json={"parts": parts}, timeout=LONGEST).raise_for_status()
            check_kept(server, sent, answered(model.results[-1]))
        assert INSTRUCTIONS in model.texts
        assert {name for name in CORE if f"nexus_{name}" in model.offered} == CORE
