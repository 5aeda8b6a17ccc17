"""Sessions: where an agent works, one sitting each."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bus import identity
from bus.directory import directory
from bus.models import Agent, Event, Membership, Session, Workspace


@pytest.fixture
def rover(do, operator, behind):
    """An agent with a key for any workspace that has not worked anywhere yet."""
    return behind(do("agent_create", operator, name="rover", any_workspace=True).key)


@pytest.fixture
def clone(tmp_path):
    """Return a function that makes a repository that no workspace stands for."""

    def clone(name):
        (tmp_path / name / ".git").mkdir(parents=True)
        return str(tmp_path / name)

    return clone


def types():
    return list(Event.objects.order_by("id").values_list("type", flat=True))


def over(surface, caller):
    return replace(caller, surface=surface)


def in_session(caller, answer):
    return replace(caller, session=directory.session(answer.session))


# Opening


def test_session_opens_at_home(do, alice, workspace):
    opened = do("session_open", alice, harness="codex", machine="laptop", session_ref="t1")
    assert (opened.workspace, opened.alias) == (workspace.public_id, "atlas")
    row = Session.objects.get(public_id=opened.session)
    assert (row.agent.name, row.key_id, row.surface) == ("alice", alice.key.id, "test")
    assert (row.harness, row.machine, row.session_ref) == ("codex", "laptop", "t1")
    event = Event.objects.get(type="session.opened")
    assert (event.payload, event.public) == ({"session": opened.session, "surface": "test"}, False)


def test_repeat_in_the_same_session_writes_nothing(do, alice, workspace):
    order = {"project_root": workspace.path, "harness": "codex", "machine": "laptop", "session_ref": "t1"}
    first = do("session_open", alice, **order)
    with CaptureQueriesContext(connection) as made:
        assert do("session_open", alice, **order) == first
        assert do("session_open", alice, project_root=workspace.path) == first
        assert do("session_open", alice) == first
    assert not [query["sql"] for query in made if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert Session.objects.count() == types().count("session.opened") == 1


def test_call_without_a_header_is_in_the_newest_session(do, alice):
    do("session_open", alice, session_ref="t1")
    second = do("session_open", alice, session_ref="t2")
    assert identity.from_key(alice.key, "test").session == directory.session(second.session)


def test_other_sitting_of_the_same_key_is_another_session(do, alice):
    first = do("session_open", alice, session_ref="t1", harness="codex")
    second = do("session_open", alice, session_ref="t2", harness="codex")
    assert first.session != second.session
    assert do("session_open", alice, session_ref="t1").session == first.session
    assert do("session_open", alice, harness="claude-code").session not in (first.session, second.session)


def test_session_learns_what_it_was_not_told(do, alice):
    first = do("session_open", alice)
    assert do("session_open", alice, harness="codex", machine="laptop").session == first.session
    row = Session.objects.get()
    assert (row.harness, row.machine) == ("codex", "laptop")
    assert types().count("session.opened") == 2


def test_other_project_is_another_session(do, rover, workspace, clone):
    first = do("session_open", rover, project_root=workspace.path)
    second = do("session_open", rover, project_root=clone("orchid"))
    assert second.session != first.session
    assert second.alias == "orchid"


def test_mcp_session_takes_its_workspace_along(do, rover, workspace, clone):
    rover = over("mcp", rover)
    first = do("session_open", rover, project_root=workspace.path, session_ref="mcp:1")
    moved = do("session_open", in_session(rover, first), project_root=clone("orchid"))
    assert moved.session == first.session
    assert identity.from_key(rover.key, "mcp", session=moved.session).workspace.alias == "orchid"
    assert [event.payload.get("reason") for event in Event.objects.filter(type="session.closed")] == ["moved"]
    assert types().count("session.opened") == 2


def test_new_mcp_session_is_not_an_older_one(do, alice):
    first = do("session_open", over("mcp", alice), session_ref="mcp:1")
    second = do("session_open", replace(over("mcp", alice), session=None), session_ref="mcp:2")
    assert second.session != first.session


def test_key_for_any_workspace_founds_one_and_joins_it(do, rover, clone):
    path = clone("orchid")
    opened = do("session_open", rover, project_root=path)
    orchid = Workspace.objects.get(public_id=opened.workspace)
    assert orchid.path.endswith("/orchid")
    assert Membership.objects.get(agent__name="rover").workspace == orchid
    assert Agent.objects.get(name="rover").home == orchid
    told = Event.objects.filter(workspace=orchid).order_by("seq")
    assert [event.type for event in told] == ["workspace.created", "workspace.joined", "session.opened"]
    assert [event.public for event in told] == [True, True, False]


def test_first_workspace_stays_home(do, rover, clone):
    first = do("session_open", rover, project_root=clone("orchid"))
    do("session_open", rover, project_root=clone("tulip"))
    assert Agent.objects.get(name="rover", home__public_id=first.workspace).workspaces.count() == 2
    assert types().count("workspace.joined") == 2


def test_unknown_and_foreign_projects_answer_the_same(do, attempt, assert_refused, alice, mallory, workspace, clone):
    foreign = assert_refused(attempt("session_open", mallory, project_root=workspace.path), "not_found")
    path = clone("unknown")
    unknown = assert_refused(attempt("session_open", mallory, project_root=path), "not_found")
    assert {**foreign, "details": {"project_root": path}} == unknown
    assert_refused(attempt("session_open", mallory, workspace="atlas"), "not_found")
    assert not Workspace.objects.filter(alias="unknown").exists()


@pytest.mark.parametrize("path", ["src", "./src", "", "/no/such/folder", "/etc/hostname", "/\0"])
def test_path_that_names_no_folder_is_refused_with_the_fix(attempt, assert_refused, rover, path):
    assert_refused(attempt("session_open", rover, project_root=path), "invalid_input")


def test_agent_without_a_home_says_where_it_works(attempt, assert_refused, rover):
    error = assert_refused(attempt("session_open", rover), "invalid_input")
    assert error["details"]["field"] == "project_root"


def test_operator_opens_any_project_without_joining_it(do, operator, clone):
    path = clone("orchid")
    opened = do("session_open", operator, project_root=path)
    assert do("session_open", operator, project_root=path).session == opened.session
    assert not Membership.objects.exists()
    assert do("workspace_resolve", operator, alias="orchid").members == 0


# Keeping and closing


def test_heartbeat_moves_only_the_stamp(do, later, alice):
    opened = do("session_open", alice)
    before = types()
    beat = do("session_heartbeat", later(alice, 60))
    assert beat.session == opened.session
    assert Session.objects.get().last_seen_at == beat.last_seen_at > opened.opened_at
    assert types() == before


def test_closed_session_is_over(do, attempt, assert_refused, alice):
    opened = do("session_open", alice)
    closed = do("session_close", alice)
    assert (closed.session, closed.agent) == (opened.session, "alice")
    assert identity.from_key(alice.key, "test").session is None
    assert_refused(attempt("session_close", alice, session=opened.session), "conflict")
    assert_refused(attempt("session_heartbeat", alice, session=opened.session), "conflict")
    assert Event.objects.get(type="session.closed").payload == {"session": opened.session, "reason": "closed"}


def test_call_outside_a_session_says_which_it_means(attempt, assert_refused, alice):
    assert_refused(attempt("session_close", alice), "invalid_input")
    assert_refused(attempt("session_heartbeat", alice), "invalid_input")


@pytest.mark.parametrize("operation", ["session_close", "session_heartbeat"])
def test_session_of_another_is_as_good_as_unknown(do, attempt, assert_refused, alice, bob, operation):
    opened = do("session_open", alice)
    foreign = assert_refused(attempt(operation, bob, session=opened.session), "not_found")
    unknown = assert_refused(attempt(operation, bob, session="ses_nothing"), "not_found")
    assert {**foreign, "details": unknown["details"]} == unknown
    assert Session.objects.get().closed_at is None


def test_operator_ends_the_session_of_any_agent(do, attempt, assert_refused, operator, alice, bob):
    opened = do("session_open", alice)
    assert_refused(attempt("session_end", bob, session=opened.session), "forbidden")
    ended = do("session_end", operator, session=opened.session)
    assert (ended.agent, identity.from_key(alice.key, "test").session) == ("alice", None)
    assert Event.objects.get(type="session.closed").actor.name == "operator"
    assert_refused(attempt("session_end", operator, session=opened.session), "conflict")
    assert_refused(attempt("session_end", operator, session="ses_nothing"), "not_found")


# Listing


def listed(answer):
    return [(session.agent, session.session_ref) for session in answer.sessions]


def test_list_shows_own_open_sessions_newest_first(do, alice, bob, operator):
    for caller, ref in ((alice, "a1"), (bob, "b1"), (alice, "a2")):
        do("session_open", caller, session_ref=ref)
    do("session_close", alice)
    assert listed(do("session_list", alice)) == [("alice", "a1")]
    assert listed(do("session_list", alice, include_closed=True)) == [("alice", "a2"), ("alice", "a1")]
    assert listed(do("session_list", alice, agent="bob")) == []
    assert listed(do("session_list", operator)) == [("bob", "b1"), ("alice", "a1")]
    assert listed(do("session_list", operator, agent="ALICE")) == [("alice", "a1")]


def test_list_hides_workspaces_that_the_key_may_not_enter(do, operator, alice, settle, behind):
    settle("there")
    text = do("key_mint", operator, agent="alice", workspaces=["there"]).key
    do("session_open", behind(text), workspace="there")
    assert listed(do("session_list", alice)) == []
    assert [session.alias for session in do("session_list", operator, workspace="there").sessions] == ["there"]


def test_session_list_takes_one_query_at_50_sessions_as_at_one(do, operator, alice, django_assert_num_queries):
    do("session_open", alice, session_ref="0")
    do("session_list", operator)
    with django_assert_num_queries(1):
        assert len(do("session_list", operator, limit=100).sessions) == 1
    for number in range(1, 50):
        do("session_open", alice, session_ref=str(number))
    do("session_list", operator)
    with django_assert_num_queries(1):
        assert len(do("session_list", operator, limit=100).sessions) == 50


def test_pages_of_sessions_hold_each_once(do, operator, alice):
    for number in range(5):
        do("session_open", alice, session_ref=str(number))
    first = do("session_list", operator, limit=3)
    rest = do("session_list", operator, limit=3, cursor=first.next_cursor)
    assert [ref for _, ref in listed(first) + listed(rest)] == ["4", "3", "2", "1", "0"]
