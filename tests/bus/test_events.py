"""The log: complete, ordered, chained, and shown to those it concerns."""

import hashlib
import json
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from bus import events
from bus.errors import InvalidInput
from bus.models import Event
from bus.queries import events as queries

pytestmark = pytest.mark.django_db


def send(do, sender, to="bob", **more):
    return do("message_create", sender, to=to, subject="Note", body="Secret body", **more).message


def seen(do, caller, **order):
    return [event.type for event in do("event_list", caller, **order).events]


def test_every_step_of_a_message_is_in_the_log(do, alice, bob):
    start = do("event_cursor", alice).cursor
    message = send(do, alice)
    do("inbox_pull", bob)
    do("inbox_ack", bob, messages=[message])
    assert seen(do, alice, after=start) == ["message.created", "delivery.leased", "delivery.read"]


def test_an_event_says_who_did_it_from_where_and_holds_no_body(do, alice, bob):
    message = send(do, alice)
    event = Event.objects.get(message=message)
    assert (event.actor.name, event.origin, event.surface) == ("alice", "agent", alice.surface)
    assert "Secret" not in str(Event.objects.values_list())


def test_the_sequence_has_no_gaps_and_the_chain_holds(do, alice, bob):
    for _ in range(5):
        send(do, alice)
    rows = Event.objects.filter(workspace_id=alice.workspace.id).order_by("seq")
    previous = events.GENESIS
    for position, row in enumerate(rows, start=1):
        assert row.seq == position
        facts = tuple(getattr(row, name) for name in events.FIELDS)
        assert bytes(row.hash) == events.chain(previous, row.seq, row.actor.name, facts, events.canonical(row.payload))
        previous = bytes(row.hash)
    assert position >= 5


def test_a_refused_operation_leaves_no_event(do, alice, bob):
    before = Event.objects.count()
    with pytest.raises(InvalidInput):
        do("inbox_pull", bob, lease_seconds=1)
    assert Event.objects.count() == before


def test_the_log_is_append_only(do, alice, bob):
    send(do, alice)
    for statement in ("UPDATE bus_event SET type = 'x'", "DELETE FROM bus_event"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_resuming_from_any_cursor_misses_nothing_and_repeats_nothing(do, alice, bob):
    start = do("event_cursor", bob).cursor
    sent = [send(do, alice) for _ in range(9)]
    found, cursor = [], start
    while True:
        page = do("event_list", bob, after=cursor, limit=2)
        if not page.events:
            break
        found += [event.message for event in page.events]
        assert page.cursor != page.events[-1].cursor
        cursor = page.cursor
    assert found == sent


def test_older_pages_go_back_without_gaps(do, alice, bob):
    sent = [send(do, alice) for _ in range(5)]
    page = do("event_list", alice, types=["message.created"], limit=2)
    found = [event.message for event in page.events]
    while page.next_cursor:
        page = do("event_list", alice, types=["message.created"], limit=2, before=page.next_cursor)
        found += [event.message for event in page.events]
    assert found == sent[::-1]


def test_mail_between_two_is_nobody_elses_business(do, alice, bob, carol, mallory, operator):
    start = do("event_cursor", alice).cursor
    message = send(do, alice)
    do("inbox_ack", bob, messages=[message])
    assert seen(do, bob, after=start) == ["message.created", "delivery.read"]
    assert seen(do, carol, after=start) == []
    assert seen(do, mallory, after=start) == []
    assert seen(do, operator, after=start) == ["message.created", "delivery.read"]


def test_a_recipient_does_not_learn_who_else_got_it_or_read_it(do, alice, bob, carol):
    start = do("event_cursor", alice).cursor
    message = send(do, alice, to=["bob", "carol"])
    do("inbox_ack", bob, messages=[message])
    (created,) = do("event_list", carol, after=start).events
    assert created.data["to"] == ["carol"]
    assert do("event_list", alice, after=start).events[0].data["to"] == ["bob", "carol"]


def test_types_and_subjects_narrow_the_log(do, alice, bob):
    start = do("event_cursor", alice).cursor
    first, second = send(do, alice), send(do, alice)
    do("inbox_ack", bob, messages=[first])
    assert seen(do, alice, after=start, types=["delivery"]) == ["delivery.read"]
    assert seen(do, alice, after=start, subjects=[second]) == ["message.created"]


@pytest.mark.parametrize("cursor", ["", "cur_", "nonsense", "cur_AAAA", "ключ", "cur_" + "A" * 34])
def test_a_cursor_that_is_none_is_refused(do, alice, cursor):
    with pytest.raises(InvalidInput):
        do("event_list", alice, after=cursor)


def test_a_cursor_of_another_list_is_refused(do, alice, bob):
    for _ in range(3):
        send(do, alice)
    other = do("message_list", alice, limit=1).next_cursor
    with pytest.raises(InvalidInput, match="cursor"):
        do("event_list", alice, after=other)


def test_cursors_of_one_position_cannot_be_compared(do, alice):
    assert do("event_cursor", alice).cursor != do("event_cursor", alice).cursor


@given(
    st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"])), min_size=11, max_size=11), st.integers(1)
)
def test_a_hash_covers_the_json_that_any_other_program_writes(facts, seq):
    at = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    text = json.dumps([seq, at.isoformat(), "alice", *facts, "{}"], ensure_ascii=False, separators=(",", ":"))
    expected = hashlib.sha256(b"\x01" + events.GENESIS + text.encode()).digest()
    assert events.chain(events.GENESIS, seq, "alice", (at, *facts), "{}") == expected


def test_a_page_of_the_past_looks_at_few_events_and_still_leads_to_the_first(do, alice, bob, carol, monkeypatch):
    monkeypatch.setattr(queries, "STRETCH", 4)
    own = send(do, carol, to="alice")
    for _ in range(10):
        send(do, alice)
    pages = [do("event_list", carol)]
    while pages[-1].next_cursor:
        pages.append(do("event_list", carol, before=pages[-1].next_cursor))
    assert own in [each.message for page in pages for each in page.events]
    assert [] in [page.events for page in pages]
    ids = [each.event for page in pages for each in page.events]
    assert len(ids) == len(set(ids)) == queries.visible_to(carol).count()


@pytest.mark.parametrize("kind", ["message", "handoff"])
def test_events_about_an_id_are_found_by_its_index(do, alice, bob, kind):
    about = {"message": send(do, alice), "handoff": do("handoff_create", alice, title="Job", to="bob").handoff}
    with CaptureQueriesContext(connection) as made:
        found = do("event_list", bob, subjects=[about[kind]]).events
    assert {getattr(each, kind) for each in found} == {about[kind]}
    (sql,) = [each["sql"] for each in made if f'U0."{kind}" IN' in each["sql"]]
    with connection.cursor() as cursor:
        plan = cursor.execute(f"EXPLAIN QUERY PLAN {sql}".replace("%", "%%")).fetchall()
    assert any(f"event_of_{kind}" in step[-1] for step in plan), plan
