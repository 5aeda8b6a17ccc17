"""The first page: what it proposes works, and it turns as agents arrive."""

import os
import stat

import pytest
from django.http import QueryDict

from dashboard.look import Look
from dashboard.views.onboarding import HARNESSES, steps, welcome


@pytest.fixture
def look(operator, workspace):
    return Look(operator, workspace.id, QueryDict(), "/")


@pytest.fixture
def nothing_installed(monkeypatch, tmp_path):
    """A PATH with nothing on it; returns its folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def row(facts, title):
    return next(each for each in facts["rows"] if each.title == title)


def test_new_workspace_is_welcomed_with_a_command_for_every_harness(look, nothing_installed):
    facts = welcome(look)
    assert [each.title for each in facts["rows"]] == [harness.title for harness in HARNESSES]
    assert row(facts, "Claude Code").command == "nexus connect claude-code"
    assert (facts["is_found"], facts["is_connected"]) == (False, False)


def test_only_harnesses_of_this_machine_are_listed(look, nothing_installed):
    program = nothing_installed / "codex"
    program.write_text("#!/bin/sh\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    facts = welcome(look)
    assert [each.title for each in facts["rows"]] == ["Codex"]
    assert facts["is_found"]


def test_enrolled_agent_is_waited_for_until_its_first_call(look, nothing_installed, enrol):
    enrol("claude", harness="claude-code", quiet=None)
    waiting = row(welcome(look), "Claude Code")
    assert (waiting.state, waiting.agent) == ("waits", "claude")
    assert waiting.command == "nexus connect claude-code"
    assert row(welcome(look), "Codex").state == ""


def test_first_call_ends_the_welcome_and_shows_as_connected(look, nothing_installed, alice):
    assert welcome(look) is None
    facts = steps(look)
    assert row(facts, "Codex").state == "connected"
    assert facts["is_connected"]


def test_agent_of_another_harness_has_a_row_of_its_own(look, nothing_installed, enrol):
    enrol("robot", harness="homemade", quiet=None)
    facts = welcome(look)
    assert row(facts, "robot").state == "waits"
    assert len(facts["rows"]) == len(HARNESSES) + 1


def test_agents_of_another_workspace_do_not_end_the_welcome(look, mallory):
    assert welcome(look) is not None
    assert welcome(Look(look.caller, None, QueryDict(), "/")) is None


def test_steps_take_one_query_however_many_agents_wait(look, nothing_installed, enrol, django_assert_num_queries):
    with django_assert_num_queries(1):
        steps(look)
    for number in range(10):
        enrol(f"agent-{number}", harness="codex", quiet=None)
    with django_assert_num_queries(1):
        steps(look)


def test_where_data_lives_is_said_as_people_write_it(look, settings, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    settings.NEXUS_HOME = tmp_path / "share" / "nexus"
    assert steps(look)["home"] == f"~{os.sep}share{os.sep}nexus"
