"""Copilot CLI, with a stand-in for its model: it sees the tools, calls them, and gets over a restart."""

import re
import shlex
import sys
import uuid

import pytest

from nexus_site.mcp.server import INSTRUCTIONS
from tests.clients.letters import CORE, answered, check_kept, letter
from tests.clients.model import order
from tests.clients.programs import copilot_cli
from tests.clients.talks import acp
from tests.live.servers import ROOT

pytestmark = pytest.mark.slow

PARAGRAPH = (ROOT / "nexus_site" / "connect" / "skill" / "agents.md").read_text().strip()
SEND = "nexus-message_create"
FREELY = "--allow-all-tools"


@pytest.fixture
def copilot(ready, connected):
    """A home in which Copilot CLI is connected."""
    return connected("copilot")


@pytest.fixture
def parting(ready, connected):
    """Return the function that connects; afterwards nothing is left in the repository."""
    yield connected
    ready.run([sys.executable, "-m", "nexus_site.cli"], "disconnect", "--all", "--yes")


@pytest.fixture
def among_others(copilot, parting):
    """The same, in a repository in which Claude Code and VS Code are connected too, and may be woken."""
    for harness in ("claude-code", "vscode"):
        parting(harness, "--scope", "project", "--wake")
    return copilot


def test_its_model_sees_the_tools_and_gets_the_answer(copilot, server, model, bob):
    sent = letter()
    copilot.run(copilot_cli(), "-p", order(SEND, **sent), FREELY)
    assert {name for name in CORE if f"nexus-{name}" in model.offered} == CORE
    check_kept(server, sent, answered(model.results[-1]))


def test_what_the_guide_adds_reads_the_key_from_the_environment(ready, guided, model, alice):
    line = re.search(r"^copilot (mcp add .*)$", guided, re.MULTILINE)
    assert line
    ready.run(copilot_cli(), *shlex.split(line[1]))
    assert alice.key not in (ready.folder / ".copilot" / "mcp-config.json").read_text()
    ready.run(copilot_cli(), "-p", "Hello", FREELY)
    assert {f"nexus-{name}" for name in CORE} <= model.offered


def test_a_key_in_the_environment_goes_before_that_of_the_file(copilot, model, bob):
    for environment, name in (({"NEXUS_KEY": bob.key}, "bob"), ({}, "alice")):
        del copilot.environment["NEXUS_KEY"]
        copilot.environment |= environment
        copilot.run(copilot_cli(), "-p", order("nexus-whoami"), FREELY)
        assert answered(model.results[-1])["agent"] == name


@pytest.mark.parametrize(("options", "reaches"), [((), False), (("--allow-all-mcp-server-instructions",), True)])
def test_the_instructions_reach_its_model_where_it_is_told_to_pass_them_on(copilot, model, options, reaches):
    copilot.run(copilot_cli(), "-p", "Hello", FREELY, *options)
    assert model.asked
    assert (INSTRUCTIONS in model.texts) == reaches


def test_what_connect_writes_into_agents_md_reaches_its_model(parting, model):
    parting("copilot", "--agents-md").run(copilot_cli(), "-p", "Hello", FREELY)
    assert PARAGRAPH in model.texts


def test_an_open_session_calls_on_after_a_restart(copilot, server, model, restart, bob):
    with acp(copilot, copilot_cli(), FREELY) as say:
        for again in (False, True):
            if again:
                restart()
            say(order(SEND, **(sent := letter())))
            check_kept(server, sent, answered(model.results[-1]))


def test_a_command_wakes_a_session_that_nobody_has_open_and_its_hook_tells_the_mail_once(copilot, model, write, alice):
    session = str(uuid.uuid4())
    early = write("Early")
    copilot.run(copilot_cli(), "-p", "Hello", FREELY, "--session-id", session)
    sent = write("For the session")
    turn = shlex.join([*copilot_cli(), "-p", "There is mail", FREELY, f"--resume={session}"])
    copilot.run([sys.executable, "-m", "nexus_site.cli"], "wake", "alice", "--command", turn, "--once")
    woken = model.asked[-1].texts
    assert "There is mail" in woken
    assert (woken.count(early), woken.count(sent)) == (1, 1)
    assert alice.get("events", types="agent.woken")["events"][0]["data"]["waiter"] == "command"


def test_the_hooks_of_other_programs_that_it_runs_tell_nothing_and_hold_nothing_up(among_others, model, write, alice):
    waiting = write("Early")
    before = {each["session"] for each in alice.get("sessions")["sessions"]}
    look = order("bash", command="env > $TMPDIR/env", description="Look")
    ended = among_others.run(copilot_cli(), "-p", look, FREELY)
    assert "Done." in ended.stdout
    assert [request.texts.count(waiting) for request in model.asked] == [1, 1]
    assert {each["session"] for each in alice.get("sessions")["sessions"]} == before
    assert (
        "COPILOT_PROJECT_DIR" not in (among_others.folder / "tmp" / "env").read_text()
    )  # so a tool's own hooks do tell
