"""Taking mail: leases, receipts, attempts, parking and order."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bus.errors import Conflict, Forbidden, InvalidInput, NotFound

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(do, alice):
    def _send(to="bob", **more):
        return do("message_create", alice, **({"to": to, "subject": "Note", "body": "Text"} | more)).message

    return _send


def lanes(do, sender, message):
    return {each.agent: each.lane for each in do("message_status", sender, message=message).recipients}


def test_a_pull_leases_and_an_ack_reads(do, alice, bob, send):
    message = send()
    (pulled,) = do("inbox_pull", bob).messages
    assert (pulled.message, pulled.lane, pulled.attempt) == (message, "delivered", 1)
    assert (pulled.lease_until - bob.now).total_seconds() == pytest.approx(300, abs=60)
    assert lanes(do, alice, message) == {"bob": "delivered"}
    assert do("inbox_ack", bob, messages=[message]).acked == [message]
    assert lanes(do, alice, message) == {"bob": "read"}


def test_what_is_leased_is_not_pulled_again(do, bob, send):
    send()
    assert len(do("inbox_pull", bob).messages) == 1
    assert do("inbox_pull", bob).messages == []


def test_what_is_not_acknowledged_comes_back_when_the_lease_is_over(do, bob, send, later):
    message = send()
    do("inbox_pull", bob, lease_seconds=60)
    after = later(bob, 61)
    assert [each.message for each in do("inbox_peek", after).messages] == [message]
    (again,) = do("inbox_pull", after).messages
    assert (again.message, again.attempt) == (message, 2)


def test_after_five_attempts_it_is_parked_and_an_operator_can_requeue_it(do, alice, bob, operator, send, later):
    message = send()
    consumer = bob
    for attempt in range(1, 6):
        (pulled,) = do("inbox_pull", consumer, lease_seconds=10).messages
        assert pulled.attempt == attempt
        consumer = later(consumer, 11)
    assert do("inbox_pull", consumer).messages == []
    assert lanes(do, alice, message) == {"bob": "parked"}
    assert do("inbox_count", consumer).parked == 1
    with pytest.raises(Forbidden):
        do("inbox_requeue", alice, message=message)
    assert do("inbox_requeue", operator, message=message).agents == ["bob"]
    (again,) = do("inbox_pull", consumer).messages
    assert (again.message, again.attempt) == (message, 1)


def test_urgent_mail_comes_first_then_the_oldest(do, bob, send):
    first, second = send(subject="a"), send(subject="b")
    urgent = send(subject="c", priority=9)
    assert [each.message for each in do("inbox_pull", bob).messages] == [urgent, first, second]


def test_a_redelivered_message_returns_to_its_place(do, bob, send, later):
    first, second = send(subject="a"), send(subject="b")
    do("inbox_pull", bob, limit=1, lease_seconds=10)
    assert [each.message for each in do("inbox_pull", later(bob, 11)).messages] == [first, second]


def test_a_released_message_is_unread_again_and_its_attempt_was_used(do, bob, send):
    message = send()
    do("inbox_pull", bob)
    assert do("inbox_release", bob, messages=[message]).released == [message]
    assert do("inbox_pull", bob).messages[0].attempt == 2


def test_an_extended_lease_lasts_longer(do, bob, send, later):
    message = send()
    do("inbox_pull", bob, lease_seconds=10)
    do("inbox_extend", bob, messages=[message], seconds=600)
    assert do("inbox_pull", later(bob, 60)).messages == []


def test_extending_is_all_or_nothing(do, bob, send, later):
    leased = send()
    do("inbox_pull", bob, lease_seconds=10)
    unread = send()
    with pytest.raises(Conflict) as refused:
        do("inbox_extend", bob, messages=[leased, unread], seconds=600)
    assert refused.value.details["lanes"] == {unread: "unread"}
    assert do("inbox_pull", later(bob, 11)).messages[0].message == leased


def test_an_ack_after_the_lease_still_counts(do, bob, send, later):
    message = send()
    do("inbox_pull", bob, lease_seconds=10)
    assert do("inbox_ack", later(bob, 60), messages=[message]).acked == [message]
    assert do("inbox_pull", later(bob, 60)).messages == []


def test_acknowledging_twice_is_harmless(do, bob, send):
    message = send()
    assert do("inbox_ack", bob, messages=[message, message]).acked == [message]
    assert do("inbox_ack", bob, messages=[message]).acked == [message]


def test_nobody_acknowledges_anothers_mail(do, alice, bob, carol, mallory, send):
    message = send()
    for other in (alice, carol, mallory):
        with pytest.raises(NotFound):
            do("inbox_ack", other, messages=[message])
    assert lanes(do, alice, message) == {"bob": "unread"}


def test_an_expired_message_is_not_delivered(do, alice, bob, send, later):
    message = send(expires_at=later(alice, 60).now)
    assert do("inbox_pull", later(bob, 61)).messages == []
    assert lanes(do, alice, message) == {"bob": "expired"}
    refused = do("inbox_ack", later(bob, 61), messages=[message]).not_acked
    assert [(each.message, each.lane) for each in refused] == [(message, "expired")]


@pytest.mark.parametrize("seconds", [0, 9, 3601])
def test_a_lease_outside_its_range_names_the_range(do, bob, seconds):
    with pytest.raises(InvalidInput) as refused:
        do("inbox_pull", bob, lease_seconds=seconds)
    assert (refused.value.details["low"], refused.value.details["high"]) == (10, 3600)


def test_headers_only_leaves_bodies_out(do, bob, send):
    send()
    assert do("inbox_pull", bob, headers_only=True).messages[0].body is None


def test_a_single_pull_is_never_cut(do, bob, send):
    send(body="x" * 60_000)
    (pulled,) = do("inbox_pull", bob, limit=1).messages
    assert len(pulled.body) == 60_000
    assert pulled.truncated is None


def test_a_pull_leases_only_what_it_hands_over(do, bob, send):
    for _ in range(12):
        send(body="word " * 780)
    pulled = do("inbox_pull", bob, limit=12)
    counts = do("inbox_count", bob)
    assert counts.delivered == len(pulled.messages) < 12
    assert counts.unread == pulled.waiting == 12 - len(pulled.messages)


def test_looking_changes_no_lane(do, bob, send):
    send()
    do("inbox_peek", bob)
    do("inbox_count", bob)
    do("inbox_history", bob)
    assert do("inbox_count", bob).unread == 1


def test_peek_pages_in_the_order_of_the_queue(do, bob, send):
    expected = [send(priority=9), send(priority=9), send(), send(), send()]
    seen, cursor = [], None
    while True:
        page = do("inbox_peek", bob, limit=2, cursor=cursor)
        seen += [each.message for each in page.messages]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == expected


def test_history_lists_what_is_over(do, bob, send):
    first, second = send(), send()
    do("inbox_ack", bob, messages=[first])
    do("inbox_ack", bob, messages=[second])
    assert [(each.message, each.lane) for each in do("inbox_history", bob).messages] == [
        (second, "read"),
        (first, "read"),
    ]


def test_looking_reads_what_it_shows_and_not_all_that_waits(do, bob, send):
    for _ in range(45):
        send(body="x" * 3000)
    with CaptureQueriesContext(connection) as made:
        shown = do("inbox_peek", bob, limit=200).messages
    wide = [each["sql"] for each in made if '"body"' in each["sql"]]
    assert (len(shown), len(wide)) == (7, 1)


def test_history_is_found_by_an_index_in_its_order(do, bob, send):
    do("inbox_ack", bob, messages=[send()])
    with CaptureQueriesContext(connection) as made:
        do("inbox_history", bob)
        with connection.cursor() as cursor:
            plan = cursor.execute(f"EXPLAIN QUERY PLAN {made[0]['sql']}").fetchall()
    assert ["delivery_history" in row[-1] for row in plan] == [True], plan


def test_counts_stop_at_one_hundred(do, bob, send):
    for _ in range(103):
        send(priority=8)
    counts = do("inbox_count", bob)
    assert (counts.unread, counts.urgent) == (100, 100)
    assert do("inbox_pull", bob, limit=1).waiting == 100
