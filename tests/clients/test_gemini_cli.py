"""Gemini CLI, with a stand-in for its model: it connects, sees the tools, calls them, and gets over a restart."""

import json

import pytest

from nexus_site.mcp.server import INSTRUCTIONS
from tests.clients.letters import CORE, answered, check_kept, letter
from tests.clients.model import order
from tests.clients.programs import Held, Home, gemini_cli

pytestmark = pytest.mark.slow

SEND = "mcp_nexus_message_create"
FREELY = ("--approval-mode", "yolo", "-m", "gemini-2.5-pro")


@pytest.fixture
def configured(home, guide) -> Home:
    """A home with what the guide shows, a trusted folder, and a key for the model."""
    chosen = {"security": {"auth": {"selectedType": "gemini-api-key"}}, "privacy": {"usageStatisticsEnabled": False}}
    home.write(".gemini/settings.json", json.loads(guide("Gemini CLI")) | chosen)
    home.write(".gemini/trustedFolders.json", {str(home.repository): "TRUST_FOLDER"})
    return home


def opened(held: Held, home: Home) -> str:
    session: str = held.ask("session/new", cwd=str(home.repository), mcpServers=[])["sessionId"]
    return session


def say(held: Held, session: str, words: str) -> None:
    held.ask("session/prompt", sessionId=session, prompt=[{"type": "text", "text": words}])


def test_mcp_list_says_connected_before_and_after_a_restart(configured, server, restart):
    connected = f"✓ nexus: {server.url}/mcp (http) - Connected"
    assert connected in configured.run(gemini_cli(), "mcp", "list").stderr
    restart()
    assert connected in configured.run(gemini_cli(), "mcp", "list").stderr


def test_its_model_sees_tools_and_instructions_and_gets_the_answer(configured, server, model, bob):
    sent = letter()
    configured.run(gemini_cli(), *FREELY, "-p", order(SEND, **sent))
    assert INSTRUCTIONS in model.texts
    assert {name for name in CORE if f"mcp_nexus_{name}" in model.offered} == CORE
    check_kept(server, sent, answered(model.results[-1]))


def test_an_open_session_calls_on_after_a_restart(configured, server, model, restart, bob):
    with configured.start(gemini_cli(), "--acp", *FREELY) as held:
        held.ask("initialize", protocolVersion=1, clientCapabilities={})
        session = opened(held, configured)
        for again in (False, True):
            if again:
                restart()
            say(held, session, order(SEND, **(sent := letter())))
            check_kept(server, sent, answered(model.results[-1]))
