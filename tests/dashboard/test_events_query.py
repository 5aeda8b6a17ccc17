"""The log as pages read it: filters, paging to any depth, an instant found among gaps, tallies, few queries."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from bus import clock, door, events, identity
from bus.models import Event
from dashboard.sentences import lines
from overview.queries.happened import Filter, actors, happened, newest, place_of, tally, the_one
from overview.queries.places import first, last_before

LATE = datetime(2100, 1, 1, tzinfo=UTC)
EARLY = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def note(workspace):
    """Return a function that records events of a type by the system, one after the other."""

    def note(type_, number=1, place=workspace, **about):
        def record():
            for _ in range(number):
                events.record(identity.system(), type_, {}, workspace=place.id, **about)

        door.run_work(record)

    return note


@pytest.fixture
def told(do, alice, bob):
    """A message that was read and a handoff, and their ids."""
    message = do("message_create", alice, to="bob", subject="Question", body="Text").message
    do("inbox_pull", bob)
    do("inbox_ack", bob, messages=[message])
    return message, do("handoff_create", alice, title="Review", to="bob").handoff


def pks(found):
    return [each.pk for each in found]


def all_of(workspace):
    return list(Event.objects.filter(workspace_id=workspace.id).order_by("-pk"))


def test_newest_come_first_and_happened_goes_on_from_a_row(workspace, told):
    everything = [row.pk for row in all_of(workspace)]
    assert pks(newest(workspace.id, Filter())) == everything
    after = everything[3]
    assert pks(happened(workspace.id, after)) == everything[:3][::-1]
    assert pks(happened(workspace.id, after, 2)) == everything[1:3][::-1]


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (Filter(type="delivery"), lambda row: row.type.startswith("delivery.")),
        (Filter(type="delivery.read"), lambda row: row.type == "delivery.read"),
        (Filter(type="deliver"), lambda row: False),
        (Filter(who="bob"), lambda row: "bob" in (row.actor.name, row.agent)),
        (Filter(who="bob", type="delivery"), lambda row: row.type.startswith("delivery.")),
        (Filter(who="nobody"), lambda row: False),
        (Filter(subject="bob"), lambda row: row.agent == "bob"),
    ],
)
def test_filter_leaves_what_fits(workspace, told, wanted, fits):
    assert pks(newest(workspace.id, wanted)) == [row.pk for row in all_of(workspace) if fits(row)]


def test_subject_is_a_message_or_a_handoff(workspace, told):
    message, handoff = told
    of_message = newest(workspace.id, Filter(subject=message))
    assert [each.type for each in of_message] == ["delivery.read", "delivery.leased", "message.created"]
    of_handoff = newest(workspace.id, Filter(subject=handoff))
    assert "handoff.created" in [each.type for each in of_handoff]
    assert {each.handoff for each in of_handoff} == {handoff}


def test_pages_join_without_gap_or_double_to_any_depth(workspace, note):
    note("session.opened", 120)
    found, before = [], None
    while page := newest(workspace.id, Filter(), before, 7):
        found += pks(page)
        before = page[-1].pk
    assert found == [row.pk for row in all_of(workspace)]


def test_workspaces_are_apart_and_all_are_everything(workspace, settle, note):
    other = settle("other")
    note("session.opened", 2)
    note("session.opened", 3, other)
    assert {each.workspace for each in newest(workspace.id, Filter())} == {workspace.id}
    assert len(newest(other.id, Filter(type="session"))) == 3
    assert len(newest(None, Filter(type="session"))) == 5


def test_instant_is_found_at_every_event_and_in_the_gaps_of_others(workspace, settle, note):
    other = settle("other")
    for _ in range(4):
        note("session.opened", 3)
        note("session.opened", 5, other)
    rows = all_of(workspace)[::-1]
    step = timedelta(microseconds=1)
    for row in rows:
        upto = max(each.pk for each in rows if each.at <= row.at)
        before = max((each.pk for each in rows if each.at < row.at), default=0)
        assert last_before(workspace.id, row.at) == upto
        assert last_before(workspace.id, row.at - step) == before
        assert place_of(workspace.id, row.at) == upto + 1


def test_edges_of_the_log_are_nothing_and_the_newest(workspace, note):
    note("session.opened", 2)
    assert last_before(workspace.id, EARLY) == 0
    assert last_before(workspace.id, LATE) == all_of(workspace)[0].pk
    assert last_before(10_000, LATE) == 0
    assert first(10_000) is None
    assert first(workspace.id)[0] == all_of(workspace)[-1].pk
    assert newest(workspace.id, Filter(), place_of(workspace.id, EARLY)) == []


def test_tally_counts_nouns_of_the_last_day(workspace, note, told):
    rows = all_of(workspace)
    counted = tally(workspace.id, clock.now())
    assert sum(counted.values()) == len(rows)
    assert counted["delivery"] == sum(row.type.startswith("delivery.") for row in rows)
    assert tally(workspace.id, clock.now() + timedelta(days=2)) == {}
    note("backup.made")
    assert tally(workspace.id, clock.now()) == counted | {"backup": counted.get("backup", 0) + 1}


def test_actors_are_those_who_acted_by_name(workspace, told):
    names = actors(workspace.id)
    assert names == sorted({row.actor.name for row in all_of(workspace)})
    assert {"alice", "bob"} <= set(names)
    assert actors(workspace.id, 1) == names[:1]


def test_one_event_is_found_by_its_id_with_its_hash(workspace, told):
    row = all_of(workspace)[0]
    found = the_one(f"evt_{row.pk}")
    assert found["event"].pk == row.pk
    assert found["hash"] == bytes(row.hash).hex()
    assert found["place"] == "atlas"


def test_an_event_is_found_by_the_id_that_agents_see(alice, do):
    (shown,) = do("event_list", alice, limit=1).events
    found = the_one(shown.event)
    assert found is not None
    assert found["hash"].startswith(shown.event.removeprefix("evt_"))


@pytest.mark.parametrize("name", ["evt_0", "evt_", "evt_x", "evt_-1", "evt_²", "evt_" + "9" * 30, "evt_1 OR 1=1"])
def test_what_is_no_event_is_none(workspace, name):
    assert the_one(name) is None


@pytest.mark.parametrize("number", [1, 50])
def test_page_of_the_log_takes_the_same_few_queries(workspace, do, alice, bob, number, django_assert_num_queries):
    for each in range(number):
        do("handoff_create", alice, to="bob", title=f"No {each}")
    read = partial(newest, workspace.id, Filter(who="alice"), None, 2 * number)
    lines(read(), "operator")
    with django_assert_num_queries(1):
        found = read()
    assert len(found) == 2 * number
    with django_assert_num_queries(2):
        assert len(lines(found, "operator")) == 2 * number
