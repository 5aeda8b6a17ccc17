"""A result is judged by somebody else than who made it."""

import pytest

from handoffs import sweeps


@pytest.fixture
def done(do, bob, give):
    """Return a function by which bob finishes a job that is to be verified."""

    def done(**more):
        job = give(**({"acceptance_criteria": ["It compiles.", "It is tested."]} | more))
        do("handoff_claim", bob, handoff=job)
        do("handoff_complete", bob, handoff=job, epoch=1, result="Compiles")
        return job

    return done


def verdict(do, caller, job, what="pass", **more):
    return do("handoff_verify", caller, handoff=job, epoch=1, verdict=what, **more)


def test_a_result_with_criteria_waits_for_the_creators_verdict(do, get, alice, bob, done, mail, later):
    job = done()
    seen = get(alice, job)
    assert (seen.state, seen.claimant, seen.lease_until, seen.result) == ("verifying", "bob", None, "Compiles")
    assert seen.verify_by == "alice"
    (letter,) = do("inbox_pull", alice).messages
    assert letter.subject == "To verify: Review the parser"
    assert "- It is tested." in letter.body
    assert "Compiles" in letter.body
    assert get(later(alice, 100_000), job).state == "verifying"


def test_a_pass_completes_it(do, get, alice, done, types, mail, bob):
    job = done()
    passed = verdict(do, alice, job)
    assert (passed.state, passed.epoch) == ("completed", 1)
    assert (get(alice, job).result, get(alice, job).claimant) == ("Compiles", "bob")
    assert types(job) == ["created", "claimed", "verifying", "verified", "completed"]
    assert mail(bob) == ["Completed: Review the parser"]
    assert mail(alice) == []


def test_a_fail_gives_it_back_with_a_new_lease_the_same_epoch_and_the_feedback(do, get, alice, bob, done, types, mail):
    job = done()
    failed = verdict(do, alice, job, "fail", feedback="The second criterion")
    assert (failed.state, failed.epoch, failed.attempts) == ("claimed", 1, 0)
    assert (failed.lease_until - alice.now).total_seconds() == pytest.approx(300, abs=60)
    seen = get(bob, job)
    assert (seen.claimant, seen.feedback, seen.result) == ("bob", "The second criterion", None)
    assert mail(bob) == ["Not good yet: Review the parser"]
    assert do("handoff_complete", bob, handoff=job, epoch=1, result="Tested too").state == "verifying"
    verdict(do, alice, job)
    assert types(job)[3:] == ["failed_verification", "verifying", "verified", "completed"]


def test_the_executor_never_verifies_its_own_work(do, attempt, alice, bob, give, operator, assert_refused):
    job = give(to="broadcast", acceptance_criteria=["It compiles."])
    do("handoff_claim", alice, handoff=job)
    assert do("handoff_complete", alice, handoff=job, epoch=1, result="It does").verify_by == "human"
    assert_refused(attempt("handoff_verify", alice, handoff=job, epoch=1, verdict="pass"), "forbidden")
    assert_refused(attempt("handoff_verify", bob, handoff=job, epoch=1, verdict="pass"), "forbidden")
    assert verdict(do, operator, job).state == "completed"


def test_who_is_named_verifies(do, attempt, alice, bob, carol, dave, done, mail, assert_refused):
    job = done(verify_by="carol")
    assert mail(carol) == ["To verify: Review the parser"]
    assert mail(alice) == []
    for other in (alice, dave):
        assert_refused(attempt("handoff_verify", other, handoff=job, epoch=1, verdict="pass"), "forbidden")
    assert verdict(do, carol, job).state == "completed"
    assert mail(alice) == ["Completed: Review the parser"]


def test_who_has_the_capability_verifies(do, attempt, alice, bob, carol, dave, done, mail, assert_refused):
    job = done(verify_by={"capability": "verify"})
    assert "To verify: Review the parser" in mail(dave)
    error = assert_refused(attempt("handoff_verify", alice, handoff=job, epoch=1, verdict="pass"), "forbidden")
    assert error["details"]["verify_by"] == {"capability": "verify"}
    assert verdict(do, dave, job).state == "completed"


def test_a_person_verifies_where_a_human_is_asked(do, attempt, alice, operator, done, mail, assert_refused):
    job = done(verify_by="human")
    assert_refused(attempt("handoff_verify", alice, handoff=job, epoch=1, verdict="pass"), "forbidden")
    assert mail(operator) == ["To verify: Review the parser"]
    assert verdict(do, operator, job).state == "completed"


def test_an_operator_may_always_verify(do, operator, done, carol):
    assert verdict(do, operator, done(verify_by="carol")).state == "completed"


def test_who_is_to_do_it_cannot_be_the_verifier(attempt, alice, bob, assert_refused):
    order = {"title": "Job", "to": "bob", "acceptance_criteria": ["x"], "verify_by": "bob"}
    assert_refused(attempt("handoff_create", alice, **order), "invalid_input")
    assert_refused(attempt("handoff_create", alice, **order | {"verify_by": "zoe"}), "unknown_agent")


def test_a_named_verifier_who_claims_is_replaced_by_a_person(do, bob, give):
    job = give(acceptance_criteria=["x"], verify_by="bob")
    do("handoff_claim", bob, handoff=job)
    assert do("handoff_complete", bob, handoff=job, epoch=1, result="y").verify_by == "human"


def test_a_verdict_needs_the_epoch_and_something_to_judge(do, attempt, alice, bob, give, done, assert_refused):
    order = {"handoff": done(), "verdict": "pass"}
    assert_refused(attempt("handoff_verify", alice, epoch=2, **order), "stale_epoch")
    verdict(do, alice, order["handoff"])
    assert_refused(attempt("handoff_verify", alice, epoch=1, **order), "not_open")
    open_one = give()
    assert_refused(attempt("handoff_verify", alice, handoff=open_one, epoch=0, verdict="pass"), "not_open")


def test_a_lost_lease_after_a_failed_verdict_opens_it(do, get, alice, dave, done, sweep):
    job = done()
    verdict(do, alice, job, "fail")
    assert sweep(sweeps.end_leases, 301) == 1
    assert (get(alice, job).state, get(alice, job).attempts) == ("open", 1)
    assert do("handoff_claim", dave, handoff=job).feedback is None


def test_while_it_is_verified_nobody_claims_it(do, attempt, dave, done, assert_refused):
    error = assert_refused(attempt("handoff_claim", dave, handoff=done()), "already_claimed")
    assert (error["details"]["claimant"], error["details"]["state"]) == ("bob", "verifying")


def test_a_late_result_is_verified_too(do, get, alice, bob, give, later, sweep):
    job = give(acceptance_criteria=["x"], lease_seconds=30, max_attempts=1)
    do("handoff_claim", bob, handoff=job)
    sweep(sweeps.end_leases, 31)
    assert get(alice, job).state == "failed"
    late = do("handoff_complete", later(bob, 32), handoff=job, epoch=1, result="y")
    assert (late.state, late.epoch) == ("verifying", 1)
    assert verdict(do, alice, job).state == "completed"


def test_the_verifier_sees_a_private_job_and_its_result(get, carol, done):
    seen = get(carol, done(verify_by="carol", visibility="private"))
    assert (seen.result, seen.payload) == ("Compiles", None)


def test_sweeps_leave_what_is_verified_alone(done, sweep):
    done()
    assert sweep(sweeps.end_leases, 10**6) == 0


def test_where_nobody_who_fits_is_present_the_operator_is_asked(do, operator, bob, done, mail):
    job = done(verify_by={"capability": "fly"})
    assert mail(operator) == ["To verify: Review the parser"]
    assert do("handoff_get", operator, handoff=job).verify_by == {"capability": "fly"}
    assert verdict(do, operator, job).state == "completed"


def test_where_only_the_executor_fits_the_operator_is_asked(do, operator, bob, give, mail):
    job = give(to="bob", acceptance_criteria=["x"], verify_by={"capability": "review"})
    do("handoff_claim", bob, handoff=job)
    do("handoff_complete", bob, handoff=job, epoch=1, result="y")
    assert mail(operator) == ["To verify: Review the parser"]
