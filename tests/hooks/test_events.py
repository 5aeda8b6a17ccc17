"""The hook as a harness runs it, against a real server: what is new is told once, and nothing is lost half-way."""

import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import closing
from statistics import median

import pytest

from nexus_site.hooks.state import State
from tests.figures import figure
from tests.live.servers import ROOT, free_port


def test_the_start_tells_what_waits_and_a_prompt_only_what_is_new(claude, write):
    first = write("Before the start")
    assert first in claude.told("start")
    assert claude.told("prompt") == ""
    second = write("Meanwhile")
    told = claude.told("prompt")
    assert (first in told, second in told) == (False, True)
    assert claude.told("prompt") == ""


def test_a_hook_that_is_killed_before_it_prints_loses_nothing(claude, write):
    claude.told("start")
    sent = write("Not lost")
    words = [sys.executable, "-m", "nexus_site.hook", "prompt", "--harness", "claude-code", "--agent", "ben"]
    with subprocess.Popen(words, cwd=ROOT, env=claude.environment, stdin=subprocess.PIPE) as hook:
        hook.kill()
    assert sent in claude.told("prompt")


def test_after_a_tool_only_what_is_urgent_is_told(claude, write):
    claude.told("start")
    plain, fire = write("Plain"), write("Fire", priority=9)
    told = claude.told("tool")
    assert (plain in told, fire in told) == (False, True)
    write("More fire", priority=9)
    assert claude.told("tool") == ""  # it looks every five seconds at most
    told = claude.told("prompt")
    assert (plain in told, fire in told, "More fire" in told) == (True, False, True)


def test_a_stop_goes_on_once_and_only_where_that_is_wanted(claude, write):
    claude.told("start")
    sent = write("One more thing")
    assert claude.told("stop") == ""
    assert claude.told("stop", "--wake", stop_hook_active=True) == ""
    assert sent in claude.told("stop", "--wake")
    assert claude.told("stop", "--wake") == ""
    assert claude.told("prompt") == ""


def test_a_broadcast_does_not_hold_up_the_end(claude, write):
    claude.told("start")
    write("Lunch", to="broadcast")
    assert claude.told("stop", "--wake") == ""
    assert "Lunch" in claude.told("prompt")


def test_every_hook_is_presence_and_the_end_closes_the_session(claude, ben, server):
    claude.runs("start")
    (session,) = [each for each in ben.get("sessions")["sessions"] if each.get("session_ref") == claude.session]
    assert session["harness"] == "claude-code"
    assert ben.get("agents/ben")["presence"] == "present"
    claude.runs("end")
    assert not [each for each in ben.get("sessions")["sessions"] if each["session"] == session["session"]]


def test_copilot_ends_a_session_after_each_turn_and_is_not_told_again(claude, ben, write):
    sent = write("Once")
    assert sent in claude.runs("prompt", harness="copilot").stdout
    claude.runs("end", harness="copilot", reason="complete")
    assert not [each for each in ben.get("sessions")["sessions"] if each.get("session_ref") == claude.session]
    assert claude.runs("prompt", harness="copilot").stdout == ""
    (session,) = [each for each in ben.get("sessions")["sessions"] if each.get("session_ref") == claude.session]
    assert session["harness"] == "copilot"


def test_a_hook_whose_turn_does_not_come_tells_nothing_and_loses_nothing(claude, write):
    claude.told("start")
    sent = write("Later")
    with claude.path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert claude.told("prompt") == ""
    assert sent in claude.told("prompt")


@pytest.mark.parametrize("harness", ["claude-code", "vscode"])
def test_a_hook_of_another_harness_that_copilot_runs_says_nothing_and_shows_nobody(claude, ben, write, harness):
    write("Not here")
    claude.environment |= {"COPILOT_CLI": "1", "COPILOT_PROJECT_DIR": str(claude.server.project)}
    for event in ("start", "prompt", "tool", "stop", "wait"):
        ran = claude.runs(event, "--wake", harness=harness)
        assert (ran.stdout, ran.stderr) == ("", "")
    assert not [each for each in ben.get("sessions")["sessions"] if each.get("session_ref") == claude.session]
    assert claude.runs("prompt", harness="copilot").stdout


def test_a_harness_that_copilot_starts_by_a_tool_is_told(claude, write):
    sent = write("Here")
    claude.environment["COPILOT_CLI"] = "1"
    assert sent in claude.told("start")


def test_a_session_that_starts_anew_is_told_again(claude, write):
    sent = write("Standing")
    assert sent in claude.told("start", source="startup")
    assert sent in claude.told("start", source="resume")


def test_without_a_server_nothing_is_printed_once_there_is_a_notice_and_it_takes_no_second(claude):
    claude.environment["NEXUS_URL"] = f"http://127.0.0.1:{free_port()}"
    begun = time.monotonic()
    first, again = claude.runs("start"), claude.runs("start")
    assert time.monotonic() - begun < 20
    assert (first.stdout, again.stdout) == ("", "")
    assert "nexus status" in first.stderr
    assert again.stderr == ""
    for event in ("prompt", "tool", "stop", "end"):
        ran = claude.runs(event, "--wake")
        assert (ran.stdout, ran.stderr) == ("", "")


@pytest.mark.parametrize("named", ["0", "soon", "31", "nan", "-1"])
def test_a_patience_that_cannot_be_is_told_once_and_nothing_else(claude, named):
    claude.environment["NEXUS_HOOK_SECONDS"] = named
    first, again = claude.runs("start"), claude.runs("start")
    assert (first.stdout, again.stdout, again.stderr) == ("", "", "")
    assert f"from 0.1 to 30, not {named!r}" in first.stderr


def test_a_server_that_says_nothing_is_waited_for_no_longer_than_one_says(claude):
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        claude.environment |= {
            "NEXUS_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "NEXUS_HOOK_SECONDS": "0.2",
        }
        assert "nexus status" in claude.runs("start").stderr


def test_a_wrong_key_shows_nothing(claude):
    claude.environment["NEXUS_KEY"] = "nxs_wrong_key"
    refused = claude.runs("start")
    assert (refused.stdout, "unknown or revoked" in refused.stderr) == ("", True)
    assert claude.runs("prompt").stdout == ""


def test_the_key_is_read_from_its_file(claude, write, ben, server):
    del claude.environment["NEXUS_KEY"]
    keyless = claude.runs("start")
    assert (keyless.stdout, "nexus connect claude-code --agent ben" in keyless.stderr) == ("", True)
    folder = server.home / "keys"
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "ben").write_text(ben.key)
    os.chmod(folder / "ben", 0o600)
    sent = write("By file")
    assert sent in claude.told("start")


def test_a_harness_may_leave_the_input_open(claude, write):
    claude.told("start")
    sent = write("Without an end")
    said = json.dumps({"session_id": claude.session, "cwd": str(claude.server.project), "prompt": "{}"})
    assert sent in claude.left_open("prompt", f"{said}\n")
    assert claude.told("prompt") == ""


def test_a_harness_that_says_nothing_is_known_by_its_folder(claude, write):
    sent = write("By folder")
    assert sent in claude.left_open("start", "")
    assert claude.left_open("prompt", "") == ""


def test_what_is_cut_short_tells_nothing_and_loses_nothing(claude, write):
    claude.told("start")
    sent = write("Whole")
    assert claude.left_open("prompt", '{"session_id": "' + claude.session) == ""
    assert sent in claude.told("prompt")


@pytest.mark.parametrize("event", ["prompt", "tool", "stop"])
def test_a_session_that_the_operator_ended_is_told_in_a_new_one(claude, write, server, event):
    claude.told("start")
    session = State.read(claude.path).session
    server.operator().post(f"sessions/{session}/end")
    sent = write("After the end", priority=9)
    assert sent in claude.told(event, "--wake")
    assert State.read(claude.path).session not in ("", session)
    assert claude.told("prompt") == ""


@pytest.mark.parametrize("event", ["prompt", "tool", "stop"])
def test_a_position_that_is_refused_is_forgotten_and_all_that_waits_is_told(claude, write, event):
    sent = write("Told again", priority=9)
    claude.told("start")
    State.read(claude.path)._replace(cursor="cur_broken").write(claude.path)
    assert sent in claude.told(event, "--wake")
    assert claude.told("prompt") == ""


@pytest.mark.parametrize(
    ("harness", "scope", "is_written"),
    [("codex", "user", True), ("cursor", "user", True), ("codex", "project", False), ("claude-code", "user", False)],
)
def test_a_hook_speaks_as_its_harness_does_whichever_shell_started_it(claude, tmp_path, harness, scope, is_written):
    its_own, of_the_shell = f"{harness}-{scope}", claude.name
    claude.environment["HOME"] = str(tmp_path)
    words = ["connect", harness, "--agent", its_own, "--scope", scope, "--yes"]
    settings = {"env": claude.environment, "cwd": claude.server.project, "capture_output": True, "text": True}
    made = subprocess.run([sys.executable, "-m", "nexus_site.cli", *words], timeout=120, **settings)
    assert made.returncode == 0, made.stderr
    claude.name = its_own
    told = claude.runs("start", harness=harness).stdout
    assert f"You are {its_own if is_written else of_the_shell} in" in told


def test_a_name_that_nobody_looks_up_holds_no_program_up(claude, tmp_path):
    """The server's name; a resolver that does not answer cannot be interrupted."""
    (tmp_path / "sitecustomize.py").write_text(
        "import socket, time\nsocket.getaddrinfo = lambda *_, **__: time.sleep(3600)\n"
    )
    claude.environment |= {"NEXUS_URL": "http://nexus.test:8642", "NEXUS_HOOK_SECONDS": "0.5"}
    claude.environment["PYTHONPATH"] = f"{tmp_path}{os.pathsep}{claude.environment.get('PYTHONPATH', '')}"
    ran = claude.runs("prompt")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


@pytest.mark.slow
def test_a_hook_is_over_soon_with_a_server_and_without(claude):
    def taken(event: str) -> float:
        begun = time.perf_counter()
        claude.runs(event)
        return time.perf_counter() - begun

    def started() -> float:
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        return time.perf_counter() - begun

    bare = median(started() for _ in range(15))
    claude.runs("start")
    prompt = median(taken("prompt") for _ in range(15))
    claude.environment["NEXUS_URL"] = f"http://127.0.0.1:{free_port()}"
    away = median(taken("prompt") for _ in range(15))
    figure(
        "S", "A hook at a prompt, the whole process", f"{prompt * 1000:.0f} ms; {away * 1000:.0f} ms without a server"
    )
    assert max(prompt, away) < max(1, 20 * bare)
