"""The log: complete, ordered, chained, and shown to those it concerns."""

import pytest
from django.db import DatabaseError, connection, transaction

from bus import events
from bus.errors import InvalidInput
from bus.models import Event

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
