"""The talk of an agent and a peer, and with whom an agent talks."""

from datetime import timedelta

import pytest

from bus import clock
from overview.queries.peers import peers
from overview.queries.talk import PAGE, Pair, said_in, talk


@pytest.fixture
def tell(do):
    """Return a function that sends a message and returns its id."""

    def tell(caller, to, subject, body="Text"):
        return do("message_create", caller, to=to, subject=subject, body=body).message

    return tell


@pytest.fixture
def between(workspace):
    """Return a function that reads the talk of two callers."""

    def between(one, other, place=workspace, **window):
        pair = Pair(one.agent.id, other.agent.id, place.id if place else None)
        return talk(pair, clock.now(), **window)

    return between


def subjects(found):
    return [each.title if each.is_card else each.subject for each in found.items]


def test_the_talk_has_both_ways_in_order_and_nothing_of_others(tell, between, alice, bob, operator):
    tell(alice, "bob", "One")
    tell(bob, "alice", "Two")
    tell(operator, "bob", "Not theirs")
    tell(alice, "bob", "Three")
    found = between(alice, bob)
    assert subjects(found) == ["One", "Two", "Three"]
    assert [bubble.is_mine for bubble in found.items] == [True, False, True]
    assert [(bubble.sender, bubble.to) for bubble in found.items[:2]] == [("alice", "bob"), ("bob", "alice")]
    assert subjects(between(bob, alice)) == ["One", "Two", "Three"]


def test_what_was_said_at_one_instant_stands_as_it_came(tell, between, alice, bob, monkeypatch):
    moment = clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment)
    for subject in ("One", "Two", "Three"):
        tell(alice, "bob", subject)
    assert subjects(between(bob, alice)) == ["One", "Two", "Three"]


def test_a_broadcast_that_was_received_belongs_to_the_talk(tell, between, alice, bob):
    tell(alice, "broadcast", "To all")
    found = between(bob, alice)
    assert [(bubble.kind, bubble.is_mine, bubble.to) for bubble in found.items] == [("broadcast", False, "bob")]


def test_ticks_follow_the_delivery_of_the_other(do, tell, between, alice, bob):
    first, second, _ = (tell(alice, "bob", subject) for subject in ("One", "Two", "Three"))
    do("inbox_pull", bob, limit=2)
    do("inbox_ack", bob, messages=[first])
    assert [bubble.lane for bubble in between(alice, bob).items] == ["read", "delivered", "unread"]
    waiting = between(bob, alice).waiting
    assert waiting[0].message == second
    assert len(waiting) == 2
    assert between(alice, bob).waiting == []


def test_a_handoff_stands_in_its_place_as_one_card_with_where_it_stands(do, tell, between, alice, bob):
    tell(alice, "bob", "Before")
    job = do("handoff_create", alice, to="bob", title="Fix it", lease_seconds=300).handoff
    tell(bob, "alice", "After")
    won = do("handoff_claim", bob, handoff=job)
    found = between(bob, alice)
    assert subjects(found) == ["Before", "Fix it", "After"]
    card = found.items[1]
    assert (card.state, card.creator, card.claimant) == ("claimed", "alice", "bob")
    assert (card.lease_until, card.lease_seconds) == (won.lease_until, 300)


def test_a_claim_from_the_pool_and_its_outcome_are_in_the_talk(do, between, alice, bob, enrol):
    enrol("dave", capabilities=["review"])
    job = do("handoff_create", alice, to={"capability": "review"}, title="Look").handoff
    epoch = do("handoff_claim", bob, handoff=job).epoch
    do("handoff_complete", bob, handoff=job, epoch=epoch, result={"ok": True})
    found = between(alice, bob)
    assert subjects(found) == ["Look", "Completed: Look"]
    assert found.items[0].state == "completed"
    assert found.items[1].handoff == job


def test_what_was_offered_to_one_and_taken_by_another_is_still_a_card(do, between, alice, bob, enrol):
    dave = enrol("dave", capabilities=["review"])
    job = do("handoff_create", alice, to={"capability": "review"}, title="Look").handoff
    do("handoff_claim", dave, handoff=job)
    assert [card.claimant for card in between(alice, bob).items] == ["dave"]


def test_a_lease_that_is_over_shows_as_open(do, workspace, alice, bob):
    job = do("handoff_create", alice, to="bob", title="Short", lease_seconds=60).handoff
    do("handoff_claim", bob, handoff=job)
    pair = Pair(alice.agent.id, bob.agent.id, workspace.id)
    card = talk(pair, clock.now() + timedelta(hours=1)).items[0]
    assert (card.state, card.claimant, card.lease_until) == ("open", "", None)


def test_older_pages_go_on_where_the_newest_ends_and_cards_come_once(do, tell, between, alice, bob):
    do("handoff_create", alice, to="bob", title="First of all")
    for number in range(PAGE + 5):
        tell(alice, "bob", f"Number {number}")
    do("handoff_create", bob, to="alice", title="Last of all")
    newest = between(alice, bob)
    older = between(alice, bob, before=newest.older)
    assert older.older is None
    everything = [*subjects(older), *subjects(newest)]
    assert everything == ["First of all", *[f"Number {number}" for number in range(PAGE + 5)], "Last of all"]


def test_searching_keeps_what_holds_the_text(do, tell, between, alice, bob):
    tell(alice, "bob", "The parser", "is green")
    tell(bob, "alice", "Thanks", "for the PARSER")
    tell(bob, "alice", "Other", "things")
    do("handoff_create", alice, to="bob", title="Parser errors")
    do("handoff_create", alice, to="bob", title="Something else")
    assert subjects(between(alice, bob, text="parser")) == ["The parser", "Thanks", "Parser errors"]


def test_a_long_body_is_cut_and_says_so(tell, between, alice, bob):
    tell(alice, "bob", "Long", "x" * 5000)
    bubble = between(alice, bob).items[0]
    assert bubble.is_cut
    assert len(bubble.body) == 4000


def test_other_workspaces_are_seen_only_where_all_are_looked_at(do, tell, between, settle, operator, alice, bob):
    there = settle("harbour")
    do("key_mint", operator, agent="alice", workspaces=[there.public_id])
    do("message_create", operator, to="alice", subject="There", body="", workspace=there.public_id)
    tell(operator, "alice", "Here")
    assert subjects(between(alice, operator)) == ["Here"]
    everywhere = between(alice, operator, None)
    assert subjects(everywhere) == ["There", "Here"]
    assert everywhere.items[0].workspace == there.public_id


@pytest.mark.parametrize("many", [1, 50])
def test_a_talk_takes_three_queries_whatever_there_is(do, tell, between, alice, bob, many, django_assert_num_queries):
    for number in range(many):
        tell(alice, "bob", f"Number {number}")
        job = do("handoff_create", bob, to="alice", title=f"Job {number}").handoff
        do("handoff_claim", alice, handoff=job)
    with django_assert_num_queries(3):
        between(alice, bob)
    with django_assert_num_queries(3):
        between(bob, alice, None, before=10**6, text="Job")


def test_a_message_is_one_bubble_a_recipient(tell, alice, bob, enrol):
    enrol("dave")
    message = tell(alice, ["bob", "dave"], "Both")
    assert [(bubble.sender, bubble.to, bubble.lane) for bubble in said_in([message])] == [
        ("alice", "bob", "unread"),
        ("alice", "dave", "unread"),
    ]


def test_peers_come_by_their_latest_line_with_what_is_unread_both_ways(do, tell, alice, bob, enrol, workspace):
    dave = enrol("dave", harness="cursor")
    tell(alice, "bob", "To bob")
    tell(bob, "alice", "From bob")
    tell(bob, "alice", "Again from bob")
    tell(alice, "dave", "To dave")
    first, second = peers(alice.agent.id, workspace.id, clock.now())
    assert (first.name, first.harness, first.last, first.is_last_mine) == ("dave", "cursor", "To dave", True)
    assert (first.unread, first.waiting) == (0, 1)
    assert (second.name, second.last, second.is_last_mine) == ("bob", "Again from bob", False)
    assert (second.unread, second.waiting) == (2, 1)
    do("inbox_pull", dave)
    assert peers(alice.agent.id, workspace.id, clock.now())[0].waiting == 0


def test_a_peer_that_left_for_good_is_gone(do, tell, operator, alice, bob, workspace):
    tell(alice, "bob", "Hello")
    do("agent_archive", operator, agent="bob")
    assert [peer.presence for peer in peers(alice.agent.id, workspace.id, clock.now())] == ["offline"]


def test_who_said_nothing_has_no_peers(workspace, carol):
    assert peers(carol.agent.id, workspace.id, clock.now()) == []


@pytest.mark.parametrize("many", [1, 50])
def test_peers_take_four_queries_however_many_and_one_more_for_all_workspaces(
    tell, enrol, alice, workspace, many, django_assert_num_queries
):
    for number in range(many):
        tell(alice, enrol(f"agent-{number}").agent.name, "Hello")
    with django_assert_num_queries(4):
        assert len(peers(alice.agent.id, workspace.id, clock.now())) == min(many, 40)
    with django_assert_num_queries(5):
        peers(alice.agent.id, None, clock.now())
