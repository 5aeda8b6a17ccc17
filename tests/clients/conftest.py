"""One server for all clients, two agents on it, and the model that the clients ask."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.model import Model, standing_in
from tests.clients.programs import Home
from tests.live.servers import ROOT, Rest, Server

COPILOT = {"TYPE": "anthropic", "API_KEY": "none", "MODEL_ID": "claude-sonnet-4"}
GUIDE = ROOT / "docs" / "how-to" / "connect-a-client.md"
PRINTED = "http://127.0.0.1:8642/mcp"
ALONE = """model = "scripted"
model_provider = "scripted"

[model_providers.scripted]
name = "Scripted"
base_url = "{url}/v1"
wire_api = "responses"
"""


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server; a test may kill it and starts it again."""
    running = Server(tmp_path_factory.mktemp("nexus") / "home", NEXUS_WAKE_GAP="0").start()
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
        COPILOT_PROVIDER_BASE_URL=model.url,
        **{f"COPILOT_PROVIDER_{name}": value for name, value in COPILOT.items()},
    )


@pytest.fixture
def alone(home: Home, model: Model) -> Home:
    """A home in which Codex asks the stand-in."""
    home.write(".codex/config.toml", ALONE.format(url=model.url))
    return home


@pytest.fixture
def connected(home: Home, server: Server, alice: Rest) -> Callable[..., Home]:
    """Return a function that connects a program of this home as alice, whose inbox is empty."""
    while waiting := alice.post("inbox/pull", limit=200)["messages"]:
        alice.post("inbox/ack", messages=[each["message"] for each in waiting])

    def connected(harness: str, *more: str) -> Home:
        home.repository = server.project
        home.environment |= {"NEXUS_HOME": str(server.home), "PYTHONPATH": str(ROOT), "NEXUS_HOOK_SECONDS": "20"}
        words = ("connect", harness, "--agent", "alice", *more, "--yes", "--json")
        (made,) = json.loads(home.run([sys.executable, "-m", "nexus_site.cli"], *words).stdout)["connected"]
        assert made["files"]
        return home

    return connected


@pytest.fixture
def ready(alone: Home, model: Model, server: Server) -> Home:
    """A home in which every program asks the stand-in, and trusts the server's project."""
    folder, scripted = str(server.project), {"options": {"baseURL": f"{model.url}/v1", "apiKey": "none"}}
    chosen = {"selectedType": "gemini-api-key"}
    alone.write(".claude.json", {"projects": {folder: {"hasTrustDialogAccepted": True}}})
    alone.write(".gemini/settings.json", {"security": {"auth": chosen}, "privacy": {"usageStatisticsEnabled": False}})
    alone.write(".gemini/trustedFolders.json", {folder: "TRUST_FOLDER"})
    alone.write(
        ".config/opencode/opencode.json",
        {"provider": {"anthropic": scripted | {"models": {"scripted": {}}}}}
        | dict.fromkeys(("model", "small_model"), "anthropic/scripted"),
    )
    alone.write(".copilot/config.json", {"trustedFolders": [folder]})
    return alone


@pytest.fixture
def write(bob: Rest) -> Callable[..., str]:
    """Return a function by which bob writes to alice."""

    def write(subject: str, **more: Any) -> str:
        sent: str = bob.post("messages", to="alice", subject=subject, body="Please look.", **more)["message"]
        return sent

    return write


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
