"""Lists: what concerns me, what I can claim, in pages that stay small."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bus.errors import InvalidInput
from handoffs import queue
from handoffs.queries import between, claimable_count


def ids(page):
    return [each.handoff for each in page.handoffs]


def test_the_newest_come_first_page_by_page(do, alice, bob, give):
    jobs = [give(title=f"Job {number}") for number in range(5)][::-1]
    first = do("handoff_list", bob, limit=3)
    assert ids(first) == jobs[:3]
    rest = do("handoff_list", bob, limit=3, cursor=first.next_cursor)
    assert (ids(rest), rest.next_cursor) == (jobs[3:], None)


def test_what_can_be_claimed_is_a_queue(do, bob, give):
    old, new, urgent = give(title="Old"), give(title="New"), give(title="Urgent", priority=9)
    give(title="Not for bob", to={"capability": "fly"})
    first = do("handoff_list", bob, available=True, limit=2)
    assert ids(first) == [urgent, old]
    second = do("handoff_list", bob, available=True, limit=2, cursor=first.next_cursor)
    assert (ids(second), second.next_cursor) == ([new], None)
    do("handoff_claim", bob, handoff=old)
    assert ids(do("handoff_list", bob, available=True)) == [urgent, new]


def test_mine_is_what_i_gave_was_named_for_or_claimed(do, alice, bob, give):
    given = give(to="alice", by=bob)
    named = give(to="bob")
    give(title="Only open to bob")
    claimed = give()
    do("handoff_claim", bob, handoff=claimed)
    assert ids(do("handoff_list", bob, mine=True)) == [claimed, named, given]


def test_states_narrow_it_and_a_lapsed_lease_counts_as_open(do, alice, bob, give, later):
    lapsed, held, last = give(lease_seconds=30), give(lease_seconds=600), give(lease_seconds=30, max_attempts=1)
    waiting, done = give(), give()
    for job in (lapsed, held, last, done):
        do("handoff_claim", bob, handoff=job)
    do("handoff_complete", bob, handoff=done, epoch=1, result="x")
    after = later(alice, 31)
    expected = {"open": [waiting, lapsed], "claimed": [held], "failed": [last], "completed": [done], "expired": []}
    for state, jobs in expected.items():
        listed = do("handoff_list", after, states=[state])
        assert ids(listed) == jobs
        assert {each.state for each in listed.handoffs} <= {state}
    assert ids(do("handoff_list", after, states=["open", "claimed"])) == [waiting, held, lapsed]


@pytest.mark.parametrize("more", [{"mine": True}, {"states": ["open"]}])
def test_available_stands_alone(do, bob, more):
    with pytest.raises(InvalidInput, match="available"):
        do("handoff_list", bob, available=True, **more)


def test_a_cursor_of_another_list_is_refused(do, bob, give):
    for _ in range(2):
        give()
    cursor = do("handoff_list", bob, limit=1).next_cursor
    with pytest.raises(InvalidInput, match="cursor"):
        do("handoff_list", bob, available=True, cursor=cursor)


def test_large_items_are_cut_and_the_list_stops_at_24_kb(do, alice, bob, give, get):
    jobs = [give(body="ä" * 20_000, payload={"a": "b" * 5000}) for _ in range(12)]
    for caller, listing in ((alice, {}), (bob, {"available": True})):
        page = do("handoff_list", caller, limit=50, **listing)
        shown = page.handoffs[0]
        assert (len(shown.body), shown.payload, shown.truncated) == (2000, None, True)
        assert 1 < len(page.handoffs) < 12
        assert page.next_cursor
        assert len(page.json_text().encode()) < 25 * 1024
    whole = get(alice, jobs[0])
    assert (len(whole.body), whole.truncated) == (20_000, None)
    assert json.loads(whole.json_text())["from"] == "alice"


def test_a_job_of_another_is_not_listed_as_mine_for_operators(do, operator, give):
    job = give()
    assert ids(do("handoff_list", operator)) == [job]
    assert ids(do("handoff_list", operator, mine=True)) == []


def test_whoami_and_the_conversation_tell_of_handoffs(do, alice, bob, carol, give):
    give()
    direct = give(to="bob")
    do("handoff_claim", bob, handoff=direct)
    assert do("whoami", bob).claimable_handoffs == 1
    assert do("whoami", carol).claimable_handoffs == 0
    for caller, peer in ((alice, "bob"), (bob, "alice")):
        (shown,) = do("conversation_read", caller, peer=peer).handoffs
        assert (shown.handoff, shown.state, shown.creator, shown.claimant) == (direct, "claimed", "alice", "bob")
    assert between(alice.workspace.id, alice.agent.id, carol.agent.id) == []


def test_what_can_be_claimed_is_counted_up_to_100(do, bob, give):
    for _ in range(102):
        give()
    assert claimable_count(bob) == 100


def queries(call):
    with CaptureQueriesContext(connection) as captured:
        call()
    return len(captured)


@pytest.mark.parametrize(
    ("listing", "most"), [({}, 4), ({"mine": True}, 4), ({"states": ["open"]}, 4), ({"available": True}, 3)]
)
def test_lists_take_as_many_statements_at_50_rows_as_at_one(do, bob, give, listing, most):
    def look():
        do("handoff_list", bob, limit=200, **listing)

    give(to="bob")
    look()
    at_one = queries(look)
    for _ in range(49):
        give(to="bob")
    assert queries(look) == at_one == most


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
def test_a_queue_is_the_same_however_it_is_read(do, bob, dave, give, later, monkeypatch, chunk):
    monkeypatch.setattr(queue, "CHUNK", chunk)
    jobs = [give(priority=number % 3, lease_seconds=30 if number % 2 else 600) for number in range(12)]
    for job in jobs[::3]:
        do("handoff_claim", bob, handoff=job)
    give(to="dave", priority=9)
    held = set(jobs[::6])
    wanted = [job for rank in (2, 1, 0) for number, job in enumerate(jobs) if number % 3 == rank and job not in held]
    after, found, cursor = later(bob, 31), [], {}
    while cursor is not None:
        page = do("handoff_list", after, available=True, limit=2, **cursor)
        found += ids(page)
        cursor = {"cursor": page.next_cursor} if page.next_cursor else None
    assert found == wanted
    assert claimable_count(after) == len(wanted)


def test_a_queue_is_read_as_far_as_it_is_wanted(do, bob, give, monkeypatch):
    monkeypatch.setattr(queue, "CHUNK", 2)
    give()
    at_one = queries(lambda: do("handoff_list", bob, available=True, limit=1))
    for _ in range(20):
        give()
    assert queries(lambda: do("handoff_list", bob, available=True, limit=1)) == at_one
