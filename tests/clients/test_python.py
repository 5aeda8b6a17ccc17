"""The official Python client, in both eras and as it chooses by itself."""

import pytest

from nexus_site.mcp.server import INSTRUCTIONS
from tests.clients.letters import CORE, check_kept, letter
from tests.live.servers import MODERN, mcp_tools, play

pytestmark = pytest.mark.slow


async def write(tools, server) -> None:
    sent = letter()
    check_kept(server, sent, await tools("message_create", **sent))


@pytest.mark.parametrize("mode", ["auto", MODERN])
def test_client_without_a_handshake_calls_on_after_a_restart(server, alice, bob, restart, mode):
    async def scenario():
        async with mcp_tools(server, alice.key, mode) as tools:
            assert {tool.name for tool in (await tools.client.list_tools()).tools} == CORE
            await write(tools, server)
            restart()
            await write(tools, server)

    play(scenario())


def test_client_with_a_handshake_calls_on_after_a_restart(server, alice, bob, restart):
    async def scenario():
        async with mcp_tools(server, alice.key) as tools:
            assert tools.client.instructions == INSTRUCTIONS
            assert {tool.name for tool in (await tools.client.list_tools()).tools} == CORE
            await write(tools, server)
            restart()
            await write(tools, server)

    play(scenario())
