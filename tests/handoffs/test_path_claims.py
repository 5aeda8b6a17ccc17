"""Files that come with a claim: nobody else gets an overlapping glob."""

import pytest

from bus.models import Event
from handoffs import sweeps
from handoffs.models import PathClaim


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
