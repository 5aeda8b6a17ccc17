"""The board's queries: columns by state at an instant, exact counts, filters, paging, and a fixed number of statements."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bus import clock, ids
from bus.identity import Caller
from handoffs.models import Handoff
from overview.queries.board import COLUMNS, Board, Card, Column, Wanted, board, cards_of, detail

ANYTHING = Wanted()
CROWD = {
    "open": 300,
    "claimed": 200,
    "verifying": 100,
    "completed": 8_000,
    "rejected": 400,
    "cancelled": 400,
    "failed": 400,
    "expired": 200,
}
HELD = ("claimed", "verifying")
LIVE = ("open", *HELD)


@pytest.fixture
def give(do: Callable[..., Any], alice: Caller) -> Callable[..., str]:
    """Return a function by which alice hands a job over; it returns the id."""

    def give(title: str = "Review the parser", to: Any = None, **more: Any) -> str:
        order = {"title": title, "to": to or {"capability": "review"}} | more
        return str(do("handoff_create", alice, **order).handoff)

    return give


@pytest.fixture
def fill(workspace: Any, alice: Caller, bob: Caller) -> Callable[[str, int], None]:
    """Return a function that writes handoffs of one state straight into the table."""

    def fill(state: str, number: int) -> None:
        now = clock.now()
        rows = (_row(state, now - timedelta(seconds=each), workspace.id) for each in range(number, 0, -1))
        Handoff.objects.bulk_create(rows, batch_size=500)

    def _row(state: str, at: datetime, place: int) -> Handoff:
        is_held = state in HELD
        return Handoff(
            public_id=ids.new("hnd", at),
            workspace_id=place,
            creator_id=alice.agent.id,
            title=f"Job of {at:%H:%M:%S}",
            body="What to do. " * 100,
            to={"capability": "review"},
            pool='[{"capability":"review"}]',
            state=state,
            lease_seconds=300,
            max_attempts=5,
            epoch=int(is_held),
            claimant_id=bob.agent.id if is_held else None,
            last_claimant_id=bob.agent.id if is_held else None,
            lease_until=at + timedelta(days=1) if state == "claimed" else None,
            claimed_at=at if is_held else None,
            created_at=at,
            closed_at=None if state in LIVE else at,
        )

    return fill


def column(shown: Board, name: str) -> Column:
    """Return one column."""
    return next(each for each in shown.columns if each.name == name)


def titles(shown: Board, name: str) -> list[str]:
    """Return the titles of one column, from the top."""
    return [card.title for card in column(shown, name).cards]


def counts(shown: Board) -> dict[str, int]:
    """Return the columns that are not empty, with their counts."""
    return {each.name: each.count for each in shown.columns if each.count}


def only(cards: Iterable[Card]) -> Card:
    """Return the one card there is."""
    (card,) = cards
    return card


def about(job: str) -> list[dict[str, str]]:
    """Return the references of a message about a handoff."""
    return [{"kind": "handoff", "id": job}]


@pytest.fixture
def story(do: Callable[..., Any], bob: Caller, operator: Caller, give: Callable[..., str]) -> dict[str, str]:
    """One handoff in every state but expired, by state."""
    jobs = {name: give(f"To be {name}") for name in ("open", "claimed", "completed", "failed", "cancelled")}
    jobs["verifying"] = give("To be verifying", acceptance_criteria=["It is green"], verify_by="human")
    jobs["rejected"] = give("To be rejected", to="bob")
    for name in ("claimed", "completed", "failed", "verifying"):
        do("handoff_claim", bob, handoff=jobs[name])
    do("handoff_renew", bob, handoff=jobs["claimed"], epoch=1, note="Half done")
    do("handoff_complete", bob, handoff=jobs["completed"], epoch=1, result="All green")
    do("handoff_complete", bob, handoff=jobs["verifying"], epoch=1, result="All green")
    do("handoff_complete", bob, handoff=jobs["failed"], epoch=1, error="No such file")
    do("handoff_cancel", operator, handoff=jobs["cancelled"], reason="Not now")
    do("handoff_reject", bob, handoff=jobs["rejected"], reason="Not mine")
    return jobs


def test_every_handoff_is_in_the_column_of_its_state(story: dict[str, str], workspace: Any) -> None:
    shown = board(workspace.id, ANYTHING, clock.now())
    assert {each.name: [card.handoff for card in each.cards] for each in shown.columns if each.cards} == {
        name: [job] for name, job in story.items()
    }
    assert counts(shown) == dict.fromkeys(story, 1)
    assert tuple(each.name for each in shown.columns) == COLUMNS


def test_a_card_says_who_has_it_until_when_and_how_far_it_is(
    story: dict[str, str], workspace: Any, bob: Caller
) -> None:
    card = only(column(board(workspace.id, ANYTHING, clock.now()), "claimed").cards)
    assert (card.creator.name, card.claimant and card.claimant.name, card.said) == ("alice", "bob", "Half done")
    assert (card.epoch, card.lease_seconds, card.attempts, card.max_attempts) == (1, 300, 0, 5)
    assert card.lease_until is not None
    assert card.lease_until > clock.now()


def test_what_ended_says_why(story: dict[str, str], workspace: Any) -> None:
    shown = board(workspace.id, ANYTHING, clock.now())
    said = {name: only(column(shown, name).cards).said for name in ("completed", "failed", "cancelled", "rejected")}
    assert said == {
        "completed": "All green",
        "failed": "No such file",
        "cancelled": "Not now",
        "rejected": "Not mine",
    }


def test_a_claim_whose_lease_is_over_is_open_or_failed_before_anything_sweeps(
    do: Callable[..., Any], bob: Caller, workspace: Any, give: Callable[..., str]
) -> None:
    again, last = give("Again", lease_seconds=30), give("Last", lease_seconds=30, max_attempts=1)
    for job in (again, last):
        do("handoff_claim", bob, handoff=job)
    assert counts(board(workspace.id, ANYTHING, clock.now())) == {"claimed": 2}
    after = board(workspace.id, ANYTHING, clock.now() + timedelta(seconds=31))
    assert counts(after) == {"open": 1, "failed": 1}
    assert (titles(after, "open"), titles(after, "failed"), titles(after, "claimed")) == (["Again"], ["Last"], [])
    card = only(column(after, "open").cards)
    assert card.has_lapsed
    assert card.claimant is None
    assert card.lease_until is None


def test_what_is_past_its_due_time_is_expired_before_anything_sweeps(
    do: Callable[..., Any], bob: Caller, workspace: Any, give: Callable[..., str]
) -> None:
    due = (clock.now() + timedelta(seconds=60)).isoformat()
    give("Waiting", due_at=due)
    do("handoff_claim", bob, handoff=give("Held", due_at=due))
    assert counts(board(workspace.id, ANYTHING, clock.now())) == {"open": 1, "claimed": 1}
    after = board(workspace.id, ANYTHING, clock.now() + timedelta(seconds=61))
    assert counts(after) == {"expired": 2}
    assert sorted(titles(after, "expired")) == ["Held", "Waiting"]


def test_open_work_is_in_the_order_in_which_it_is_taken(workspace: Any, give: Callable[..., str]) -> None:
    give("Old"), give("New"), give("Urgent", priority=9)
    assert titles(board(workspace.id, ANYTHING, clock.now()), "open") == ["Urgent", "Old", "New"]


def test_what_ended_last_comes_first(do: Callable[..., Any], operator: Caller, workspace: Any, give: Any) -> None:
    first, second, third = give("First"), give("Second"), give("Third")
    for job in (second, third, first):
        do("handoff_cancel", operator, handoff=job)
    shown = board(workspace.id, ANYTHING, clock.now())
    assert titles(shown, "cancelled") == ["First", "Third", "Second"]


def test_open_cards_count_who_is_here_and_could_take_them(
    do: Callable[..., Any], enrol: Callable[..., Caller], bob: Caller, workspace: Any, give: Callable[..., str]
) -> None:
    enrol("dave", capabilities=["review"])
    enrol("quiet", capabilities=["review"], quiet=timedelta(minutes=10))
    give("For two"), give("For nobody", to={"capability": "fly"}), give("For bob", to="bob")
    cards = column(board(workspace.id, ANYTHING, clock.now()), "open").cards
    assert {card.title: card.eligible for card in cards} == {"For two": 2, "For nobody": 0, "For bob": 1}


def test_filters_narrow_cards_and_counts(
    do: Callable[..., Any], bob: Caller, workspace: Any, give: Callable[..., str]
) -> None:
    give("Parser", priority=9), give("Lexer", to={"capability": "test"}), give("Docs 100%", to="bob")
    do("handoff_claim", bob, handoff=give("Printer"))
    expected = {
        Wanted(capability="test"): {"Lexer"},
        Wanted(capability="review"): {"Parser", "Printer"},
        Wanted(agent="bob"): {"Docs 100%", "Printer"},
        Wanted(agent="alice"): {"Parser", "Lexer", "Docs 100%", "Printer"},
        Wanted(agent="nobody"): set(),
        Wanted(priority="urgent"): {"Parser"},
        Wanted(q="PARS"): {"Parser"},
        Wanted(q="100%"): {"Docs 100%"},
        Wanted(q="p_r"): set(),
        Wanted(agent="bob", q="print"): {"Printer"},
    }
    for wanted, there in expected.items():
        shown = board(workspace.id, wanted, clock.now())
        assert {card.title for each in shown.columns for card in each.cards} == there, wanted
        assert sum(counts(shown).values()) == len(there), wanted


def test_another_workspace_is_not_shown_unless_all_are(
    do: Callable[..., Any], mallory: Caller, workspace: Any, give: Callable[..., str]
) -> None:
    give("Here")
    do("handoff_create", mallory, title="Elsewhere", to={"capability": "review"})
    assert titles(board(workspace.id, ANYTHING, clock.now()), "open") == ["Here"]
    assert sorted(titles(board(None, ANYTHING, clock.now()), "open")) == ["Elsewhere", "Here"]


@pytest.mark.parametrize("name", ["open", "claimed", "completed"])
def test_each_column_pages_on_its_own_and_leaves_nothing_out(
    fill: Callable[[str, int], None], workspace: Any, name: str
) -> None:
    for state in ("open", "claimed", "completed"):
        fill(state, 65)
    seen: list[int] = []
    older: dict[str, str] = {}
    for size in (30, 30, 5):
        shown = board(workspace.id, ANYTHING, clock.now(), older)
        page = column(shown, name)
        assert (len(page.cards), page.count) == (size, 65)
        assert all(len(each.cards) == 30 for each in shown.columns if each.cards and each.name != name)
        seen += [card.pk for card in page.cards]
        if page.older is not None:
            older = {name: page.older}
    assert page.older is None
    assert len(set(seen)) == 65


def test_fifty_cards_cost_no_more_statements_than_one(
    fill: Callable[[str, int], None], workspace: Any, statements: Any
) -> None:
    for state in COLUMNS:
        fill(state, 1)
    one = statements(lambda: board(workspace.id, ANYTHING, clock.now()))
    for state in COLUMNS:
        fill(state, 50)
    assert statements(lambda: board(workspace.id, ANYTHING, clock.now())) == one
    assert one <= 12


def test_moved_cards_are_read_in_two_statements(
    fill: Callable[[str, int], None], workspace: Any, statements: Any
) -> None:
    fill("open", 40)
    names = list(Handoff.objects.values_list("public_id", flat=True))
    assert statements(lambda: cards_of(names[:1], clock.now())) == statements(lambda: cards_of(names, clock.now()))


@pytest.fixture
def statements() -> Callable[[Callable[[], Any]], int]:
    """Return a function that counts the statements of a piece of work, once what a process remembers is there."""

    def statements(work: Callable[[], Any]) -> int:
        work()
        with CaptureQueriesContext(connection) as seen:
            work()
        return len(seen)

    return statements


@pytest.mark.slow
@pytest.mark.parametrize("everywhere", [False, True])
def test_ten_thousand_handoffs_are_counted_by_their_states(
    fill: Callable[[str, int], None], workspace: Any, everywhere: bool
) -> None:
    for state, number in CROWD.items():
        fill(state, number)
    assert counts(board(None if everywhere else workspace.id, ANYTHING, clock.now())) == CROWD


def test_detail_tells_the_whole_job(
    do: Callable[..., Any], alice: Caller, bob: Caller, operator: Caller, give: Callable[..., str]
) -> None:
    job = give(
        "Fix it",
        body="The **parser**.",
        payload={"file": "a.py"},
        paths=["src/**"],
        acceptance_criteria=["It is green"],
        verify_by="human",
    )
    do("handoff_claim", bob, handoff=job)
    do("message_create", bob, to="alice", subject="Which one?", body="There are two.", references=about(job))
    do("message_create", bob, to="alice", subject="Something else", body="Never mind.")
    offered = do("inbox_peek", bob).messages[0].message
    do("message_create", bob, reply_to=offered, subject="Mine", body="I do it.")
    do("handoff_complete", bob, handoff=job, epoch=1, result={"tests": 48})
    do("handoff_verify", operator, handoff=job, epoch=1, verdict="fail", feedback="One is red")
    found = detail(operator, job)
    assert found is not None
    assert (found.body, found.criteria, found.feedback) == ("The **parser**.", ["It is green"], "One is red")
    assert '"file": "a.py"' in found.payload
    assert (found.card.state, found.card.paths, found.card.verifier) == ("claimed", ["src/**"], "you")
    assert [each.subject for each in found.said] == ["Mine", "Which one?"]
    types = [each.type for each in found.history if each.type.startswith("handoff.")]
    assert types == [
        "handoff.created",
        "handoff.claimed",
        "handoff.verifying",
        "handoff.failed_verification",
    ]


def test_detail_of_an_open_job_names_who_could_take_it(
    operator: Caller, bob: Caller, carol: Caller, give: Callable[..., str]
) -> None:
    found = detail(operator, give())
    assert found is not None
    assert [each.name for each in found.eligible] == ["bob"]


def test_nothing_goes_by_an_unknown_name(operator: Caller) -> None:
    assert detail(operator, "hnd_unknown") is None


def test_acts_are_those_that_the_state_allows(
    do: Callable[..., Any], operator: Caller, story: dict[str, str], give: Callable[..., str]
) -> None:
    allowed = {name: set(found.may) for name, job in story.items() if (found := detail(operator, job))}
    over: set[str] = set()
    assert allowed == {
        "open": {"reassign", "cancel"},
        "claimed": {"reassign", "break", "cancel"},
        "verifying": {"verify", "cancel"},
        "completed": over,
        "failed": over,
        "cancelled": over,
        "rejected": over,
    }


def test_an_operator_who_is_named_can_claim_or_decline_and_then_holds_it(
    do: Callable[..., Any], operator: Caller, give: Callable[..., str]
) -> None:
    job = give(to=operator.agent.name)
    found = detail(operator, job)
    assert found is not None
    assert found.may == {"claim", "reject", "reassign", "cancel"}
    do("handoff_claim", operator, handoff=job)
    held = detail(operator, job)
    assert held is not None
    assert held.may == {"renew", "release", "complete", "reassign", "cancel"}


def test_every_act_that_is_offered_is_taken(
    do: Callable[..., Any], attempt: Callable[..., Any], operator: Caller, bob: Caller, give: Callable[..., str]
) -> None:
    calls = {
        "claim": ("handoff_claim", {}),
        "renew": ("handoff_renew", {"epoch": 1}),
        "release": ("handoff_release", {"epoch": 1}),
        "complete": ("handoff_complete", {"epoch": 1, "result": "Done"}),
        "break": ("lease_break", {}),
        "reassign": ("handoff_reassign", {"to": "alice"}),
        "reject": ("handoff_reject", {}),
        "cancel": ("handoff_cancel", {}),
        "verify": ("handoff_verify", {"epoch": 1, "verdict": "pass"}),
    }
    tried = set()
    for holder in (None, operator, bob):
        for act, (name, more) in calls.items():
            job = give(to=operator.agent.name if holder is not bob else "bob")
            if holder is not None:
                do("handoff_claim", holder, handoff=job)
            found = detail(operator, job)
            assert found is not None
            is_done = getattr(attempt(name, operator, handoff=job, **more), "code", None) is None
            # An operator may also break a lease of its own; it is offered to release it instead.
            is_offered = act in found.may or (act == "break" and holder is operator)
            assert is_done == is_offered, (act, holder)
            tried |= {act} if is_done else set()
    assert tried == set(calls) - {"verify"}
