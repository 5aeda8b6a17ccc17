"""The published programs are installed, run, and their databases imported by the command."""

import json
import socket

import pytest

from tests.serving.processes import nexus
from tests.transfer import agent_bus, okto

pytestmark = pytest.mark.slow


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.mark.parametrize("version", okto.VERSIONS)
def test_what_okto_nexus_wrote_is_imported(tmp_path, version):
    program = okto.installed(version)
    if program is None:
        pytest.skip(f"okto-nexus {version} cannot be installed here")
    home, project = tmp_path / "okto", tmp_path / "shop"
    (project / ".git").mkdir(parents=True)
    home.mkdir()
    with okto.serving(program, home, project, free_port()) as server:
        okto.story(server, project)
        data = home / "data" / "nexus.db"
        tried = nexus(tmp_path / "new", "import", "--from", "okto-nexus", str(data), "--dry-run", "--json")
        assert json.loads(tried.stdout)["dry_run"] is True, tried.stderr
        came = nexus(tmp_path / "new", "import", "--from", "okto-nexus", str(data), "--json")
    (brought,) = json.loads(came.stdout)["workspaces"]
    assert brought["brought"] == {"agents": 3, "deliveries": 4, "handoffs": 4, "messages": 3}
    assert brought["changed"] == []
    assert {each["kind"]: each["count"] for each in brought["skipped"]} == {"events": 16, "messages": 7, "sessions": 3}
    again = nexus(tmp_path / "new", "import", "--from", "okto-nexus", str(data), "--json")
    assert json.loads(again.stdout)["workspaces"][0]["brought"] == {}
    assert json.loads(nexus(tmp_path / "new", "verify", "--json").stdout)["clean"] is True


def test_what_agent_bus_wrote_is_imported(tmp_path):
    found = agent_bus.installed()
    if found is None:
        pytest.skip("agent-bus-mcp needs Python 3.12 and a C library that it starts with")
    data, project = tmp_path / "bus.sqlite", tmp_path / "shop"
    (project / ".git").mkdir(parents=True)
    agent_bus.story(*found, data)
    words = ("import", "--from", "agent-bus", str(data), "--workspace", str(project))
    came = nexus(tmp_path / "new", *words, "--json")
    (brought,) = json.loads(came.stdout)["workspaces"]
    assert brought["brought"] == {"agents": 2, "posts": 4, "topics": 2}
    said = nexus(tmp_path / "new", *words)
    assert "Here already: 2 agents, 4 posts, 2 topics." in said.stdout
    assert json.loads(nexus(tmp_path / "new", "verify", "--json").stdout)["clean"] is True
    written = nexus(tmp_path / "new", "export", "--workspace", "shop", "--topic", "release 4")
    assert "### " in written.stdout
    assert "> Who reviews?" in written.stdout
