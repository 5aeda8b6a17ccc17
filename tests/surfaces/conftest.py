"""REST clients for the cast, through the ASGI root in this process."""

import pytest

from bus.tail import tail
from nexus_site.mcp.transport import transport
from tests.surfaces.clients import Rest


@pytest.fixture
async def surface(committed: None):
    """Stop what the application starts by itself at the first request."""
    yield
    await transport.stop()
    await tail.stop()


@pytest.fixture
def rest(surface: None, keys: dict[str, str]):
    """Return a function that gives an enrolled agent a client; no name is the person at the machine."""

    def rest(name: str = "") -> Rest:
        return Rest(keys[name] if name else "")

    return rest
