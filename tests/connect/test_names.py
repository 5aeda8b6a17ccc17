"""As whom a program may be connected: an agent, by the name that it has."""

import pytest


@pytest.mark.parametrize("words", [["connect", "codex", "--yes"], ["run", "generic"]])
def test_no_program_speaks_as_an_operator(ann, words):
    before = ann.files()
    ends = ["--", "true"] if words[0] == "run" else []
    refused = ann.runs(*words, "--agent", "operator", *ends)
    assert (refused.returncode, "operator is no agent" in refused.stderr) == (2, True)
    assert ann.files() == before
    assert ("operator" in ann.runs("agent", "list").stdout, (ann.data / "keys" / "operator").exists()) == (False, False)


def test_an_agent_is_named_as_it_is_called(ann):
    assert ann.runs("agent", "add", "Bob").returncode == 0
    for name in ("bob", "BOB"):
        refused = ann.runs("connect", "codex", "--agent", name, "--yes")
        assert (refused.returncode, "Say --agent Bob." in refused.stderr) == (2, True)
        assert not (ann.data / "keys" / name).exists()
    assert ann.runs("connect", "codex", "--agent", "Bob", "--yes").returncode == 0


@pytest.mark.parametrize("name", [".", "..", "a/b", "../x"])
def test_a_name_that_no_file_can_have_is_refused_before_anything_is_asked(ann, name):
    for words in (["connect", "codex", "--yes"], ["run", "generic"], ["doctor", "--client", "codex"]):
        ends = ["--", "true"] if words[0] == "run" else []
        refused = ann.runs(*words, "--agent", name, *ends)
        assert (refused.returncode, "cannot be called" in refused.stderr) == (2, True)
