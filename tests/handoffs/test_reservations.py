"""Files that an agent holds without a handoff: one holder, until a time, and everybody may know."""

import pytest

from bus import checkpoints, deadlines, fold
from bus.models import Deadline, Event
from bus.verifier import verify
from handoffs import log, reservations
from handoffs.models import PathClaim


@pytest.fixture
def held(do, bob):
    """What bob holds, for 60 s."""
    return do("paths_reserve", bob, globs=["src/parser/**", "docs/parser.md"], ttl=60, reason="rewriting it")


@pytest.fixture
def said(db):
    """Return a function that lists what the log says of files: the type, whose, and the globs."""

    def said():
        events = Event.objects.filter(type__startswith="paths.").order_by("seq")
        return [(each.type, each.agent, each.payload["globs"]) for each in events]

    return said


def lasting(answer):
    """Return for how many seconds the newest reservation holds."""
    return (answer.until - Event.objects.filter(type="paths.reserved").latest("pk").at).total_seconds()


def free(do, caller, *globs):
    return [each.free for each in do("paths_check", caller, globs=list(globs)).paths]


def test_files_are_held_until_a_time(held):
    assert held.globs == ["src/parser/**", "docs/parser.md"]
    assert lasting(held) == 60


def test_an_hour_is_the_default(do, bob):
    assert lasting(do("paths_reserve", bob, globs=["a"])) == 3600


@pytest.mark.parametrize("glob", ["src/parser/lexer.py", "src/**", "src/*/lexer.py", "src/p?rser/x", "**"])
def test_an_overlap_is_refused_and_names_the_holder(attempt, held, bob, dave, glob, assert_refused):
    error = assert_refused(attempt("paths_reserve", dave, globs=["free.md", glob]), "path_taken")
    assert error["details"]["agent"] == "bob"
    assert error["details"]["wanted"] == glob
    assert error["details"]["until"].endswith("Z")
    assert not PathClaim.objects.filter(agent__name="dave").exists()


@pytest.mark.parametrize("glob", ["src/parsers/**", "docs/*.txt", "tests/parser/**"])
def test_what_does_not_overlap_is_free(do, held, dave, glob):
    assert do("paths_reserve", dave, globs=[glob]).globs == [glob]


def test_another_workspace_has_files_of_its_own(do, held, mallory):
    assert free(do, mallory, "src/**") == [True]
    assert do("paths_reserve", mallory, globs=["src/**"]).globs == ["src/**"]


def test_repeating_it_holds_them_longer_as_one_reservation(do, attempt, held, bob, dave, later, assert_refused):
    again = do("paths_reserve", later(bob, 50), globs=["src/parser/**"], ttl=60)
    assert lasting(again) == 60
    assert again.until > held.until
    assert PathClaim.objects.filter(glob="src/parser/**").count() == 1
    assert_refused(attempt("paths_reserve", later(dave, 100), globs=["src/**"]), "path_taken")
    assert free(do, later(dave, 100), "docs/parser.md", "src/parser/a") == [True, False]


def test_a_claim_and_a_reservation_keep_each_other_out(do, attempt, held, dave, bob, alice, give, assert_refused):
    job = give(paths=["src/**"])
    assert_refused(attempt("handoff_claim", dave, handoff=job), "path_taken")
    assert do("handoff_claim", bob, handoff=job).claimed
    assert_refused(attempt("paths_reserve", alice, globs=["src/main.py"]), "path_taken")
    assert do("paths_release", bob).released == held.globs
    assert_refused(attempt("paths_reserve", alice, globs=["src/parser/a"]), "path_taken")


def test_they_are_given_back_by_name_or_all(do, held, bob, dave, said):
    some = do("paths_release", bob, globs=["docs/parser.md", "never/held"])
    assert (some.released, some.not_held) == (["docs/parser.md"], ["never/held"])
    assert free(do, dave, "docs/**", "src/**") == [True, False]
    assert do("paths_release", bob).released == ["src/parser/**"]
    assert do("paths_release", bob).released == []
    assert free(do, dave, "**") == [True]
    assert said() == [
        ("paths.reserved", "bob", ["src/parser/**", "docs/parser.md"]),
        ("paths.released", "bob", ["docs/parser.md"]),
        ("paths.released", "bob", ["src/parser/**"]),
    ]


def test_nobody_gives_back_what_another_holds(do, held, dave):
    answer = do("paths_release", dave, globs=["src/parser/**"])
    assert (answer.released, answer.not_held) == ([], ["src/parser/**"])
    assert free(do, dave, "src/parser/**") == [False]


def test_check_names_every_holder_and_the_asker_too(do, held, bob, dave, give):
    do("paths_reserve", dave, globs=["src/lexer/**"], ttl=600)
    src, docs, other = do("paths_check", bob, globs=["src/**", "docs/**", "tests/**"]).paths
    assert (src.glob, src.free) == ("src/**", False)
    assert [(each.agent, each.glob) for each in src.holders] == [("bob", "src/parser/**"), ("dave", "src/lexer/**")]
    assert src.holders[0].until == held.until
    assert src.holders[0].reason == "rewriting it"
    assert docs.free
    assert [each.agent for each in docs.holders] == ["bob"]
    assert (other.free, other.holders) == (True, [])


def test_past_their_time_they_are_free_before_and_after_a_sweep(do, held, dave, later, sweep, said):
    after = later(dave, 61)
    assert free(do, after, "src/**") == [True]
    assert do("paths_reserve", after, globs=["src/**"]).globs == ["src/**"]
    assert [sweep(reservations.end, seconds) for seconds in (50, 61, 61)] == [0, 2, 0]
    assert said()[-1] == ("paths.released", "bob", ["src/parser/**", "docs/parser.md"])
    assert free(do, later(dave, 61), "src/**") == [True]
    assert [each.agent.name for each in PathClaim.objects.all()] == ["dave"]


def test_the_sweep_is_due_when_the_first_of_them_ends(do, held, bob):
    do("paths_reserve", bob, globs=["other"], ttl=120)
    assert Deadline.objects.get(kind=reservations.KIND).at == held.until
    deadlines.move(reservations.KIND)
    assert Deadline.objects.get(kind=reservations.KIND).at == held.until
    do("paths_release", bob)
    deadlines.move(reservations.KIND)
    assert not Deadline.objects.filter(kind=reservations.KIND).exists()


@pytest.mark.parametrize("glob", ["/etc/passwd", "../up", "C:/x", "a\\b", "a**b", "."])
def test_a_glob_that_is_none_is_refused(attempt, bob, glob, assert_refused):
    for name in ("paths_reserve", "paths_check", "paths_release"):
        assert assert_refused(attempt(name, bob, globs=[glob]), "invalid_input")["details"]["field"] == "globs"


@pytest.mark.parametrize("ttl", [0, -1, 59, 86_401])
def test_a_time_out_of_range_is_refused(attempt, bob, ttl, assert_refused):
    error = assert_refused(attempt("paths_reserve", bob, globs=["a"], ttl=ttl), "invalid_input")
    assert (error["details"]["low"], error["details"]["high"]) == (60, 86_400)


def test_a_setting_lowers_the_shortest_time(do, bob, operator):
    do("setting_put", operator, name="path_lease_min", value=1)
    assert lasting(do("paths_reserve", bob, globs=["a"], ttl=1)) == 1


def test_a_call_takes_twenty_and_an_agent_holds_two_hundred(do, attempt, bob, assert_refused):
    assert_refused(attempt("paths_reserve", bob, globs=[str(number) for number in range(21)]), "invalid_input")
    for start in range(0, 200, 20):
        do("paths_reserve", bob, globs=[str(number) for number in range(start, start + 20)])
    assert_refused(attempt("paths_reserve", bob, globs=["200"]), "too_many_paths")
    assert do("paths_reserve", bob, globs=["0", "1"]).globs == ["0", "1"]


def test_a_repeat_with_its_key_is_done_once(do, bob, said):
    first, again = (do("paths_reserve", bob, globs=["a"], idempotency_key="k") for _ in range(2))
    assert again.duplicate
    assert log.instant(again.until) == log.instant(first.until)
    assert len(said()) == 1


def test_members_see_it_in_the_log(do, held, dave, mallory):
    seen = [each for each in do("event_list", dave).events if each.type == "paths.reserved"]
    assert [each.agent for each in seen] == ["bob"]
    assert not [each for each in do("event_list", mallory).events if each.type == "paths.reserved"]


def test_the_log_adds_up_to_what_is_held(do, held, bob, dave, give, workspace, sweep):
    do("handoff_claim", dave, handoff=give(paths=["tests/**"]))
    do("paths_reserve", dave, globs=["lib/**"], ttl=600)
    do("paths_release", bob, globs=["docs/parser.md"])

    def folded():
        state = fold.empty()
        for entry in checkpoints.entries(workspace.id, 0, checkpoints.head(workspace.id)):
            fold.fold(state, entry)
        return state["paths"]

    assert folded() == reservations.actual(workspace.id)
    assert {name: list(globs) for name, globs in folded().items()} == {"bob": ["src/parser/**"], "dave": ["lib/**"]}
    assert verify().is_clean
    sweep(reservations.end, 61)
    assert list(folded()) == ["dave"]
    assert verify().is_clean


def test_verify_sees_a_reservation_that_was_changed_by_hand(held):
    PathClaim.objects.filter(glob="docs/parser.md").delete()
    assert ["paths" in each.what for each in verify().problems] == [True]


def test_a_shorter_repeat_shortens_nothing_and_says_so(do, bob, dave, later, attempt, assert_refused, workspace):
    long = do("paths_reserve", bob, globs=["src/**"], ttl=3600)
    both = do("paths_reserve", bob, globs=["src/**", "docs/**"], ttl=60, reason="briefly")
    assert lasting(both) < 61
    assert do("paths_reserve", bob, globs=["src/**"], ttl=60).until == long.until
    assert_refused(attempt("paths_reserve", later(dave, 3500), globs=["src/a"]), "path_taken")
    assert do("paths_reserve", later(dave, 100), globs=["docs/a"]).globs == ["docs/a"]
    assert verify().is_clean
    assert do("paths_release", bob, globs=["src/**"]).released == ["src/**"]
    assert do("paths_reserve", bob, globs=["src/**"], ttl=60).until < long.until
