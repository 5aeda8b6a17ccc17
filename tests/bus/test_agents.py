"""Enrolling agents, their profiles and archiving them."""

import os

import pytest

from bus import identity
from bus.directory import directory
from bus.models import Agent, Delivery, Event, Key


def logged(type_):
    return list(Event.objects.filter(type=type_).order_by("id"))


# Enrolling


def test_enrolled_agent_comes_in_with_its_key(do, operator, workspace, behind):
    created = do("agent_create", operator, name="dave", harness="codex", capabilities=["sql", "review", "sql"])
    caller = behind(created.key)
    assert caller.agent.name == "dave"
    assert caller.agent.capabilities == {"sql", "review"}
    assert caller.workspace.public_id == workspace.public_id


def test_key_of_a_repeated_enrolment_is_not_shown_again(do, operator):
    order = {"name": "dave", "idempotency_key": "once"}
    first = do("agent_create", operator, **order)
    again = do("agent_create", operator, **order)
    assert first.key.startswith("nxs_")
    assert (again.agent, again.key, again.duplicate) == ("dave", None, True)
    assert Agent.objects.filter(name="dave").count() == 1


@pytest.mark.parametrize("name", ["alice", "ALICE", "Alice"])
def test_name_is_unique_whatever_the_case(attempt, assert_refused, operator, alice, name):
    assert assert_refused(attempt("agent_create", operator, name=name), "conflict")["details"] == {"name": name}


def test_name_of_an_archived_agent_stays_taken(do, attempt, assert_refused, operator, alice):
    do("agent_archive", operator, agent="alice")
    assert_refused(attempt("agent_create", operator, name="alice"), "conflict")


@pytest.mark.parametrize(
    "name", ["broadcast", "Hub", "HUMAN", "operator", "System", "", "a" * 65, "a b", "a/b", "é", "a\n", ".", ".."]
)
def test_reserved_and_malformed_names_are_refused(attempt, assert_refused, operator, name):
    error = assert_refused(attempt("agent_create", operator, name=name), "invalid_input")
    assert error["details"]["fields"][0]["field"] == "name"


@pytest.mark.parametrize("name", ["a", "A.b-c_9", "x" * 64])
def test_every_allowed_character_and_length_is_a_name(do, operator, name):
    assert do("agent_create", operator, name=name).agent == name


def test_agents_enrol_nobody(attempt, assert_refused, alice):
    assert_refused(attempt("agent_create", alice, name="dave"), "forbidden")


def test_home_is_the_repository_around_the_project_root(do, operator, tmp_path):
    (tmp_path / "orchid" / ".git").mkdir(parents=True)
    (tmp_path / "orchid" / "src").mkdir()
    do("agent_create", operator, name="dave", project_root=str(tmp_path / "orchid" / "src"))
    home = Agent.objects.select_related("home").get(name="dave").home
    assert home is not None
    assert (home.alias, home.path) == ("orchid", os.path.realpath(tmp_path / "orchid"))


def test_agent_for_any_workspace_belongs_nowhere_at_first(do, operator, workspace):
    do("agent_create", operator, name="dave", any_workspace=True)
    assert not Agent.objects.get(name="dave", home=None).memberships.exists()
    created = logged("agent.created")[-1]
    assert (created.workspace.public_id, created.public) == ("wsp_installation", False)


def test_agent_needs_to_work_somewhere(attempt, assert_refused, do, store):
    """Without any workspace in the installation there is none to fall back to."""
    error = assert_refused(attempt("agent_create", identity.operator("cli"), name="dave"), "invalid_input")
    assert error["details"]["field"] == "project_root"


def test_enrolment_is_in_the_log_without_the_key(do, operator, workspace):
    do("agent_create", operator, name="dave", label="laptop")
    (created,), (joined,), (minted,) = logged("agent.created"), logged("workspace.joined"), logged("key.minted")
    assert {event.workspace.public_id for event in (created, joined, minted)} == {workspace.public_id}
    assert {event.agent for event in (created, joined, minted)} == {"dave"}
    assert (created.public, joined.public, minted.public) == (True, True, False)
    assert minted.payload == {"prefix": Key.objects.get(agent__name="dave").prefix, "label": "laptop"}
    assert created.actor.name == "operator"


# Profiles


def test_agent_changes_its_own_profile(do, alice):
    changed = do(
        "agent_update", alice, role="builder", capabilities=["go"], tags={"team": "core"}, description="Builds."
    )
    assert (changed.agent, changed.harness, changed.role) == ("alice", "codex", "builder")
    assert (changed.capabilities, changed.tags, changed.description) == (["go"], {"team": "core"}, "Builds.")
    assert logged("agent.updated")[-1].payload == {"changed": ["role", "description", "capabilities", "tags"]}
    assert logged("agent.updated")[-1].public


def test_omitted_parts_of_a_profile_stay_and_empty_ones_go(do, bob):
    do("agent_update", bob, role="reviewer", tags={"team": "core"})
    changed = do("agent_update", bob, role="", tags={})
    assert (changed.harness, changed.role, changed.capabilities, changed.tags) == (
        "claude-code",
        None,
        ["review"],
        None,
    )


def test_new_capability_is_known_to_the_next_call(do, alice):
    do("agent_update", alice, capabilities=["deploy"])
    assert directory.agent(alice.agent.id).capabilities == {"deploy"}


def test_profile_that_is_so_already_records_nothing(do, bob):
    before = Event.objects.count()
    do("agent_update", bob, harness="claude-code", capabilities=["review"])
    assert Event.objects.count() == before


def test_update_of_nothing_is_refused(attempt, assert_refused, alice):
    assert_refused(attempt("agent_update", alice), "invalid_input")


def test_only_operators_change_the_profile_of_another(do, attempt, assert_refused, alice, bob, operator):
    assert_refused(attempt("agent_update", alice, agent="bob", role="fool"), "forbidden")
    assert_refused(attempt("agent_update", alice, agent="nobody", role="fool"), "forbidden")
    assert do("agent_update", alice, agent="Alice", role="builder").role == "builder"
    assert do("agent_update", operator, agent="BOB", role="reviewer").agent == "bob"


def test_operator_says_whose_profile_it_changes(attempt, assert_refused, operator):
    assert_refused(attempt("agent_update", operator, role="boss"), "invalid_input")
    assert_refused(attempt("agent_update", operator, agent="nobody", role="boss"), "not_found")


@pytest.mark.parametrize(
    "profile",
    [
        {"harness": "h" * 41},
        {"role": "r" * 65},
        {"description": "d" * 2001},
        {"capabilities": [f"c{number}" for number in range(51)]},
        {"capabilities": ["c" * 65]},
        {"tags": {f"k{number}": "v" for number in range(51)}},
        {"tags": {"k": "v" * 65}},
        {"description": "\ud800"},
    ],
)
def test_profile_beyond_a_limit_is_refused(attempt, assert_refused, alice, profile):
    assert_refused(attempt("agent_update", alice, **profile), "invalid_input")


# Archiving


def test_archived_agent_cannot_come_in_and_is_not_listed(do, operator, alice, bob, keys):
    do("session_open", alice)
    archived = do("agent_archive", operator, agent="alice")
    assert (archived.keys_revoked, archived.sessions_closed) == (1, 1)
    assert directory.key(keys["alice"]) is None
    assert [agent.agent for agent in do("agent_list", bob).agents] == ["bob"]
    assert [event.payload for event in logged("presence.changed")] == [{"presence": "offline"}]
    assert logged("agent.archived")[0].public


def test_only_operators_still_see_an_archived_agent(do, attempt, assert_refused, operator, alice, bob):
    do("agent_archive", operator, agent="alice")
    assert do("agent_get", operator, agent="alice").archived_at is not None
    assert_refused(attempt("agent_get", bob, agent="alice"), "not_found")


def test_open_mail_of_an_archived_agent_stays(do, operator, alice, bob):
    for subject in ("One", "Two"):
        do("message_create", alice, to="bob", subject=subject, body="")
    do("agent_archive", operator, agent="bob")
    assert Delivery.objects.filter(recipient__name="bob", lane="unread").count() == 2
    assert do("agent_get", operator, agent="bob").unread == 2


def test_what_an_archived_agent_wrote_can_still_be_read(do, attempt, assert_refused, operator, alice, bob):
    sent = do("message_create", alice, to="bob", subject="Last", body="words").message
    do("agent_archive", operator, agent="alice")
    for name in ("conversation_read", "message_list"):
        assert [each.message for each in do(name, bob, peer="alice").messages] == [sent]
    assert_refused(attempt("message_create", bob, to="alice", subject="Re", body=""), "unknown_agent")


def test_an_archived_agent_of_another_workspace_stays_unknown(do, attempt, assert_refused, operator, bob, mallory):
    do("agent_archive", operator, agent="mallory")
    assert_refused(attempt("conversation_read", bob, peer="mallory"), "unknown_agent")


@pytest.mark.parametrize("name", ["nobody", "operator", "system"])
def test_only_coding_agents_are_archived(attempt, assert_refused, operator, name):
    assert_refused(attempt("agent_archive", operator, agent=name), "not_found")


def test_agent_is_archived_once(do, attempt, assert_refused, operator, alice):
    do("agent_archive", operator, agent="alice")
    assert_refused(attempt("agent_archive", operator, agent="alice"), "not_found")
