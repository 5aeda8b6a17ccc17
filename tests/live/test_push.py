"""The official client is told of new mail in both eras, also after the server was killed and started again."""

import asyncio

import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

from tests.live.servers import MODERN, PATIENCE, play

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning"),  # that era has no other way
]

INBOX = "nexus://inbox"


class Listener:
    """A client that is told of its inbox, in one era."""

    def __init__(self, server, key, era):
        self.server, self.key, self.era = server, key, era
        self.told = asyncio.Queue()

    async def _note(self, message):
        await self.told.put(str(getattr(getattr(message, "params", None), "uri", message)))

    async def hear(self, send):
        """Subscribe, let something be sent, and return what was told and what can be read then."""
        http = create_mcp_http_client(headers={"Authorization": f"Bearer {self.key}"})
        transport = streamable_http_client(f"{self.server.url}/mcp", http_client=http)
        async with http, Client(transport, mode=self.era, message_handler=self._note) as client:
            if self.era == MODERN:
                async with client.listen(resource_subscriptions=[INBOX]) as events:
                    await asyncio.to_thread(send)
                    told = (await asyncio.wait_for(anext(aiter(events)), PATIENCE)).uri
            else:
                await client.subscribe_resource(INBOX)
                await asyncio.to_thread(send)
                told = await asyncio.wait_for(self.told.get(), PATIENCE)
            return str(told), (await client.read_resource(INBOX)).contents[0].text


@pytest.mark.parametrize("era", ["legacy", MODERN])
def test_a_subscribed_client_is_told_before_and_after_a_kill(own_server, era):
    alice, bob = own_server.agent("alice"), own_server.agent("bob")

    def hear(subject):
        listener = Listener(own_server, bob.key, era)
        told, text = play(listener.hear(lambda: alice.post("messages", to="bob", subject=subject, body="")))
        assert told == INBOX
        assert subject in text

    hear("First")
    own_server.kill()
    own_server.start()
    hear("Second")
