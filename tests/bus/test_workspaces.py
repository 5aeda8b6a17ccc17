"""Workspaces: who sees which, and how one is named."""

import pytest

from bus import door, identity, people
from bus.models import Event, Workspace

ORIGIN = '[remote "origin"]\n\turl = git@example.org:acme/orchid.git\n'


@pytest.fixture
def found(tmp_path):
    """Return a function that makes a repository, and its workspace by a path in it."""

    def found(name, config=""):
        root = tmp_path / name
        (root / ".git").mkdir(parents=True)
        (root / "src").mkdir()
        (root / ".git" / "config").write_text(config)
        return door.run_work(lambda: people.create_workspace(identity.system(), str(root / "src")))

    return found


def aliases(answer):
    return [workspace.alias for workspace in answer.workspaces]


def test_workspace_is_made_once(found, store, tmp_path):
    first = found("orchid", ORIGIN)
    again = door.run_work(lambda: people.create_workspace(identity.system(), str(tmp_path / "orchid")))
    assert again == first
    assert (first.alias, first.git_remote) == ("orchid", "example.org/acme/orchid")
    assert Event.objects.get(type="workspace.created").workspace == first


def test_folders_of_one_name_have_different_aliases(found, store):
    made = [found(name) for name in ("a/orchid", "b/orchid", "c/Orchid", "d/any")]
    assert [workspace.alias for workspace in made] == ["orchid", "orchid-2", "Orchid-3", "any-2"]


def test_agents_list_the_workspaces_that_they_may_enter(do, operator, alice, mallory, settle):
    settle("empty")
    assert aliases(do("workspace_list", alice)) == ["atlas"]
    assert aliases(do("workspace_list", mallory)) == ["elsewhere"]
    assert aliases(do("workspace_list", operator)) == ["empty", "elsewhere", "atlas"]
    assert [workspace.members for workspace in do("workspace_list", operator).workspaces] == [0, 1, 1]


def test_paths_are_for_operators(do, operator, alice, workspace):
    assert do("workspace_list", operator).workspaces[0].path == workspace.path
    assert do("workspace_list", alice).workspaces[0].path is None
    assert do("workspace_resolve", alice, project_root=workspace.path).path is None


def test_archived_members_do_not_count(do, operator, alice, bob):
    do("agent_archive", operator, agent="bob")
    assert do("workspace_list", alice).workspaces[0].members == 1


def test_key_shows_only_the_workspaces_that_it_lists(do, operator, alice, settle, behind):
    settle("there")
    text = do("key_mint", operator, agent="alice", workspaces=["there"]).key
    assert aliases(do("workspace_list", behind(text))) == ["there"]
    assert aliases(do("workspace_list", alice)) == ["atlas"]


def test_workspace_list_takes_one_query_at_50_workspaces_as_at_one(
    do, operator, workspace, settle, django_assert_num_queries
):
    do("workspace_list", operator)
    with django_assert_num_queries(1):
        assert len(do("workspace_list", operator, limit=100).workspaces) == 1
    for number in range(49):
        settle(f"project{number}")
    do("workspace_list", operator)
    with django_assert_num_queries(1):
        assert len(do("workspace_list", operator, limit=100).workspaces) == 50


def test_pages_of_workspaces_hold_each_once(do, operator, workspace, settle):
    for number in range(3):
        settle(f"p{number}")
    first = do("workspace_list", operator, limit=2)
    rest = do("workspace_list", operator, limit=2, cursor=first.next_cursor)
    assert aliases(first) + aliases(rest) == ["p2", "p1", "p0", "atlas"]
    assert rest.next_cursor is None


def test_workspace_is_named_by_path_alias_or_remote(do, operator, found, workspace):
    row = found("orchid", ORIGIN)
    for name in ({"project_root": f"{row.path}/src"}, {"alias": "orchid"}, {"git_remote": "example.org/acme/orchid"}):
        assert do("workspace_resolve", operator, **name).workspace == row.public_id


@pytest.mark.parametrize(
    "names", [{}, {"alias": "atlas", "git_remote": "x/y"}, {"alias": "atlas", "project_root": "/"}]
)
def test_exactly_one_name_is_given(attempt, assert_refused, alice, names):
    assert_refused(attempt("workspace_resolve", alice, **names), "invalid_input")


@pytest.mark.parametrize("path", ["src", "/no/such/folder", "/etc/hostname"])
def test_path_that_names_no_folder_is_refused_with_the_fix(attempt, assert_refused, alice, path):
    error = assert_refused(attempt("workspace_resolve", alice, project_root=path), "invalid_input")
    assert error["details"]["field"] == "project_root"


def test_unknown_and_foreign_workspaces_answer_the_same(
    attempt, assert_refused, operator, mallory, workspace, tmp_path
):
    for foreign, unknown in (
        ({"alias": "atlas"}, {"alias": "atlantis"}),
        ({"project_root": workspace.path}, {"project_root": str(tmp_path)}),
        ({"git_remote": "example.org/a/b"}, {"git_remote": "example.org/a/c"}),
    ):
        Workspace.objects.filter(pk=workspace.id).update(git_remote="example.org/a/b")
        refused = [
            assert_refused(attempt("workspace_resolve", mallory, **name), "not_found") for name in (foreign, unknown)
        ]
        assert refused[0] == refused[1]


def test_remote_of_two_clones_names_neither(attempt, assert_refused, operator, found):
    clones = [found(name, ORIGIN) for name in ("one", "two")]
    error = assert_refused(attempt("workspace_resolve", operator, git_remote="example.org/acme/orchid"), "conflict")
    assert [each["workspace"] for each in error["details"]["workspaces"]] == [clone.public_id for clone in clones]


def test_installation_is_no_workspace_to_work_in(do, operator, attempt, assert_refused):
    assert aliases(do("workspace_list", operator)) == ["atlas"]
    assert_refused(attempt("workspace_resolve", operator, alias="wsp_installation"), "not_found")


def test_workspace_resolve_takes_one_query(do, alice, django_assert_num_queries):
    do("workspace_resolve", alice, alias="atlas")
    with django_assert_num_queries(1):
        do("workspace_resolve", alice, alias="atlas")
