"""What the creator, the target and operators may do from outside of a claim."""

import pytest

from handoffs import sweeps


def test_the_target_declines_and_the_creator_learns_why(do, get, alice, bob, give, types, mail):
    job = give(to="bob")
    assert do("handoff_reject", bob, handoff=job, reason="On leave").state == "rejected"
    assert (get(alice, job).state, get(alice, job).reason) == ("rejected", "On leave")
    (letter,) = do("inbox_pull", alice).messages
    assert letter.subject == "Rejected: Review the parser"
    assert "On leave" in letter.body
    assert types(job) == ["created", "rejected"]
    assert mail(bob) == []


def test_only_the_target_of_an_open_handoff_declines(do, attempt, alice, bob, dave, give, assert_refused):
    pooled, directed = give(), give(to="bob", visibility="public")
    assert_refused(attempt("handoff_reject", bob, handoff=pooled), "forbidden")
    assert_refused(attempt("handoff_reject", dave, handoff=directed), "forbidden")
    do("handoff_claim", bob, handoff=directed)
    assert_refused(attempt("handoff_reject", bob, handoff=directed), "not_open")


def test_a_target_may_decline_after_its_lease_was_lost(do, bob, give, later, types):
    job = give(to="bob", lease_seconds=30)
    do("handoff_claim", bob, handoff=job)
    assert do("handoff_reject", later(bob, 31), handoff=job).state == "rejected"
    assert types(job) == ["created", "claimed", "lease_ended", "rejected"]


def test_the_creator_cancels_whoever_has_it(do, attempt, alice, bob, give, mail, types, assert_refused):
    job = give()
    do("handoff_claim", bob, handoff=job)
    assert do("handoff_cancel", alice, handoff=job, reason="Not needed").state == "cancelled"
    assert mail(bob) == ["Cancelled: Review the parser"]
    assert types(job) == ["created", "claimed", "cancelled"]
    assert_refused(attempt("handoff_complete", bob, handoff=job, epoch=1, result="x"), "not_open")
    assert_refused(attempt("handoff_cancel", alice, handoff=job), "not_open")


def test_cancelling_takes_the_offers_back(do, alice, bob, carol, give, mail):
    job = give(to=["bob", "carol"])
    do("handoff_cancel", alice, handoff=job)
    assert (mail(bob), mail(carol), mail(alice)) == ([], [], [])


def test_what_is_verified_can_be_cancelled_too(do, operator, alice, bob, give, mail):
    job = give(acceptance_criteria=["x"])
    do("handoff_claim", bob, handoff=job)
    do("handoff_complete", bob, handoff=job, epoch=1, result="y")
    assert do("handoff_cancel", operator, handoff=job).state == "cancelled"
    assert mail(alice) == mail(bob) == ["Cancelled: Review the parser"]


@pytest.mark.parametrize(("call", "more"), [("handoff_cancel", {}), ("handoff_reassign", {"to": "dave"})])
def test_only_the_creator_or_an_operator_steers(do, attempt, operator, bob, dave, give, assert_refused, call, more):
    job = give()
    do("handoff_claim", bob, handoff=job)
    assert_refused(attempt(call, bob, handoff=job, **more), "forbidden")
    do(call, operator, handoff=job, **more)


def test_reassigning_ends_the_claim_and_offers_it_to_another(
    do, get, attempt, alice, bob, carol, give, types, mail, assert_refused
):
    job = give(to="bob")
    do("handoff_claim", bob, handoff=job)
    moved = do("handoff_reassign", alice, handoff=job, to="carol", reason="Bob is stuck")
    assert (moved.state, moved.epoch, [each.agent for each in moved.eligible]) == ("open", 1, ["carol"])
    assert mail(carol) == ["Review the parser"]
    assert mail(bob) == ["Reassigned: Review the parser"]
    assert (get(alice, job).to, get(alice, job).attempts) == ("carol", 0)
    for call, more in (("handoff_complete", {"result": "x"}), ("handoff_renew", {}), ("handoff_release", {})):
        assert_refused(attempt(call, bob, handoff=job, epoch=1, **more), "stale_epoch")
    assert do("handoff_claim", carol, handoff=job).epoch == 2
    assert types(job) == ["created", "claimed", "reassigned", "claimed"]


def test_reassigning_checks_the_new_target(do, attempt, get, alice, bob, give, assert_refused):
    job = give()
    assert_refused(attempt("handoff_reassign", alice, handoff=job, to="nobody"), "unknown_agent")
    assert get(bob, job).to == {"capability": "review"}


def test_what_is_verified_or_closed_is_not_reassigned(do, attempt, alice, bob, give, assert_refused):
    job = give(acceptance_criteria=["x"])
    do("handoff_claim", bob, handoff=job)
    do("handoff_complete", bob, handoff=job, epoch=1, result="y")
    assert_refused(attempt("handoff_reassign", alice, handoff=job, to="bob"), "not_open")


def test_an_operator_breaks_a_claim_without_counting_it(
    do, get, attempt, alice, bob, dave, operator, give, types, mail, assert_refused
):
    job = give(max_attempts=1)
    do("handoff_claim", bob, handoff=job)
    assert_refused(attempt("lease_break", alice, handoff=job), "forbidden")
    broken = do("lease_break", operator, handoff=job, reason="Hangs")
    assert (broken.state, broken.attempts, broken.epoch) == ("open", 0, 1)
    assert mail(bob) == ["Your claim was ended: Review the parser"]
    assert mail(dave) == ["Review the parser"]
    assert types(job) == ["created", "claimed", "released"]
    assert_refused(attempt("handoff_renew", bob, handoff=job, epoch=1), "stale_epoch")
    assert_refused(attempt("lease_break", operator, handoff=job), "not_open")
    assert do("handoff_claim", dave, handoff=job).reason == "Hangs"


def test_after_its_fallback_a_handoff_is_not_declined_for_all(do, attempt, bob, carol, give, sweep, assert_refused):
    job = give(to={"agent": "carol", "fallback": "broadcast", "fallback_after": 5})
    assert sweep(sweeps.fall_back, 6) == 1
    assert_refused(attempt("handoff_reject", carol, handoff=job), "forbidden")


@pytest.mark.parametrize(
    ("call", "by", "more", "notice"),
    [
        ("lease_break", "operator", {}, "Your claim was ended"),
        ("handoff_reassign", "alice", {"to": {"capability": "review"}}, "Reassigned"),
    ],
)
def test_a_notice_stays_until_it_is_read_whoever_claims_then(
    do, request, bob, dave, give, mail, call, by, more, notice
):
    job = give()
    do("handoff_claim", bob, handoff=job)
    do(call, request.getfixturevalue(by), handoff=job, **more)
    do("handoff_claim", dave, handoff=job)
    do("handoff_complete", dave, handoff=job, epoch=2, result="x")
    (letter,) = (each for each in do("inbox_pull", bob).messages if each.subject.startswith(notice))
    assert (letter.kind, letter.handoff) == ("direct", job)
    assert letter.references == [{"kind": "handoff", "id": job}]


def test_whoever_gives_it_back_does_not_learn_who_reads_the_new_offer(do, attempt, bob, dave, give, assert_refused):
    job = give()
    do("handoff_claim", bob, handoff=job)
    do("handoff_release", bob, handoff=job, epoch=1)
    (letter,) = do("inbox_pull", dave).messages
    assert (letter.subject, letter.handoff, letter.from_) == ("Review the parser", job, "system")
    assert letter.body.startswith("alice hands this over.")
    assert_refused(attempt("message_status", bob, message=letter.message), "not_found")
