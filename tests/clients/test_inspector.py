"""The MCP Inspector on the command line, in both eras of the protocol."""

import json

import pytest

from tests.clients.letters import CORE, check_kept, letter
from tests.clients.programs import Home, inspector

pytestmark = pytest.mark.slow


def inspect(home: Home, url: str, era: str, *words: str):
    header = f"Authorization: Bearer {home.environment['NEXUS_KEY']}"
    where = ("--server-url", url, "--transport", "http", "--header", header, "--protocol-era", era)
    return json.loads(home.run(inspector(), *where, "--format", "json", "--quiet", *words).stdout)


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_inspector_lists_and_calls_before_and_after_a_restart(home, server, restart, bob, era):
    for again in (False, True):
        if again:
            restart()
        listed = inspect(home, f"{server.url}/mcp", era, "--method", "tools/list")
        assert {tool["name"] for tool in listed["result"]["tools"]} == CORE
        sent = letter()
        call = ("--method", "tools/call", "--tool-name", "message_create", "--tool-args-json", json.dumps(sent))
        called = inspect(home, f"{server.url}/mcp", era, *call)
        check_kept(server, sent, called["result"]["structuredContent"])
