"""Codex, by its app server: it connects, lists the tools, calls one, and gets over a restart."""

import pytest

from tests.clients.letters import CORE, check_kept, letter
from tests.clients.programs import Held, Home, codex

pytestmark = pytest.mark.slow

CLIENT = {"name": "test", "version": "1"}


@pytest.fixture
def configured(home, guide) -> Home:
    home.write(".codex/config.toml", guide("Codex"))
    return home


def begin(held: Held) -> None:
    held.ask("initialize", clientInfo=CLIENT)
    held.send({"jsonrpc": "2.0", "method": "initialized"})


def test_mcp_list_shows_the_server_with_its_key(configured, server):
    row = configured.run(codex(), "mcp", "list").stdout.splitlines()[-1].split()
    assert row == ["nexus", f"{server.url}/mcp", "NEXUS_KEY", "enabled", "Bearer", "token"]


def test_status_lists_the_tools_before_and_after_a_restart(configured, restart):
    with configured.start(codex(), "app-server") as held:
        begin(held)
        for again in (False, True):
            if again:
                restart()
            (status,) = held.ask("mcpServerStatus/list")["data"]
            assert (status["name"], status["authStatus"], status["toolsError"]) == ("nexus", "bearerToken", None)
            assert status["serverInfo"]["name"] == "nexus"
            assert status["tools"].keys() == CORE


def test_an_open_thread_calls_on_after_a_restart(configured, server, restart, bob):
    with configured.start(codex(), "app-server") as held:
        begin(held)
        thread = held.ask("thread/start", cwd=str(configured.repository))["thread"]["id"]
        for again in (False, True):
            if again:
                restart()
            sent = letter()
            call = {"server": "nexus", "threadId": thread, "tool": "message_create", "arguments": sent}
            result = held.ask("mcpServer/tool/call", **call)
            assert not result["isError"]
            check_kept(server, sent, result["structuredContent"])
