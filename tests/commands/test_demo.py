"""The demo plays its whole story through MCP, in a bounded time, and tidies up after itself, also after Ctrl+C."""

import re
import signal
import subprocess
import sys

import pytest

from tests.serving.processes import PATIENCE, Serve

pytestmark = pytest.mark.slow

PARTS = (
    "claims a job and is not heard of again",
    "writes to everybody: 4 reached",
    "asks demo-ada about src/app.py",
    "claim at once",
    "refuses it",
    "repairs it, demo-dee accepts",
    "the lease of demo-gil has ended; demo-cy takes over (epoch 2)",
    "not reached, as stale or offline: demo-gil",
)


@pytest.fixture(scope="module")
def person(tmp_path_factory):
    from tests.commands.conftest import Person

    folder = tmp_path_factory.mktemp("demo")
    running = Serve(folder / "data", NEXUS_HANDOFF_LEASE_MIN="1", NEXUS_PRESENCE_STALE_AFTER="13")
    person = Person(folder, running)
    for taken in ("demo-ada", "demo-bo-2"):  # the names of archived agents stay taken
        person.agent(taken)
        assert person.nexus("call", "agent_archive", f"agent={taken}").returncode == 0
    (person.shop / "src").mkdir()
    (person.shop / "src" / "app.py").write_text("print()")
    assert person.git("add", "src/app.py").returncode == 0
    assert person.git("commit", "-qm", "Begin").returncode == 0
    yield person
    running.stop()
    running.clear_away()


@pytest.fixture(scope="module")
def real(person):
    """Return the key of an agent that has nothing to do with the demo."""
    return person.agent("real")


def test_demo_plays_its_story_and_archives_its_agents(person, real):
    person.server.ask("/api/v1/whoami", Authorization=f"Bearer {real}")

    played = person.json("demo", "--minutes", "0.7", "--speed", "60")
    assert played["archived"] == 5
    said = "\n".join(played["said"])
    assert len(set(re.findall(r"demo-[a-z]+(?:-\d)?", said))) == 5, said
    story = re.sub(r"(demo-[a-z]+)-[34]", r"\1", said)
    assert [part for part in PARTS if part not in story] == [], story
    assert [each["agent"] for each in person.json("agent", "list")["agents"]] == ["real"]
    assert person.server.ask("/api/v1/inbox/count", Authorization=f"Bearer {real}")["unread"] == 0
    handoffs = person.json("call", "handoff_list", "limit=100")["handoffs"]
    assert {each["state"] for each in handoffs} <= {"completed", "cancelled"}
    assert person.nexus("verify").returncode == 0


def test_demo_ends_with_ctrl_c_and_takes_names_that_are_free(person, real):
    command = [sys.executable, "-P", "-m", "nexus_site.cli", "demo", "--minutes", "5"]
    settings = {"cwd": person.shop, "env": person.environment, "text": True, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **settings) as process:
        said = ""
        while "writes to everybody" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(PATIENCE) == 0
    assert re.search(r"demo-gil-[34] claims", said)
    assert "its 5 agents are archived" in rest
    assert [each["agent"] for each in person.json("agent", "list")["agents"]] == ["real"]


def test_demo_wants_a_server(person, tmp_path):
    away = person.nexus("demo", NEXUS_HOME=str(tmp_path))
    assert (away.returncode, "nexus serve" in away.stderr) == (3, True)
    assert person.nexus("demo", "--speed", "0").returncode == 2
