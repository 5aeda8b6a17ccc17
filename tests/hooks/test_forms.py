"""What each harness sends and takes, and where things are, without a server."""

import json
import os
import subprocess
import sys

import pytest
from platformdirs import user_data_path

from nexus_site.hooks import place
from nexus_site.hooks.forms import answer, asked, takes
from nexus_site.hooks.state import State, tidy
from tests.live.servers import ROOT

NESTED = {
    "claude-code": "UserPromptSubmit",
    "codex": "UserPromptSubmit",
    "gemini": "BeforeAgent",
    "vscode": "UserPromptSubmit",
    "goose": "UserPromptSubmit",
}


def test_those_whose_own_files_name_the_variable_are_known():
    golden = (ROOT / "tests" / "connect" / "golden").glob("*-user.txt")
    named = {path.name.removesuffix("-user.txt") for path in golden if "${NEXUS_KEY:-" in path.read_text()}
    assert named == set(place.EXPANDING)


@pytest.mark.parametrize(("harness", "name"), NESTED.items())
def test_a_text_is_context_of_the_event(harness, name):
    said = json.loads(answer(harness, "prompt", "Hello"))
    assert said == {"hookSpecificOutput": {"hookEventName": name, "additionalContext": "Hello"}}


def test_some_have_forms_of_their_own():
    assert json.loads(answer("copilot", "prompt", "Hello")) == {"additionalContext": "Hello"}
    assert json.loads(answer("cursor", "start", "Hello")) == {"additional_context": "Hello"}
    assert json.loads(answer("cline", "prompt", "Hello"))["contextModification"] == "Hello"
    assert not takes("windsurf", "prompt")
    assert not takes("cursor", "prompt")
    assert not takes("cline", "stop")


@pytest.mark.parametrize(
    ("harness", "said"),
    [
        ("claude-code", {"hookSpecificOutput": {"hookEventName": "Stop", "additionalContext": "Hello"}}),
        ("codex", {"decision": "block", "reason": "Hello"}),
        ("copilot", {"decision": "block", "reason": "Hello"}),
        ("gemini", {"decision": "deny", "reason": "Hello"}),
        ("cursor", {"followup_message": "Hello"}),
    ],
)
def test_a_stop_begins_one_more_turn(harness, said):
    assert json.loads(answer(harness, "stop", "Hello")) == said


@pytest.mark.parametrize(
    ("text", "session", "is_again"),
    [
        ('{"session_id": "a", "cwd": "/", "stop_hook_active": true}', "a", True),
        ('{"sessionId": "b", "cwd": "/"}', "b", False),
        ('{"conversation_id": "c", "workspace_roots": ["/"], "loop_count": 0}', "c", False),
        ('{"taskId": "d", "workspaceRoots": ["/"], "loop_count": 2}', "d", True),
    ],
)
def test_what_a_harness_says_is_understood(text, session, is_again):
    assert asked(text) == (session, "/", is_again, "")


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "null", '{"session_id": 7, "cwd": "relative"}', '{"cwd": 1}'])
def test_nonsense_is_nothing_said(text):
    assert asked(text) == ("", os.getcwd(), False, "")


def test_the_data_directory_is_that_of_the_rest_of_nexus(monkeypatch):
    monkeypatch.delenv("NEXUS_HOME", raising=False)
    assert place.data() == user_data_path("nexus")
    monkeypatch.setenv("XDG_DATA_HOME", "/elsewhere")
    assert place.data() == user_data_path("nexus")


def test_what_is_remembered_is_for_its_owner_and_goes_after_a_month(tmp_path):
    path = State.path(tmp_path, "codex", "a")
    State(cursor="c", session="s").write(path)
    assert State.read(path) == State("c", "s")
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    old = State.path(tmp_path, "codex", "b")
    State().write(old)
    os.utime(old, (0, 0))
    tidy(tmp_path)
    assert (path.exists(), old.exists()) == (True, False)
    path.write_text("{broken")
    assert State.read(path) == State()


@pytest.mark.parametrize("words", [[], ["start"], ["dance", "--harness", "codex", "--agent", "ann"]])
def test_a_line_that_nobody_understands_shows_how(words):
    ran = subprocess.run([sys.executable, "-m", "nexus_site.hook", *words], cwd=ROOT, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr.startswith("usage: nexus-hook")) == (2, "", True)


def test_nothing_but_the_standard_library_is_loaded():
    code = (
        "import sys, nexus_site.hook, nexus_site.hooks.events; print(*sorted({n.split('.')[0] for n in sys.modules}))"
    )
    loaded = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(loaded.stdout.split()) - set(sys.stdlib_module_names) - {"__main__"} == {"nexus_site"}
