"""The list of agents and one agent's day: what is counted, in a fixed number of queries."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bus import clock, door, presence
from bus.errors import NotFound
from bus.models import Agent
from overview.queries.people import Wanted, capabilities, heads, people
from overview.queries.person import detail
from overview.queries.presences import strip

HOUR = timedelta(hours=1)


@pytest.fixture
def seen(workspace):
    """Return a function that looks at one agent of `atlas` by name."""

    def seen(name, place=workspace):
        found = people(place.id if place else None, clock.now(), Wanted(names=[name])).rows
        assert len(found) == 1
        return found[0]

    return seen


@pytest.fixture
def ago():
    """Return a function that moves a caller back in time."""

    def ago(caller, hours):
        return replace(caller, now=clock.now() - hours * HOUR)

    return ago


def names(found):
    return [person.name for person in found.rows]


def test_agents_come_by_name_and_operators_last(workspace, bob, alice, mallory):
    assert names(people(workspace.id, clock.now())) == ["alice", "bob", "operator"]
    assert names(people(None, clock.now())) == ["alice", "bob", "mallory", "operator"]


def test_an_agent_has_its_profile_and_its_presence(seen, bob, carol, workspace):
    person = seen("bob")
    assert (person.harness, person.capabilities, person.presence) == ("claude-code", ("review",), "present")
    assert (person.keys, person.sessions, person.workspace) == (1, 0, workspace.public_id)
    assert seen("carol").presence == "stale"


def test_the_page_ends_and_the_next_goes_on(workspace, enrol):
    for name in ("Dora", "ann", "cleo"):
        enrol(name)
    first = people(workspace.id, clock.now(), limit=2)
    assert names(first) == ["ann", "cleo"]
    second = people(workspace.id, clock.now(), Wanted(after=first.after), limit=2)
    assert names(second) == ["Dora", "operator"]
    assert second.after is None


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(presence="present"), ["alice", "bob"]),
        (Wanted(presence="stale"), ["carol"]),
        (Wanted(presence="offline"), []),
        (Wanted(presence="nonsense"), ["alice", "bob", "carol", "operator"]),
        (Wanted(capability="review"), ["bob"]),
        (Wanted(text="ALI"), ["alice"]),
        (Wanted(text="lead"), ["carol"]),
    ],
)
def test_filters_keep_what_fits(workspace, do, operator, alice, bob, carol, wanted, found):
    do("agent_update", operator, agent="carol", role="lead")
    assert names(people(workspace.id, clock.now(), wanted)) == found


def test_an_archived_agent_is_not_listed_but_found_by_name(workspace, do, operator, alice, seen):
    do("agent_archive", operator, agent="alice")
    assert names(people(workspace.id, clock.now())) == ["operator"]
    assert seen("alice").archived_at is not None


def test_lanes_count_what_waits_and_what_was_read(do, alice, bob, seen):
    sent = [do("message_create", alice, to="bob", subject=f"Number {number}", body="").message for number in range(4)]
    do("inbox_pull", bob, limit=3)
    do("inbox_ack", bob, messages=sent[:2])
    lanes = seen("bob").lanes
    assert (lanes.unread, lanes.delivered, lanes.read, lanes.parked) == (1, 1, 2, 0)
    assert seen("alice").lanes.unread == 0


def test_each_message_counts_in_the_hour_in_which_it_was_sent(alice, bob, ago, seen):
    for hours in (30, 23.5, 5.5, 5.2, 0.2):
        door.run("message_create", ago(alice, hours), {"to": "bob", "subject": "Hello", "body": ""})
    hours = seen("alice").hours
    assert len(hours) == 24
    assert {number: sent for number, sent in enumerate(hours) if sent} == {0: 1, 18: 2, 23: 1}
    assert sum(seen("bob").hours) == 0


def test_a_quiet_installation_counts_nothing(alice, seen):
    assert seen("alice").hours == (0,) * 24


def test_work_in_hand_tells_the_soonest_lease(do, alice, bob, seen):
    ends = []
    for title, seconds in (("Later", 900), ("Sooner", 120)):
        job = do("handoff_create", alice, to="bob", title=title, lease_seconds=seconds).handoff
        ends.append(do("handoff_claim", bob, handoff=job).lease_until)
    assert (seen("bob").held.claimed, seen("bob").held.until) == (2, ends[1])
    assert seen("bob", None).held.claimed == 2
    assert seen("alice").held.claimed == 0


def test_a_lease_that_is_over_is_in_nobodys_hand(do, alice, bob, workspace):
    job = do("handoff_create", alice, to="bob", title="Short", lease_seconds=60).handoff
    do("handoff_claim", bob, handoff=job)
    soon = clock.now() + 2 * HOUR
    assert people(workspace.id, soon, Wanted(names=["bob"])).rows[0].held.claimed == 0


def test_a_finished_job_waits_for_its_verifier(do, alice, bob, seen):
    order = {"to": "bob", "title": "Parser", "acceptance_criteria": ["Green"], "verify_by": "human"}
    job = do("handoff_create", alice, **order).handoff
    epoch = do("handoff_claim", bob, handoff=job).epoch
    do("handoff_complete", bob, handoff=job, epoch=epoch, result={"ok": True})
    assert (seen("bob").held.verifying, seen("bob").held.claimed) == (1, 0)
    assert seen("operator").held.to_verify == 1


def test_heads_and_capabilities_are_of_the_workspace(workspace, alice, bob, carol, mallory):
    assert heads(workspace.id, clock.now()) == (2, 1)
    assert heads(None, clock.now()) == (3, 1)
    assert capabilities(workspace.id) == ["review"]


@pytest.mark.parametrize("many", [1, 50])
def test_the_list_takes_five_queries_whatever_there_is(workspace, enrol, do, many, django_assert_num_queries):
    agents = [enrol(f"agent-{number}", capabilities=["python"]) for number in range(many)]
    do("message_create", agents[0], to="operator", subject="Hello", body="")
    now = clock.now()
    with django_assert_num_queries(5):
        assert len(people(workspace.id, now).rows) == min(50, many + 1)
    with django_assert_num_queries(5):
        people(None, now)


def test_one_agent_has_its_keys_and_not_those_that_ended(do, operator, alice):
    ended = do("key_mint", operator, agent="alice", label="old").prefix
    do("key_revoke", operator, agent="alice", key=ended)
    do("key_mint", operator, agent="alice", label="laptop", scope="read")
    found = detail("ALICE", None, clock.now())
    assert found.person.name == "alice"
    assert [(key.label, key.scope) for key in found.keys] == [("laptop", "read"), ("", "agent")]
    assert found.keys[0].workspaces == ("atlas",)


def test_an_agent_of_another_workspace_is_not_found(workspace, mallory):
    with pytest.raises(NotFound):
        detail("mallory", workspace.id, clock.now())
    with pytest.raises(NotFound):
        detail("nobody", None, clock.now())


def test_the_day_of_an_agent_follows_the_log(workspace, alice, ago):
    change(ago(alice, 20), "present")
    change(ago(alice, 18), "stale")
    change(ago(alice, 17), "offline")
    change(ago(alice, 2), "present")
    found = strip("alice", workspace.id, "present", clock.now())
    runs = [(state, len(slots)) for state, slots in grouped(found.slots)]
    assert [state for state, _ in runs] == ["offline", "present", "stale", "offline", "present"]
    assert [slots for _, slots in runs] == pytest.approx([8, 4, 2, 30, 4], abs=1)
    assert found.here / HOUR == pytest.approx(4, abs=0.1)


def test_a_day_without_changes_is_all_alike(workspace, alice, ago):
    change(ago(alice, 40), "present")
    assert set(strip("alice", workspace.id, "present", clock.now()).slots) == {"present"}


def test_where_the_log_begins_later_the_state_before_follows_from_the_first_change(workspace, alice, ago):
    change(ago(alice, 6), "offline")
    found = strip("alice", workspace.id, "offline", clock.now())
    assert [state for state, _ in grouped(found.slots)] == ["stale", "offline"]


def test_the_day_is_one_query(workspace, alice, ago, django_assert_num_queries):
    for number in range(50):
        change(ago(alice, 50 - number), "present" if number % 2 else "stale")
    with django_assert_num_queries(1):
        strip("alice", workspace.id, "present", clock.now())


def change(caller, state):
    """Record that an agent is heard or not, as the presence sweep does."""
    door.run_work(lambda: presence.record_change(caller, caller.agent.id, caller.agent.name, state))
    Agent.objects.filter(pk=caller.agent.id).update(presence=state)


def grouped(slots):
    found = []
    for slot in slots:
        if found and found[-1][0] == slot:
            found[-1][1].append(slot)
        else:
            found.append((slot, [slot]))
    return found
