"""The SDK's own client at `/mcp?toolsets=agent-bus`, in both eras, and a topic to talk in."""

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from bus.tail import tail
from nexus_site import asgi
from nexus_site.agent_bus.tokens import tokens
from nexus_site.mcp.transport import transport
from tests.protocol.wires import HOST, Agent

URL = "/mcp?toolsets=agent-bus"


@pytest.fixture
async def surface(committed):
    """Stop what the application starts by itself at the first request, and forget what it remembers."""
    yield
    tokens._kept.clear()
    await transport.stop()
    await tail.stop()


@pytest.fixture
def client(surface, keys):
    """Return a function that gives an agent a client of the SDK."""

    def client(name, mode="legacy", url=URL):
        headers = {"authorization": f"Bearer {keys[name]}"}
        http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=asgi.application), headers=headers)
        return Client(streamable_http_client(f"http://{HOST}{url}", http_client=http), mode=mode)

    return client


@pytest.fixture
def connect(surface, keys):
    """Return a function that gives an agent raw requests in an MCP session."""

    async def connect(name, url=URL):
        agent = Agent(keys[name], url)
        await agent.initialize()
        return agent

    return connect


@pytest.fixture
async def ann(alice, connect):
    """Alice in a session."""
    return await connect("alice")


@pytest.fixture
async def ben(bob, connect):
    """Bob in a session."""
    return await connect("bob")


@pytest.fixture
async def topic(ann, ben):
    """The id of a topic in which alice is `implementer` and bob is `reviewer`."""
    topic = (await ann.call("topic_create", name="review"))["topic_id"]
    await ann.call("topic_join", topic_id=topic, agent_name="implementer")
    await ben.call("topic_join", topic_id=topic, agent_name="reviewer")
    return topic
