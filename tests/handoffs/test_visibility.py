"""Who sees a handoff, its payload, its result and its events."""

import pytest

from bus.errors import NotFound
from bus.models import Audience


@pytest.fixture
def erin(enrol):
    """A present agent that can do nothing in particular."""
    return enrol("erin")


@pytest.fixture
def seen_by(do, attempt):
    """Return a function that tells whether somebody finds a handoff by its id, in lists and in events."""

    def seen_by(caller, handoff):
        found = not isinstance(attempt("handoff_get", caller, handoff=handoff), NotFound)
        listed = handoff in [each.handoff for each in do("handoff_list", caller).handoffs]
        logged = any(each.handoff == handoff and not each.message for each in do("event_list", caller).events)
        return found, listed, logged

    return seen_by


ALL, NOTHING = (True, True, True), (False, False, False)


def test_a_public_one_is_seen_by_the_whole_workspace(give, seen_by, alice, bob, erin, carol, operator, mallory):
    job = give(to="bob", visibility="public")
    for caller in (alice, bob, erin, carol, operator):
        assert seen_by(caller, job) == ALL
    assert seen_by(mallory, job) == NOTHING
    assert Audience.objects.count() == 0


def test_by_default_it_is_seen_by_those_it_concerns(give, seen_by, alice, bob, dave, erin, operator, mallory):
    job = give()
    for caller in (alice, bob, dave, operator):
        assert seen_by(caller, job) == ALL
    for caller in (erin, mallory):
        assert seen_by(caller, job) == NOTHING


def test_the_losers_still_see_it_and_who_has_it(do, give, get, seen_by, bob, dave):
    job = give()
    do("handoff_claim", bob, handoff=job)
    assert seen_by(dave, job) == ALL
    assert (get(dave, job).state, get(dave, job).claimant) == ("claimed", "bob")


def test_a_private_one_is_seen_by_its_creator_target_and_operators(give, seen_by, alice, bob, dave, erin, operator):
    job = give(to="bob", visibility="private")
    for caller in (alice, bob, operator):
        assert seen_by(caller, job) == ALL
    for caller in (dave, erin):
        assert seen_by(caller, job) == NOTHING


def test_a_private_pool_shows_it_only_while_it_can_be_claimed(do, give, seen_by, bob, dave, erin):
    job = give(visibility="private")
    assert seen_by(dave, job)[:2] == (True, True)
    assert seen_by(erin, job) == NOTHING
    do("handoff_claim", bob, handoff=job)
    assert seen_by(bob, job) == ALL
    assert seen_by(dave, job) == NOTHING


def test_who_becomes_able_sees_what_waits(do, give, seen_by, erin):
    job = give()
    assert seen_by(erin, job) == NOTHING
    do("agent_update", erin, capabilities=["review"])
    assert seen_by(erin, job)[:2] == (True, True)
    do("handoff_claim", erin, handoff=job)
    assert seen_by(erin, job) == ALL


def test_who_claimed_once_goes_on_seeing_it(do, give, seen_by, alice, bob, dave):
    job = give(to="bob")
    do("handoff_claim", bob, handoff=job)
    do("handoff_reassign", alice, handoff=job, to="dave")
    assert seen_by(bob, job) == ALL
    assert seen_by(dave, job) == ALL


def test_the_payload_is_for_creator_claimant_and_operators(do, give, get, alice, bob, dave, operator):
    job = give(payload={"token": "t"}, visibility="public")
    assert get(bob, job).payload is None
    do("handoff_claim", bob, handoff=job)
    for caller, payload in ((alice, {"token": "t"}), (bob, {"token": "t"}), (operator, {"token": "t"}), (dave, None)):
        assert get(caller, job).payload == payload
        assert do("handoff_list", caller).handoffs[0].payload == payload


def test_the_result_is_for_those_who_gave_did_or_judge_it(do, give, get, alice, bob, dave, carol, operator):
    job = give(visibility="public", acceptance_criteria=["x"], verify_by="carol")
    do("handoff_claim", bob, handoff=job)
    do("handoff_complete", bob, handoff=job, epoch=1, result={"secret": 1})
    for caller, result in ((alice, {"secret": 1}), (carol, {"secret": 1}), (operator, {"secret": 1}), (dave, None)):
        assert get(caller, job).result == result


def test_events_hold_no_body_payload_or_result(do, give, alice, bob, operator):
    job = give(body="BODYTEXT", payload="PAYLOADTEXT", acceptance_criteria=["CRITERION"], visibility="public")
    do("handoff_claim", bob, handoff=job)
    do("handoff_complete", bob, handoff=job, epoch=1, result="RESULTTEXT")
    events = do("event_list", operator, subjects=[job]).events
    assert {each.type for each in events} >= {"handoff.created", "handoff.claimed", "handoff.verifying"}
    text = str([each.data for each in events])
    for secret in ("BODYTEXT", "PAYLOADTEXT", "CRITERION", "RESULTTEXT"):
        assert secret not in text


def test_every_event_says_where_the_handoff_stands(do, give, alice, bob):
    job = give(title="T" * 200)
    do("handoff_claim", bob, handoff=job)
    do("handoff_renew", bob, handoff=job, epoch=1, note="n" * 500)
    do("handoff_release", bob, handoff=job, epoch=1, reason="r" * 500)
    events = [each for each in do("event_list", alice, subjects=[job]).events if not each.message][::-1]
    told = [
        (each.type, each.data["state"], each.data["epoch"], each.data["claimant"], each.data["attempts"])
        for each in events
    ]
    assert told == [
        ("handoff.created", "open", 0, "", 0),
        ("handoff.claimed", "claimed", 1, "bob", 0),
        ("handoff.renewed", "claimed", 1, "bob", 0),
        ("handoff.released", "open", 1, "", 1),
    ]
    assert events[0].data["title"] == "T" * 200
    assert events[2].data["note"] == "n" * 200
    assert events[3].data["reason"] == "r" * 200
    assert (events[3].agent, events[3].actor) == ("bob", "bob")


def test_foreign_and_unknown_ids_are_refused_alike(do, attempt, give, mallory, assert_refused):
    job = give(visibility="public")
    calls = {
        "handoff_get": {},
        "handoff_claim": {},
        "handoff_renew": {"epoch": 1},
        "handoff_complete": {"epoch": 1, "result": "x"},
        "handoff_verify": {"epoch": 1, "verdict": "pass"},
        "handoff_release": {"epoch": 1},
        "handoff_reject": {},
        "handoff_cancel": {},
        "handoff_reassign": {"to": "mallory"},
    }
    for call, more in calls.items():
        foreign = assert_refused(attempt(call, mallory, handoff=job, **more), "not_found")
        unknown = assert_refused(attempt(call, mallory, handoff="hnd_nothing", **more), "not_found")
        assert str(foreign).replace(job, "") == str(unknown).replace("hnd_nothing", "")


def test_a_private_one_that_is_reassigned_is_seen_by_its_new_target_alone(
    do, give, seen_by, alice, bob, dave, erin, operator
):
    job = give(to="bob", visibility="private")
    do("handoff_claim", bob, handoff=job)
    do("handoff_reassign", alice, handoff=job, to="dave")
    assert seen_by(bob, job)[:2] == (False, False)
    assert seen_by(erin, job) == NOTHING
    for caller in (alice, dave, operator):
        assert seen_by(caller, job) == ALL
    do("handoff_claim", dave, handoff=job)
    assert not [each for each in do("event_list", bob, subjects=[job]).events if each.agent == "dave"]


def test_who_may_verify_finds_it_in_lists_too(do, give, seen_by, alice, bob, carol, dave, erin, enrol):
    frank = enrol("frank", capabilities=["check"])
    job = give(to="bob", acceptance_criteria=["x"], verify_by={"capability": "check"})
    named = give(to="bob", acceptance_criteria=["x"], verify_by="carol")
    assert seen_by(frank, job) == NOTHING
    for each in (job, named):
        do("handoff_claim", bob, handoff=each)
        do("handoff_complete", bob, handoff=each, epoch=1, result="y")
    do("agent_update", erin, capabilities=["check"])
    assert seen_by(erin, job)[:2] == (True, True)
    assert seen_by(frank, job) == ALL
    assert seen_by(erin, named) == seen_by(frank, named) == seen_by(dave, job) == NOTHING
    assert seen_by(carol, named) == ALL
    do("handoff_verify", frank, handoff=job, epoch=1, verdict="pass")
    assert seen_by(erin, job)[:2] == (False, False)
