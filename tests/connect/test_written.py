"""The doctor knows whether files still hold what was written, and with which options they were."""

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from bus import door
from nexus_site.agent_bus.tools import TOOLSET
from nexus_site.cli import wanting
from nexus_site.cli.command import Failed
from nexus_site.cli.written import again, agent_of, connected, files
from nexus_site.connect.files import write
from nexus_site.connect.harnesses import HARNESSES, scope_of
from nexus_site.connect.record import known
from nexus_site.connect.wanted import Wanted
from nexus_site.mcp import tools
from tests.connect.test_files import KEY, connect

URL = "http://127.0.0.1:8642/mcp?toolsets=core,inbox"
CASES = [
    (harness, scope) for harness in HARNESSES for scope in ("user", "project") if scope_of(harness, scope) == scope
]


@pytest.fixture
def place(tmp_path, monkeypatch):
    shop, data = tmp_path / "home" / "shop", tmp_path / "data"
    (shop / ".git").mkdir(parents=True)
    for name in ("NEXUS_URL", "XDG_CONFIG_HOME", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "COPILOT_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NEXUS_HOME", str(data))
    monkeypatch.chdir(shop)
    write(data / "keys" / "ann", KEY, 0o600)
    return wanting.here()


def wanted(place, harness, scope, **more):
    return replace(Wanted(*(harness, scope, "ann", place, URL, wanting.hook_program(), KEY)), **more)


def states(place, harness):
    return {each.state for each in files(place.data, connected(place.data, harness))}


@pytest.mark.parametrize("more", [{}, {"skill": True, "agents_md": True}], ids=["plain", "carrying"])
@pytest.mark.parametrize(("harness", "scope"), CASES)
def test_what_is_as_it_was_written_is_well_and_its_options_are_known(place, harness, scope, more):
    wake = scope in HARNESSES[harness].wakes_in and bool(wanting.hook_program())
    connect(wanted(place, harness, scope, wake=wake, **more))
    assert states(place, harness) == {"ok"}
    words = shlex.split(again(known(place.data)[0]))
    assert words[:5] == ["nexus", "connect", harness, "--agent", "ann"]
    shall = {"--scope": scope == "project", "--wake": wake, "--skill": bool(more), "--agents-md": bool(more)}
    assert {word: word in words for word in shall} == shall
    assert words[words.index("--toolsets") + 1] == "core,inbox"


@pytest.mark.parametrize(("harness", "scope"), CASES)
def test_each_file_that_holds_something_else_is_named(place, harness, scope):
    connect(wanted(place, harness, scope))
    for file in known(place.data)[0].files:
        path, text = Path(file.path), Path(file.path).read_text()
        path.write_text(text.replace(KEY, "nxs_other_one").replace("nexus-hook", "gone-hook").replace("NEXUS_KEY", "K"))
        (found,) = files(place.data, connected(place.data, harness))
        assert (found.state, str(path) in found.text) == ("failed", True) if path.read_text() != text else ("ok", True)
        path.write_text(text)
    assert states(place, harness) == {"ok"}


def test_a_connection_of_another_project_is_made_again_there(place, monkeypatch, tmp_path):
    connect(wanted(place, "codex", "project"))
    monkeypatch.chdir(tmp_path)
    assert states(place, "codex") == {"ok"}
    assert again(known(place.data)[0]).startswith(
        f"cd {place.project} && nexus connect codex --agent ann --scope project"
    )


def test_the_agent_is_that_of_this_projects_connection_before_that_of_all_and_else_called_like_the_harness(place):
    assert agent_of(place.data, "codex") == "codex"
    connect(wanted(replace(place, project=place.home / "other"), "codex", "project", agent="elsewhere"))
    assert agent_of(place.data, "codex") == "elsewhere"
    for scope, agent in (("user", "ann"), ("project", "here")):
        connect(wanted(place, "codex", scope, agent=agent))
        assert agent_of(place.data, "codex") == agent
    assert agent_of(place.data, "goose") == "goose"


def test_the_toolsets_are_those_that_the_server_has():
    assert {*wanting.SETS} == {entry.toolset for entry in door.published().values()} | {TOOLSET, "all"}
    for name in wanting.SETS:
        assert tools.choice(f"toolsets={wanting.toolsets(name)}".encode()).toolsets
    assert wanting.toolsets(" core, inbox,,core") == "core,inbox"


@pytest.mark.parametrize("text", ["nonsense &x", "core,Inbox", 'core"', "agent-bus,topics", "all,agent-bus"])
def test_toolsets_that_no_server_has_are_refused(text):
    with pytest.raises(Failed, match="toolset"):
        wanting.toolsets(text)
