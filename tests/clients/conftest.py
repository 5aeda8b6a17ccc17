"""One server for all clients, two agents on it, and the model that the clients ask."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.clients.model import Model, standing_in
from tests.clients.programs import Home
from tests.live.servers import ROOT, Rest, Server

GUIDE = ROOT / "docs" / "how-to" / "connect-a-client.md"
PRINTED = "http://127.0.0.1:8642/mcp"


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server; a test may kill it and starts it again."""
    running = Server(tmp_path_factory.mktemp("nexus") / "home").start()
    yield running
    running.close()


@pytest.fixture(scope="package")
def alice(server: Server) -> Rest:
    """The agent that the clients act for."""
    return server.agent("alice")


@pytest.fixture(scope="package")
def bob(server: Server) -> Rest:
    """The agent that alice writes to."""
    return server.agent("bob")


@pytest.fixture
def model() -> Iterator[Model]:
    """The model that a client asks."""
    with standing_in() as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, alice: Rest, model: Model) -> Home:
    """A home in which `NEXUS_KEY` is alice's, and every model is the stand-in."""
    return Home(
        tmp_path,
        NEXUS_KEY=alice.key,
        ANTHROPIC_API_KEY="none",
        ANTHROPIC_BASE_URL=model.url,
        GEMINI_API_KEY="none",
        GOOGLE_GEMINI_BASE_URL=model.url,
    )


@pytest.fixture
def guided(server: Server) -> str:
    """The guide, with this server's URL."""
    return GUIDE.read_text().replace(PRINTED, f"{server.url}/mcp")


@pytest.fixture
def guide(server: Server, guided: str) -> Callable[[str], str]:
    """Return a function that reads the file which the guide shows for a client."""

    def guide(client: str) -> str:
        section = guided.partition(f"\n### {client}\n")[2].partition("\n### ")[0]
        shown = re.search(r"```(?:json|toml)\n(.*?)```", section, re.DOTALL)
        assert shown, client
        assert server.url in shown[1]
        return shown[1]

    return guide


@pytest.fixture
def restart(server: Server) -> Callable[[], None]:
    """Return a function that kills the server, as a power cut would, and starts it again."""

    def restart() -> None:
        server.kill()
        server.start()

    return restart
