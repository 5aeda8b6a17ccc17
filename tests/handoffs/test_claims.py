"""One job, one winner: claims, leases, attempts and late results."""

import pytest

from bus.errors import InvalidInput
from handoffs import sweeps
from handoffs.models import Handoff


@pytest.fixture
def job(give):
    return give()


def test_a_claim_gives_all_that_the_work_needs(do, bob, give):
    handoff = give(
        body="Look at the **error paths**.",
        payload={"branch": "parser"},
        priority=8,
        acceptance_criteria=["Every error has a test."],
        paths=["src/parser/"],
    )
    won = do("handoff_claim", bob, handoff=handoff)
    assert won.claimed
    assert (won.handoff, won.epoch, won.title, won.from_) == (handoff, 1, "Review the parser", "alice")
    assert (won.body, won.payload) == ("Look at the **error paths**.", {"branch": "parser"})
    assert (won.priority, won.paths) == (8, ["src/parser/**"])
    assert won.acceptance_criteria == ["Every error has a test."]
    assert won.lease_seconds == 300
    assert (won.lease_until - bob.now).total_seconds() == pytest.approx(300, abs=60)


def test_second_claim_loses_and_learns_who_won_until_when(do, attempt, bob, dave, job, assert_refused):
    won = do("handoff_claim", bob, handoff=job)
    error = assert_refused(attempt("handoff_claim", dave, handoff=job), "already_claimed")
    assert "bob" in error["message"]
    assert error["details"]["claimant"] == "bob"
    assert error["details"]["lease_until"] == won.model_dump(mode="json")["lease_until"]


def test_claiming_what_one_has_already_tells_the_epoch(do, attempt, bob, job, assert_refused):
    do("handoff_claim", bob, handoff=job)
    error = assert_refused(attempt("handoff_claim", bob, handoff=job), "already_claimed")
    assert error["details"]["epoch"] == 1


def test_losing_says_nothing_of_the_log(do, attempt, bob, dave, job, types):
    do("handoff_claim", bob, handoff=job)
    attempt("handoff_claim", dave, handoff=job)
    assert types(job) == ["created", "claimed"]


def test_who_does_not_fit_may_see_but_not_claim(attempt, alice, enrol, give, assert_refused):
    erin = enrol("erin")
    assert_refused(attempt("handoff_claim", erin, handoff=give(visibility="public")), "forbidden")
    assert_refused(attempt("handoff_claim", alice, handoff=give()), "forbidden")


def test_who_may_not_see_it_finds_nothing(attempt, enrol, give, mallory, assert_refused):
    erin = enrol("erin")
    assert_refused(attempt("handoff_claim", erin, handoff=give()), "not_found")
    assert_refused(attempt("handoff_claim", mallory, handoff=give(to="broadcast", visibility="public")), "not_found")
    assert_refused(attempt("handoff_claim", mallory, handoff="hnd_unknown"), "not_found")


def test_a_directed_handoff_is_for_its_target_only(do, attempt, bob, dave, give, assert_refused):
    handoff = give(to="bob", visibility="public")
    assert_refused(attempt("handoff_claim", dave, handoff=handoff), "forbidden")
    assert do("handoff_claim", bob, handoff=handoff).claimed


def test_a_creator_may_claim_what_is_open_to_all(do, alice, bob, give):
    assert do("handoff_claim", alice, handoff=give(to="broadcast")).claimed
    assert do("handoff_claim", bob, handoff=give(by=bob)).claimed


def test_anyone_named_in_a_list_may_claim(do, bob, dave, enrol, give):
    erin = enrol("erin")
    to = ["erin", {"capability": "review"}]
    assert do("handoff_claim", erin, handoff=give(to=to)).claimed
    assert do("handoff_claim", bob, handoff=give(to=to)).claimed


def test_without_a_name_the_most_urgent_and_oldest_is_claimed(do, bob, give):
    first = give(title="First")
    urgent = give(title="Urgent", priority=9)
    give(title="Directed elsewhere", to="alice", priority=9, by=bob)
    assert do("handoff_claim", bob).handoff == urgent
    assert do("handoff_claim", bob).handoff == first


def test_with_nothing_to_claim_the_answer_says_so(do, carol, give):
    give()
    assert do("handoff_claim", carol).model_dump(exclude_none=True, by_alias=True) == {"claimed": False}


def test_renewing_keeps_the_claim_and_shows_progress(do, get, alice, bob, job, types, later):
    do("handoff_claim", bob, handoff=job)
    after = later(bob, 200)
    renewed = do("handoff_renew", after, handoff=job, epoch=1, note="Half of it")
    assert (renewed.lease_until - after.now).total_seconds() == pytest.approx(300, abs=60)
    assert get(later(alice, 450), job).state == "claimed"
    assert get(alice, job).note == "Half of it"
    do("handoff_renew", after, handoff=job, epoch=1)
    assert get(alice, job).note == "Half of it"
    assert types(job) == ["created", "claimed", "renewed", "renewed"]


def test_a_result_completes_it_and_reaches_the_creator(do, get, alice, bob, job, mail):
    do("handoff_claim", bob, handoff=job)
    done = do("handoff_complete", bob, handoff=job, epoch=1, result={"remarks": 2})
    assert (done.state, done.epoch, done.attempts) == ("completed", 1, 0)
    seen = get(alice, job)
    assert (seen.state, seen.claimant, seen.result, seen.lease_until) == ("completed", "bob", {"remarks": 2}, None)
    (letter,) = do("inbox_pull", alice).messages
    assert (letter.kind, letter.subject, letter.handoff) == ("direct", "Completed: Review the parser", job)
    assert '{"remarks": 2}' in letter.body


def test_an_error_fails_it(do, get, alice, bob, job, mail):
    do("handoff_claim", bob, handoff=job)
    assert do("handoff_complete", bob, handoff=job, epoch=1, error="No such branch").state == "failed"
    assert (get(alice, job).error, get(alice, job).result) == ("No such branch", None)
    assert mail(alice) == ["Failed: Review the parser"]


@pytest.mark.parametrize("outcome", [{}, {"result": "Good", "error": "Bad"}])
def test_completing_takes_a_result_or_an_error(do, bob, job, outcome):
    do("handoff_claim", bob, handoff=job)
    with pytest.raises(InvalidInput, match="either `result` or `error`"):
        do("handoff_complete", bob, handoff=job, epoch=1, **outcome)


@pytest.mark.parametrize(
    ("call", "more"),
    [("handoff_renew", {}), ("handoff_release", {}), ("handoff_complete", {"result": "Good"})],
)
def test_only_who_claimed_it_moves_it(do, attempt, alice, bob, dave, job, call, more, assert_refused):
    assert_refused(attempt(call, bob, handoff=job, epoch=0, **more), "stale_epoch")
    do("handoff_claim", bob, handoff=job)
    assert_refused(attempt(call, dave, handoff=job, epoch=1, **more), "forbidden")
    assert_refused(attempt(call, alice, handoff=job, epoch=1, **more), "forbidden")
    error = assert_refused(attempt(call, bob, handoff=job, epoch=2, **more), "stale_epoch")
    assert (error["details"]["state"], error["details"]["epoch"]) == ("claimed", 1)


@pytest.mark.parametrize(
    ("call", "more"),
    [("handoff_renew", {}), ("handoff_release", {}), ("handoff_complete", {"result": "Again"})],
)
def test_what_is_closed_stays_closed(do, attempt, bob, job, call, more, assert_refused):
    do("handoff_claim", bob, handoff=job)
    do("handoff_complete", bob, handoff=job, epoch=1, result="Good")
    error = assert_refused(attempt(call, bob, handoff=job, epoch=1, **more), "not_open")
    assert error["details"]["state"] == "completed"


def test_a_closed_one_cannot_be_claimed(do, attempt, bob, dave, job, assert_refused):
    do("handoff_claim", bob, handoff=job)
    do("handoff_complete", bob, handoff=job, epoch=1, result="Good")
    assert_refused(attempt("handoff_claim", dave, handoff=job), "not_open")


def test_releasing_gives_it_back_and_counts_as_an_attempt(do, get, alice, bob, dave, job, types):
    do("handoff_claim", bob, handoff=job)
    released = do("handoff_release", bob, handoff=job, epoch=1, reason="Not my area")
    assert (released.state, released.epoch, released.attempts) == ("open", 1, 1)
    won = do("handoff_claim", dave, handoff=job)
    assert (won.epoch, won.attempts, won.reason) == (2, 1, "Not my area")
    assert types(job) == ["created", "claimed", "released", "claimed"]


def test_a_lease_that_is_over_opens_it_for_others_without_a_sweep(do, get, bob, dave, give, types, later):
    job = give(lease_seconds=30)
    do("handoff_claim", bob, handoff=job)
    after = later(dave, 31)
    assert get(after, job).state == "open"
    assert [each.handoff for each in do("handoff_list", after, available=True).handoffs] == [job]
    assert do("handoff_claim", after, handoff=job).epoch == 2
    assert types(job) == ["created", "claimed", "lease_ended", "claimed"]


def test_a_zombie_changes_nothing(do, attempt, bob, dave, give, get, alice, later, assert_refused):
    job = give(lease_seconds=30)
    do("handoff_claim", bob, handoff=job)
    after = later(dave, 31)
    do("handoff_claim", after, handoff=job)
    zombie = later(bob, 32)
    for call, more in (("handoff_complete", {"result": "Late"}), ("handoff_renew", {}), ("handoff_release", {})):
        error = assert_refused(attempt(call, zombie, handoff=job, epoch=1, **more), "stale_epoch")
        assert error["details"]["epoch"] == 2
    assert (get(after, job).claimant, get(after, job).result) == ("dave", None)


def test_a_lapsed_claim_is_neither_renewed_nor_released(do, attempt, bob, give, later, assert_refused):
    job = give(lease_seconds=30)
    do("handoff_claim", bob, handoff=job)
    late = later(bob, 31)
    assert_refused(attempt("handoff_renew", late, handoff=job, epoch=1), "stale_epoch")
    error = assert_refused(attempt("handoff_release", late, handoff=job, epoch=1), "stale_epoch")
    assert error["details"]["state"] == "open"


@pytest.mark.parametrize("is_swept", [False, True])
def test_a_late_result_counts_while_nobody_else_has_claimed(do, bob, give, later, sweep, types, is_swept):
    job = give(lease_seconds=30)
    do("handoff_claim", bob, handoff=job)
    if is_swept:
        assert sweep(sweeps.end_leases, 31) == 1
    done = do("handoff_complete", later(bob, 32), handoff=job, epoch=1, result="Late but good")
    assert (done.state, done.epoch) == ("completed", 1)
    assert types(job) == ["created", "claimed", *(["lease_ended"] if is_swept else []), "completed"]


def test_a_late_result_counts_after_a_release_too(do, bob, job):
    do("handoff_claim", bob, handoff=job)
    do("handoff_release", bob, handoff=job, epoch=1)
    assert do("handoff_complete", bob, handoff=job, epoch=1, result="Found it after all").state == "completed"


def test_the_last_attempt_without_a_result_fails_it(do, attempt, alice, bob, dave, give, mail, types, assert_refused):
    job = give(max_attempts=2)
    do("handoff_claim", bob, handoff=job)
    assert do("handoff_release", bob, handoff=job, epoch=1).state == "open"
    do("handoff_claim", dave, handoff=job)
    failed = do("handoff_release", dave, handoff=job, epoch=2)
    assert (failed.state, failed.attempts) == ("failed", 2)
    assert types(job)[-1] == "failed"
    assert mail(alice) == ["Failed: Review the parser"]
    assert_refused(attempt("handoff_claim", bob, handoff=job), "not_open")


@pytest.mark.parametrize("is_swept", [False, True])
def test_a_late_result_mends_what_failed_by_its_attempts(do, get, alice, bob, give, later, sweep, is_swept, mail):
    job = give(max_attempts=1, lease_seconds=30)
    do("handoff_claim", bob, handoff=job)
    if is_swept:
        assert sweep(sweeps.end_leases, 31) == 1
        assert mail(alice) == ["Failed: Review the parser"]
    late = later(bob, 32)
    assert get(late, job).state == "failed"
    assert do("handoff_complete", late, handoff=job, epoch=1, result="Late but good").state == "completed"
    assert mail(alice)[is_swept:] == ["Completed: Review the parser"]


def test_an_error_is_final(do, attempt, bob, job, assert_refused):
    do("handoff_claim", bob, handoff=job)
    do("handoff_complete", bob, handoff=job, epoch=1, error="Cannot be done")
    assert_refused(attempt("handoff_complete", bob, handoff=job, epoch=1, result="It can"), "not_open")


def test_the_same_key_claims_once(do, bob, job):
    first = do("handoff_claim", bob, handoff=job, idempotency_key="k")
    again = do("handoff_claim", bob, handoff=job, idempotency_key="k")
    assert (again.epoch, again.duplicate) == (first.epoch, True)
    assert Handoff.objects.get().epoch == 1


@pytest.mark.parametrize("attempts", [1, 2])
@pytest.mark.parametrize("is_swept", [False, True])
def test_a_late_error_changes_nothing(
    do, attempt, get, alice, bob, give, later, sweep, attempts, is_swept, assert_refused
):
    job = give(lease_seconds=30, max_attempts=attempts)
    do("handoff_claim", bob, handoff=job)
    if is_swept:
        assert sweep(sweeps.end_leases, 31) == 1
    late = later(bob, 32)
    before = get(late, job)
    assert before.state == ("failed" if attempts == 1 else "open")
    assert_refused(attempt("handoff_complete", late, handoff=job, epoch=1, error="Too slow"), "stale_epoch")
    assert get(late, job) == before


def test_an_error_after_a_release_changes_nothing(do, attempt, get, bob, job, assert_refused):
    do("handoff_claim", bob, handoff=job)
    do("handoff_release", bob, handoff=job, epoch=1)
    assert_refused(attempt("handoff_complete", bob, handoff=job, epoch=1, error="Never"), "stale_epoch")
    assert get(bob, job).state == "open"
