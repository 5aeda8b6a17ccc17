"""The ASGI root in this process, with clients that are agents."""

import pytest

from bus.tail import tail
from nexus_site.mcp.transport import transport
from tests.protocol.wires import Agent


@pytest.fixture
async def surface(committed: None):
    """Stop what the application starts by itself at the first request."""
    yield
    await transport.stop()
    await tail.stop()


@pytest.fixture
def connect(surface: None, keys: dict[str, str]):
    """Return a function that gives an enrolled agent a client, in a session unless told otherwise."""

    async def connect(name: str, *, url: str = "/mcp", in_session: bool = True) -> Agent:
        agent = Agent(keys[name], url)
        if in_session:
            await agent.initialize()
        return agent

    return connect


@pytest.fixture
def wanderer(committed, alice, bob, settle, do, operator):
    """A key of alice that may enter two workspaces, and both of them."""
    places = [alice.workspace, settle("other")]
    minted = do("key_mint", operator, agent="alice", workspaces=[place.public_id for place in places])
    return minted.key, *places
