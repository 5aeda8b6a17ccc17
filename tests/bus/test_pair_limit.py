"""Two agents that talk in a circle at full speed are stopped, and the operator is told once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bus import clock
from bus.models import Message


@pytest.fixture
def say(attempt, do, operator, alice, monkeypatch):
    """Return a function that sends a message at some second; two agents may send each other six a minute."""
    monkeypatch.delenv("NEXUS_PAIR_LIMIT")
    do("setting_put", operator, name="pair_limit", value=6)
    start = clock.now() + timedelta(minutes=1)

    def say(second, by=alice, to="bob"):
        caller = replace(by, now=start + timedelta(seconds=second))
        return attempt("message_create", caller, to=to, subject="Ping", body="")

    return say


def notices(operator, do):
    return [each for each in do("inbox_peek", operator).messages if each.origin == "system"]


def test_the_seventh_message_of_a_pair_in_a_minute_is_refused_and_both_ways_count(say, alice, bob, assert_refused):
    for second in range(3):
        say(second)
        say(second, by=bob, to="alice")
    error = assert_refused(say(10, by=bob, to="alice"), "rate_limited")
    assert error["retry_after"] == 50
    assert error["details"] == {"agent": "alice", "limit": 6}
    assert Message.objects.filter(sender__kind="agent").count() == 6
    assert [bool(say(60).message) for _ in range(2)] == [True, True]
    assert_refused(say(60), "rate_limited")


def test_others_and_the_operator_are_not_stopped(say, alice, bob, enrol, operator):
    carl = enrol("carl")
    for second in range(6):
        say(second)
    assert say(7, to="carl").message
    assert say(7, by=carl, to="bob").message
    for second in range(8):
        assert say(second, by=operator).message
        assert say(second, to="operator").message


def test_a_message_to_several_is_refused_whole_and_counts_for_nobody(say, alice, bob, enrol, assert_refused):
    enrol("carl")
    for second in range(6):
        say(second)
    assert_refused(say(7, to=["carl", "bob"]), "rate_limited")
    for second in range(6):
        assert say(8 + second, to="carl").message
    assert_refused(say(15, to="carl"), "rate_limited")


def test_the_operator_is_told_once_of_a_pair(say, do, alice, bob, operator):
    for second in range(0, 300, 5):
        say(second)
    (told,) = notices(operator, do)
    assert told.subject == "alice and bob reached the limit of messages"
    assert told.kind == "direct"
    for second in range(4000, 4007):
        say(second)
    assert len(notices(operator, do)) == 2


def test_slow_talk_is_never_stopped(say, do, alice, bob, operator):
    for second in range(0, 400, 13):
        assert say(second).message
    assert notices(operator, do) == []


def test_zero_is_no_limit(say, do, alice, bob, operator):
    do("setting_put", operator, name="pair_limit", value=0)
    assert all(say(0).message for _ in range(20))
