"""Claude Code, with a stand-in for its model: it connects, sees the tools, calls them, and gets over a restart."""

import pytest

from nexus_site.mcp.server import INSTRUCTIONS
from tests.clients.letters import CORE, answered, check_kept, letter
from tests.clients.model import order
from tests.clients.programs import Home, claude_code

pytestmark = pytest.mark.slow

SEND = "mcp__nexus__message_create"
STREAM = ("--input-format", "stream-json", "--output-format", "stream-json", "--verbose")


@pytest.fixture
def claude(home, guide) -> Home:
    """A home in which the user trusts the folder and has said yes to its server."""
    home.write("repository/.mcp.json", guide("Claude Code"))
    answers = {"hasTrustDialogAccepted": True, "enabledMcpjsonServers": ["nexus"]}
    home.write(".claude.json", {"projects": {str(home.repository): answers}})
    return home


def test_mcp_list_says_connected_before_and_after_a_restart(claude, server, restart):
    assert f"nexus: {server.url}/mcp (HTTP) - ✔ Connected" in claude.run(claude_code(), "mcp", "list").stdout
    restart()
    assert f"nexus: {server.url}/mcp (HTTP) - ✔ Connected" in claude.run(claude_code(), "mcp", "list").stdout


def test_its_model_sees_tools_and_instructions_and_gets_the_answer(claude, server, model, bob):
    sent = letter()
    claude.run(claude_code(), "-p", order(SEND, **sent), "--allowedTools", SEND)
    assert INSTRUCTIONS in model.texts
    assert {name for name in CORE if f"mcp__nexus__{name}" in model.texts} == CORE
    check_kept(server, sent, answered(model.results[-1]))


def test_an_open_session_calls_on_after_a_restart(claude, server, model, restart, bob):
    with claude.start(claude_code(), "-p", *STREAM, "--allowedTools", SEND) as held:
        for again in (False, True):
            if again:
                restart()
            sent = letter()
            held.send({"type": "user", "message": {"role": "user", "content": order(SEND, **sent)}})
            assert held.message(type="result")["result"] == "Done."
            check_kept(server, sent, answered(model.results[-1]))
