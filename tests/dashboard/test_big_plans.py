"""How the database finds what pages show in a large installation: by indexes that need no sort over all that is kept."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bus import clock
from bus.identity import Caller
from overview.queries.board import Wanted, board, detail
from overview.queries.frame import counts
from overview.queries.graph.work import work_now
from overview.queries.happened import tally
from overview.queries.needs import needs, needs_count
from overview.queries.peers import peers
from overview.queries.people import people

pytestmark = pytest.mark.django_db(databases=["default", "queue"])

# What ANALYZE writes down of 10,000 handoffs of one workspace, in two states: rows, then rows of one value of a column.
MOSTLY_OVER = {
    "handoff_pools": "10000 10000 10000",
    "handoff_newest": "10000 10000 1",
    "handoff_queue": "10000 10000 5000 5000 1",
}
Plans = Callable[[Callable[[], Any]], list[str]]


@pytest.fixture
def plans() -> Plans:
    """Return a function that makes a call and returns the steps of the plans of its statements."""

    def plans(call: Callable[[], Any]) -> list[str]:
        with CaptureQueriesContext(connection) as statements:
            call()
        steps = []
        with connection.cursor() as cursor:
            for each in statements:
                cursor.execute(f"EXPLAIN QUERY PLAN {each['sql']}")
                steps += [row[3] for row in cursor.fetchall()]
        return steps

    return plans


@pytest.fixture
def now() -> datetime:
    """Return this instant."""
    return clock.now()


def scanned(steps: list[str], table: str) -> list[str]:
    """Return the steps that read a whole table."""
    return [step for step in steps if step.startswith(f"SCAN {table}")]


def test_the_columns_of_all_workspaces_come_in_the_order_of_an_index(plans: Plans, now: datetime) -> None:
    steps = plans(lambda: board(None, Wanted(), now))
    assert any("handoff_ended (workspace_id=? AND state=?" in step for step in steps)
    assert any("handoff_due" in step for step in steps)
    assert any("handoff_leases" in step for step in steps)
    assert scanned(steps, "handoffs_handoff") == ["SCAN handoffs_handoff USING COVERING INDEX handoff_queue"]


def test_late_work_of_one_workspace_is_found_by_its_time(plans: Plans, workspace: Any, now: datetime) -> None:
    steps = plans(lambda: board(workspace.id, Wanted(), now))
    assert any("handoff_due" in step for step in steps)
    assert any("handoff_leases" in step for step in steps)


@pytest.mark.parametrize("count", [counts, needs])
def test_what_waits_everywhere_is_found_by_state_and_type(
    plans: Plans, now: datetime, count: Callable[..., Any]
) -> None:
    steps = plans(lambda: count(None, now))
    assert not scanned(steps, "handoffs_handoff")
    assert not scanned(steps, "bus_event")


@pytest.fixture
def mostly_over(db: Any) -> Iterator[None]:
    """Let the database take it for known that there are many handoffs, most of them in one state."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE handoffs_handoff")
        cursor.execute("DELETE FROM sqlite_stat1 WHERE tbl = 'handoffs_handoff'")
        known = "INSERT INTO sqlite_stat1 VALUES ('handoffs_handoff', %s, %s)"
        cursor.executemany(known, list(MOSTLY_OVER.items()))
        cursor.execute("ANALYZE sqlite_schema")
        yield
        cursor.execute("DELETE FROM sqlite_stat1 WHERE tbl = 'handoffs_handoff'")
        cursor.execute("ANALYZE sqlite_schema")


@pytest.mark.usefixtures("mostly_over")
@pytest.mark.parametrize("ask", [counts, people, work_now])
@pytest.mark.parametrize("is_everywhere", [True, False])
def test_work_in_hand_is_found_by_its_state_however_much_is_over(
    plans: Plans, workspace: Any, now: datetime, ask: Callable[..., Any], is_everywhere: bool
) -> None:
    steps = plans(lambda: ask(None if is_everywhere else workspace.id, now))
    assert any("handoff_queue (workspace_id=? AND state=?)" in step for step in steps)
    assert not scanned(steps, "handoffs_handoff")


def test_the_history_and_talk_of_a_handoff_are_found_by_its_id(
    plans: Plans, do: Callable[..., Any], alice: Caller, bob: Caller, operator: Caller
) -> None:
    job = do("handoff_create", alice, title="Job", to="bob").handoff
    steps = plans(lambda: detail(operator, job))
    assert any("event_of_handoff (handoff=?)" in step for step in steps)
    assert any("bus_message_handoff" in step for step in steps)
    assert not scanned(steps, "bus_message")
    assert not any("event_of_workspace" in step for step in steps)


def test_types_are_counted_from_where_the_day_begins(
    plans: Plans, do: Callable[..., Any], alice: Caller, bob: Caller, workspace: Any, now: datetime
) -> None:
    do("message_create", alice, to="bob", subject="Note", body="Text")
    steps = plans(lambda: tally(workspace.id, now))
    assert any("event_of_type (workspace_id=? AND type=? AND id>?)" in step for step in steps)
    assert tally(workspace.id, now)["message"] == 1


def test_the_newest_mail_of_an_agent_is_not_sorted_out_of_all(
    plans: Plans, alice: Caller, workspace: Any, now: datetime
) -> None:
    steps = plans(lambda: peers(alice.agent.id, workspace.id, now))
    assert any("delivery_history (recipient_id=? AND workspace_id=?)" in step for step in steps)


def test_what_waits_is_counted_as_it_is_listed(
    do: Callable[..., Any], alice: Caller, operator: Caller, workspace: Any, now: datetime
) -> None:
    for number in range(3):
        do("message_create", alice, to="operator", subject=f"Question {number}", body="Text")
    assert needs_count(workspace.id, now) == len(needs(workspace.id, now)) == 3
