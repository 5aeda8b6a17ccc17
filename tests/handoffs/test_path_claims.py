"""Files that come with a claim: nobody else gets an overlapping glob."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from bus.models import Event
from handoffs import globs, paths, sweeps
from handoffs.models import PathClaim
from handoffs.operations import claiming


@pytest.fixture
def held(do, bob, give):
    """A job on src/parser that bob has claimed, for 30 s."""
    job = give(paths=["src/parser/**", "docs/parser.md"], lease_seconds=30)
    do("handoff_claim", bob, handoff=job)
    return job


def test_a_claim_takes_the_files_with_it(held, bob, types, do):
    claims = PathClaim.objects.in_force(bob.now)
    assert {each.glob for each in claims} == {"src/parser/**", "docs/parser.md"}
    assert {each.agent.name for each in claims} == {"bob"}
    assert types(held) == ["created", "claimed", "paths.reserved"]


@pytest.mark.parametrize("glob", ["src/parser/lexer.py", "src/**", "src/*/lexer.py", "**/*.md", "**"])
def test_an_overlap_is_refused_and_names_the_holder(attempt, held, dave, give, glob, assert_refused):
    error = assert_refused(attempt("handoff_claim", dave, handoff=give(paths=[glob])), "path_taken")
    assert "bob" in error["message"]
    assert error["details"]["agent"] == "bob"
    assert error["details"]["glob"] in {"src/parser/**", "docs/parser.md"}
    assert error["details"]["wanted"] == glob
    assert error["details"]["until"].endswith("Z")


@pytest.mark.parametrize("glob", ["src/parse", "src/parsers/**", "docs/*.txt", "tests/parser/**"])
def test_what_does_not_overlap_is_free(do, held, dave, give, glob):
    assert do("handoff_claim", dave, handoff=give(paths=[glob])).claimed


def test_a_refused_claim_takes_nothing(attempt, get, held, dave, give, alice):
    job = give(paths=["tests/**", "src/**"])
    attempt("handoff_claim", dave, handoff=job)
    assert (get(alice, job).state, get(alice, job).epoch) == ("open", 0)
    assert not PathClaim.objects.filter(agent__name="dave").exists()


def test_ones_own_files_are_no_obstacle(do, held, bob, give):
    assert do("handoff_claim", bob, handoff=give(paths=["src/**"])).claimed


def test_the_best_available_is_the_first_whose_files_are_free(do, held, dave, give):
    give(paths=["src/**"], priority=9)
    free = give(paths=["tests/**"])
    assert do("handoff_claim", dave).handoff == free
    assert not do("handoff_claim", dave).claimed


@pytest.mark.parametrize(
    ("call", "who", "more"),
    [
        ("handoff_complete", "bob", {"epoch": 1, "result": "x"}),
        ("handoff_complete", "bob", {"epoch": 1, "error": "x"}),
        ("handoff_release", "bob", {"epoch": 1}),
        ("handoff_cancel", "alice", {}),
        ("handoff_reassign", "alice", {"to": "alice"}),
        ("lease_break", "operator", {}),
    ],
)
def test_they_are_free_when_the_claim_ends(do, held, request, dave, give, types, call, who, more):
    do(call, request.getfixturevalue(who), handoff=held, **more)
    assert types(held)[-1] == "paths.released"
    assert do("handoff_claim", dave, handoff=give(paths=["src/**"])).claimed


def test_a_lease_that_is_over_frees_them_before_and_after_a_sweep(do, held, dave, give, later, sweep):
    after = later(dave, 31)
    assert do("handoff_claim", after, handoff=give(paths=["docs/**"])).claimed
    assert sweep(sweeps.end_leases, 31) == 1
    assert PathClaim.objects.filter(handoff__public_id=held, released_at=None).count() == 0
    assert Event.objects.filter(handoff=held, type="paths.released").count() == 1


def test_renewing_holds_them_longer(do, attempt, held, bob, dave, give, later, assert_refused):
    do("handoff_renew", later(bob, 20), handoff=held, epoch=1)
    other = give(paths=["src/**"])
    assert_refused(attempt("handoff_claim", later(dave, 40), handoff=other), "path_taken")


def test_they_stay_held_while_the_result_is_verified(do, attempt, alice, bob, dave, give, later, assert_refused):
    job = give(paths=["src/**"], acceptance_criteria=["x"], lease_seconds=30)
    do("handoff_claim", bob, handoff=job)
    do("handoff_complete", bob, handoff=job, epoch=1, result="y")
    other = give(paths=["src/parser"])
    error = assert_refused(attempt("handoff_claim", later(dave, 1000), handoff=other), "path_taken")
    assert "until" not in error["details"]
    do("handoff_verify", alice, handoff=job, epoch=1, verdict="fail")
    assert_refused(attempt("handoff_claim", dave, handoff=other), "path_taken")
    do("handoff_complete", bob, handoff=job, epoch=1, result="y")
    do("handoff_verify", alice, handoff=job, epoch=1, verdict="pass")
    assert do("handoff_claim", dave, handoff=other).claimed


def test_another_workspace_has_files_of_its_own(do, held, mallory):
    job = do("handoff_create", mallory, title="Elsewhere", to="mallory", paths=["src/**"]).handoff
    assert do("handoff_claim", mallory, handoff=job).claimed


@pytest.fixture
def late(do, bob, give, later):
    """Return a function by which bob hands in a result after its lease on `doc/**` ended."""

    def late(job):
        return do("handoff_complete", later(bob, 32), handoff=job, epoch=1, result="y")

    return late


@pytest.fixture
def lapsing(do, bob, give):
    """A job on `doc/**` that is verified, and that bob has claimed for 30 s."""
    job = give(paths=["doc/**"], acceptance_criteria=["x"], lease_seconds=30, max_attempts=1)
    do("handoff_claim", bob, handoff=job)
    return job


def holders(now):
    return {(each.agent.name, each.glob) for each in PathClaim.objects.in_force(now)}


@pytest.mark.parametrize("is_swept", [False, True])
def test_a_late_result_does_not_take_back_what_another_holds_by_now(
    do, lapsing, late, dave, give, later, sweep, is_swept
):
    if is_swept:
        assert sweep(sweeps.end_leases, 31) == 1
    after = later(dave, 31)
    do("handoff_claim", after, handoff=give(paths=["doc/a.md"]))
    assert late(lapsing).state == "verifying"
    assert holders(after.now) == {("dave", "doc/a.md")}


@pytest.mark.parametrize("is_swept", [False, True])
def test_a_failed_verdict_on_a_late_result_takes_the_files_anew(
    do, attempt, alice, dave, lapsing, late, give, later, sweep, is_swept, assert_refused, types
):
    if is_swept:
        assert sweep(sweeps.end_leases, 31) == 1
    late(lapsing)
    failed = do("handoff_verify", later(alice, 40), handoff=lapsing, epoch=1, verdict="fail")
    assert failed.state == "claimed"
    assert types(lapsing)[-2:] == ["failed_verification", "paths.reserved"]
    assert holders(failed.lease_until) == set()
    other = give(paths=["doc/a.md"])
    error = assert_refused(attempt("handoff_claim", later(dave, 69), handoff=other), "path_taken")
    assert error["details"]["agent"] == "bob"
    assert do("handoff_claim", later(dave, 71), handoff=other).claimed


@pytest.mark.parametrize("holder", ["dave", "alice"])
def test_a_failed_verdict_opens_it_when_another_holds_the_files_by_now(
    do, get, attempt, request, alice, bob, lapsing, late, give, later, sweep, mail, types, holder, assert_refused
):
    sweep(sweeps.end_leases, 31)
    after = later(request.getfixturevalue(holder), 31)
    other = give(to=holder, paths=["doc/a.md"])
    do("handoff_claim", after, handoff=other)
    late(lapsing)
    failed = do("handoff_verify", later(alice, 40), handoff=lapsing, epoch=1, verdict="fail", feedback="Too short")
    assert (failed.state, failed.epoch, failed.attempts, failed.lease_until) == ("open", 1, 1, None)
    assert types(lapsing)[-3:] == ["verifying", "failed_verification", "released"]
    assert holders(after.now) == {(holder, "doc/a.md")}
    assert mail(bob)[-1] == "Not good yet: Review the parser"
    assert (get(bob, lapsing).result, get(bob, lapsing).feedback) == (None, "Too short")
    assert_refused(attempt("handoff_claim", later(bob, 41), handoff=lapsing), "path_taken")
    do("handoff_complete", after, handoff=other, epoch=1, result="z")
    assert do("handoff_claim", later(bob, 42), handoff=lapsing).epoch == 2


def test_whoever_finds_all_of_it_blocked_reads_what_is_held_once(do, held, dave, give):
    def look():
        with CaptureQueriesContext(connection) as captured:
            assert not do("handoff_claim", dave).claimed
        return len(captured)

    give(paths=["src/**"])
    at_one = look()
    for number in range(30):
        give(paths=[f"src/parser/{number}.py"])
    assert look() == at_one


def test_of_the_best_that_are_blocked_a_bounded_number_is_looked_at(do, held, dave, give, monkeypatch):
    monkeypatch.setattr(claiming, "LOOKED_AT", 3)
    for _ in range(2):
        give(paths=["src/**"], priority=9)
    free = give(priority=8)
    assert do("handoff_claim", dave).handoff == free
    do("handoff_release", dave, handoff=free, epoch=1)
    give(paths=["src/**"], priority=9)
    assert not do("handoff_claim", dave).claimed
    assert do("handoff_claim", dave, handoff=free).claimed


PARTS = st.one_of(st.sampled_from(["**", "*", "a*", "*.b", "?"]), st.text("ab*?.", min_size=1, max_size=4)).filter(
    lambda part: part == "**" or ("**" not in part and part not in (".", ".."))
)
GLOBS = st.lists(PARTS, min_size=1, max_size=4).map("/".join).map(globs.check)


@pytest.fixture
def walked():
    """Return a function that counts the pairs of globs that were really walked."""
    paths._compared.cache_clear()
    return lambda: paths._compared.cache_info().misses


def test_what_begins_or_ends_otherwise_is_not_walked(walked):
    held = [(f"**/held_{number}.py", 1, None) for number in range(400)]
    held += [(f"src/room_{number}/**/*.py", 1, None) for number in range(400)]
    assert paths.are_free(["**/*.md", "docs/*/parser.py", "tests/**/conftest.py"], held)
    assert walked() == 0
    assert not paths.are_free(["src/room_7/*/a.py"], held)
    assert walked() == 1


def test_a_pair_of_globs_is_walked_once_however_often_it_is_asked_for(walked):
    held = [(f"**/held_{number}/*.py", 1, None) for number in range(800)]
    for _ in range(5):
        assert paths.are_free(["src/*/x/*.py"], held)
    assert walked() == 800


@given(GLOBS, GLOBS)
def test_the_cheap_look_never_hides_an_overlap(a, b):
    assert paths.meet(a, b) == globs.overlap(a, b)
