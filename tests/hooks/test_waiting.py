"""The waiter of an idle agent, against a real server: it wakes for what may wake, is one a session, and outlives nobody."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nexus_site.hooks import waiting
from nexus_site.hooks.events import Run
from nexus_site.hooks.forms import Asked
from nexus_site.hooks.owner import Owner
from nexus_site.hooks.state import State, held
from tests.live.servers import ROOT

LONGEST = 60


def over(waiter: subprocess.Popen[str]) -> tuple[int, str]:
    """Return how a waiter ended, and what it told."""
    _, told = waiter.communicate(timeout=LONGEST)
    return waiter.returncode, told


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_direct_message_wakes_and_is_told_once(claude, write, ben):
    claude.told("start")
    waiter = claude.waits()
    write("Lunch", to="broadcast")  # wakes nobody
    sent = write("Look at the parser")
    code, told = over(waiter)
    assert (code, told.count(sent), "Lunch" in told) == (2, 1, False)
    assert "not from your user" in told
    told = claude.told("prompt")
    assert (sent in told, "Lunch" in told) == (False, True)
    woken = ben.get("events", types="agent.woken")["events"][0]
    assert (woken["agent"], woken["data"]) == ("ben", {"waiter": "claude-code", "by": ["ann"]})


def test_the_newer_waiter_takes_the_place_of_the_older(claude, write):
    claude.told("start")
    older, newer = claude.waits(), claude.waits()
    assert over(older) == (0, "")
    sent = write("For one of you")
    code, told = over(newer)
    assert (code, sent in told) == (2, True)


def test_a_turn_ends_the_waiter_and_its_prompt_tells_the_mail(claude, write):
    claude.told("start")
    waiter = claude.waits()
    assert claude.told("prompt") == ""
    assert over(waiter) == (0, "")
    assert write("Later") in claude.told("prompt")


def test_what_the_end_of_a_turn_told_wakes_nobody_again(claude, write):
    claude.told("start")
    first = write("At the stop")
    assert first in claude.told("stop", "--wake")
    waiter = claude.waits()
    second = write("And then")
    code, told = over(waiter)
    assert (code, first in told, second in told) == (2, False, True)


def test_the_waiter_of_a_start_lets_the_start_tell_first(claude, write):
    sent = write("Before the start")
    waiter = claude.waits(hook_event_name="SessionStart")
    assert sent in claude.told("start")
    later = write("After the start")
    code, told = over(waiter)
    assert (code, sent in told, later in told) == (2, False, True)


def test_a_waiter_begins_only_in_its_turn_as_a_hook_would_forget_it(claude, monkeypatch):
    monkeypatch.setenv("NEXUS_HOME", str(claude.server.home))
    monkeypatch.setattr(waiting, "TURN", 0.1)
    this = Run("wait", "codex", "ben", Asked("a session", str(claude.server.project), is_again=False))
    with held(this.path) as is_ours:
        assert is_ours
        assert waiting.wait(this) == 0
    assert State.read(this.path).waiter == ""


def test_a_paused_agent_is_woken_when_it_may_be_again(claude, write, server):
    operator = server.operator()
    claude.told("start")
    assert operator.post("agents/ben/pause", paused=True)["paused"]
    sent = write("Not now")
    waiter = claude.waits()
    assert not operator.post("agents/ben/pause", paused=False)["paused"]
    code, told = over(waiter)
    assert (code, sent in told) == (2, True)
    log = operator.get("events", types="agent", limit=2)["events"]
    assert [each["type"] for each in log] == ["agent.woken", "agent.resumed"]


def test_a_waiter_whose_session_the_operator_ended_waits_on(claude, write, server):
    claude.told("start")
    server.operator().post(f"sessions/{State.read(claude.path).session}/end")
    waiter = claude.waits()
    sent = write("Still here")
    code, told = over(waiter)
    assert (code, sent in told) == (2, True)
    assert claude.told("prompt") == ""


def test_a_waiter_whose_position_is_refused_waits_from_the_beginning(claude, write):
    claude.told("start")
    State.read(claude.path)._replace(cursor="cur_broken").write(claude.path)
    waiter = claude.waits()
    sent = write("From the beginning")
    code, told = over(waiter)
    assert (code, sent in told) == (2, True)
    assert claude.told("prompt") == ""


def test_the_end_of_the_session_ends_the_waiter(claude):
    claude.told("start")
    waiter = claude.waits()
    claude.runs("end")
    assert over(waiter) == (0, "")
    assert not claude.path.exists()


def test_a_waiter_goes_with_the_program_that_started_it(claude):
    claude.told("start")
    with subprocess.Popen(["sleep", "600"]) as program:
        claude.environment["CLAUDE_PID"] = str(program.pid)
        waiter = claude.waits()
        program.kill()
    assert over(waiter) == (0, "")


def test_a_waiter_goes_with_its_shell(claude):
    claude.told("start")
    line = f"{sys.executable} -m nexus_site.hook wait --harness claude-code --agent ben --wake & echo $!; wait"
    said = f'{{"session_id": "{claude.session}"}}'
    with subprocess.Popen(
        ["sh", "-c", f"echo '{said}' | {line}"], cwd=ROOT, env=claude.environment, stdout=subprocess.PIPE, text=True
    ) as shell:
        until(lambda: claude.waiter != "")
        assert shell.stdout is not None
        waiter = int(shell.stdout.readline())
        shell.kill()
    until(lambda: not _runs(waiter))


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_without_leave_nobody_waits(claude):
    claude.told("start")
    assert claude.runs("wait").stderr == ""


@pytest.mark.slow
def test_a_waiter_outlives_a_restart_of_the_server(claude, write, server):
    claude.told("start")
    waiter = claude.waits()
    server.kill()
    server.start()
    sent = write("After the restart")
    code, told = over(waiter)
    assert (code, sent in told) == (2, True)


@pytest.fixture
def started(monkeypatch):
    """Return a function that starts a program as Claude Code names it to its hooks."""
    programs = []

    def started(*words: str, attended: str = "0") -> subprocess.Popen[bytes]:
        program = subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.stdin.read()", *words], stdin=subprocess.PIPE
        )
        programs.append(program)
        monkeypatch.setenv("CLAUDE_PID", str(program.pid))
        monkeypatch.setenv("CLAUDE_CODE_SESSION_ATTENDED", attended)
        monkeypatch.setenv("CLAUDE_CODE_ENTRYPOINT", "sdk-cli" if attended == "0" else "cli")
        until(lambda: b"import sys" in Path(f"/proc/{program.pid}/cmdline").read_bytes())
        return program

    yield started
    for program in programs:
        with program:
            program.kill()


@pytest.mark.parametrize("words", [("--input-format", "stream-json"), ("--input-format=stream-json",)])
def test_a_headless_session_is_waited_for_as_long_as_somebody_can_write_to_it(started, words):
    program = started("-p", *words)
    owner = Owner("claude-code")
    program.stdin.write(b"{}\n")
    program.stdin.flush()
    assert owner.is_there()
    program.stdin.close()
    program.stdin = None
    assert not owner.is_there()


@pytest.mark.parametrize("attended", ["0", "1"])
def test_a_run_that_answers_one_prompt_is_not_waited_for(started, attended):
    started("-p", "Hello", attended=attended)
    assert not Owner("claude-code").is_there()


def test_a_session_of_a_person_is_waited_for_until_it_is_over(started):
    program = started(attended="1")
    owner = Owner("claude-code")
    assert owner.is_there()
    program.kill()
    program.wait()
    assert not owner.is_there()
    assert Owner("opencode").is_there()
