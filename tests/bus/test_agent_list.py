"""Finding agents: who shares a workspace, and what is told of each."""

from datetime import timedelta

import pytest

from bus import clock
from bus.models import Agent, Delivery, Message


def send(sender, recipient, workspace, count=1):
    """Put unread mail into an inbox."""
    now = clock.now()
    for number in range(count):
        message = Message.objects.create(
            public_id=f"msg_{recipient.agent.name}_{workspace.id}_{number}",
            workspace_id=workspace.id,
            kind="direct",
            sender_id=sender.agent.id,
            to=recipient.agent.name,
            subject="Hello",
            sent_at=now,
        )
        Delivery.objects.create(message=message, recipient_id=recipient.agent.id, workspace_id=workspace.id, priority=5)


def names(answer):
    return [agent.agent for agent in answer.agents]


def test_list_shows_members_newest_first(do, alice, bob, carol, mallory):
    listed = do("agent_list", alice)
    assert names(listed) == ["carol", "bob", "alice"]
    carol_seen, bob_seen, alice_seen = listed.agents
    assert (alice_seen.harness, alice_seen.presence, alice_seen.wakes_by) == ("codex", "present", "poll")
    assert (bob_seen.capabilities, bob_seen.workspace) == (["review"], None)
    assert carol_seen.presence == "stale"
    assert carol_seen.last_seen_at < clock.now() - timedelta(minutes=9)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"capability": "review"}, ["bob"]),
        ({"role": "scout"}, ["dora"]),
        ({"tag": "team=core"}, ["dora"]),
        ({"tag": "team=co"}, []),
        ({"presence": "present"}, ["bob", "alice"]),
        ({"presence": "stale"}, ["carol"]),
        ({"presence": "offline"}, ["dora"]),
        ({"query": "AROL"}, ["carol"]),
        ({"query": "100%_"}, ["dora"]),
        ({"query": "%"}, ["dora"]),
        ({"capability": "review", "presence": "stale"}, []),
    ],
)
def test_filters_of_the_list_must_all_match(do, enrol, alice, bob, carol, wanted, found):
    enrol("dora", quiet=None, role="scout", tags={"team": "core"}, description="100%_ done")
    assert names(do("agent_list", alice, **wanted)) == found


def test_connected_agent_is_present_however_long_it_was_silent(do, alice, carol):
    Agent.objects.filter(name="carol").update(connected_until=clock.now() + timedelta(seconds=30))
    assert "carol" in names(do("agent_list", alice, presence="present"))
    assert names(do("agent_list", alice, presence="stale")) == []


def test_presence_of_an_agent_fades_with_time(do, later, operator, alice):
    seen = [do("agent_get", later(operator, seconds), agent="alice").presence for seconds in (290, 310, 1790, 1810)]
    assert seen == ["present", "stale", "stale", "offline"]


def test_pages_of_the_list_hold_everybody_once(do, enrol, alice):
    for number in range(5):
        enrol(f"agent{number}")
    first = do("agent_list", alice, limit=4)
    rest = do("agent_list", alice, limit=4, cursor=first.next_cursor)
    assert names(first) + names(rest) == ["agent4", "agent3", "agent2", "agent1", "agent0", "alice"]
    assert rest.next_cursor is None


def test_page_ends_before_it_is_too_large_to_read(do, enrol, alice):
    for number in range(12):
        enrol(f"agent{number}", capabilities=[f"{word:064}" for word in range(50)])
    first = do("agent_list", alice, limit=200)
    assert len(first.json_text()) < 25 * 1024
    assert 0 < len(first.agents) < 12
    rest = do("agent_list", alice, limit=200, cursor=first.next_cursor)
    assert len(names(first)) + len(names(rest)) == 13


def test_agent_list_takes_as_many_queries_at_50_agents_as_at_one(do, enrol, alice, django_assert_num_queries):
    do("agent_list", alice)
    with django_assert_num_queries(2):
        assert len(do("agent_list", alice, limit=100).agents) == 1
    for number in range(49):
        enrol(f"agent{number}", capabilities=["review", "go"])
    do("agent_list", alice)
    with django_assert_num_queries(2):
        assert len(do("agent_list", alice, limit=100).agents) == 50


def test_unread_is_counted_to_100_and_only_where_the_caller_may_look(do, operator, alice, bob, workspace, settle):
    there = settle("there")
    do("key_mint", operator, agent="bob", workspaces=[there.public_id])
    send(alice, bob, there, 3)
    assert do("agent_get", alice, agent="bob").unread == 0
    assert do("agent_get", operator, agent="bob").unread == 3
    send(alice, bob, workspace, 120)
    assert do("agent_get", alice, agent="bob").unread == 100


def test_agent_of_another_workspace_of_mine_says_where_it_is_reached(do, operator, enrol, alice, settle, behind):
    there = settle("there")
    enrol("dave", there)
    text = do("key_mint", operator, agent="alice", any_workspace=True, workspaces=[there.public_id]).key
    alice_there = behind(text)
    listed = {agent.agent: agent.workspace for agent in do("agent_list", alice_there).agents}
    assert listed == {"alice": None, "dave": there.public_id}
    assert names(do("agent_list", alice_there, workspace=there.public_id)) == ["dave", "alice"]
    assert names(do("agent_list", alice)) == ["alice"], "the first key does not list that workspace"


def test_operator_lists_everybody_or_one_workspace(do, operator, alice, mallory, workspace):
    assert names(do("agent_list", operator)) == ["mallory", "alice"]
    assert names(do("agent_list", operator, workspace=workspace.public_id)) == ["alice"]


def test_unknown_and_foreign_agents_answer_the_same(attempt, assert_refused, mallory, alice):
    unknown = assert_refused(attempt("agent_get", mallory, agent="alixe"), "not_found")
    foreign = assert_refused(attempt("agent_get", mallory, agent="alice"), "not_found")
    assert foreign == {**unknown, "details": {"agent": "alice"}}
    assert_refused(attempt("agent_get", mallory, agent="system"), "not_found")


def test_one_agent_is_seen_with_all_it_says_of_itself(do, bob, alice, workspace):
    do("agent_update", bob, tags={"team": "core"}, description="Reviews.")
    seen = do("agent_get", alice, agent="BOB")
    assert (seen.agent, seen.tags, seen.description) == ("bob", {"team": "core"}, "Reviews.")
    assert seen.workspaces == [workspace.public_id]
    assert seen.keys is None


def test_operators_see_the_keys_of_an_agent_but_not_their_text(do, operator, alice, keys, workspace):
    do("key_mint", operator, agent="alice", label="ci", scope="read", any_workspace=True)
    seen = do("agent_get", operator, agent="alice")
    assert [(key.label, key.scope, key.workspaces) for key in seen.keys] == [
        ("ci", "read", ["any"]),
        (None, "agent", [workspace.public_id]),
    ]
    assert keys["alice"].split("_")[2] not in seen.json_text()


def test_agent_get_takes_a_fixed_number_of_queries(do, operator, alice, django_assert_num_queries):
    do("agent_get", operator, agent="alice")
    with django_assert_num_queries(6):
        do("agent_get", operator, agent="alice")
