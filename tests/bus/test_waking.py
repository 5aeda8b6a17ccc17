"""Waking an idle agent: at most so often an hour, never twice in a moment, slower in a circle, and not while paused."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bus import clock
from bus.models import Agent, Event


@pytest.fixture
def at():
    """Return a function that puts a caller at some second from now on."""
    start = clock.now() + timedelta(minutes=1)
    return lambda caller, second: replace(caller, now=start + timedelta(seconds=second))


@pytest.fixture
def claims(attempt, at, bob):
    """Return a function by which bob's waiter asks at some second; it returns the answer or the refusal."""
    return lambda second, **order: attempt("wake_claim", at(bob, second), **order)


@pytest.fixture
def write(do, at, alice):
    """Return a function by which alice writes to bob at some second."""

    def write(second, by=alice, **more):
        order = {"to": "bob", "subject": "Look", "body": ""} | more
        return do("message_create", at(by, second), **order).message

    return write


def test_a_wake_is_counted_and_in_the_log(claims, write, bob):
    write(0)
    answer = claims(1, waiter="claude-code")
    assert (answer.wakes_left, answer.gap_seconds) == (19, 20)
    event = Event.objects.get(type="agent.woken")
    assert (event.agent, event.payload) == ("bob", {"waiter": "claude-code", "by": ["alice"]})


def test_the_cause_is_the_newest_mail_that_may_wake_however_much_waits(claims, write, carol):
    for _ in range(105):
        write(0, priority=9)
    write(0, by=carol)
    write(0, to="broadcast")
    claims(1)
    assert Event.objects.get(type="agent.woken").payload["by"] == ["carol"]


def test_the_next_wake_waits_for_the_gap(claims, assert_refused):
    claims(0)
    error = assert_refused(claims(4), "rate_limited")
    assert error["retry_after"] == 6
    assert claims(10).wakes_left == 18


def test_the_gap_doubles_while_the_same_sender_wakes_it_and_falls_back_after_quiet(claims, write, assert_refused):
    write(0)
    gaps, second = [], 0
    for _ in range(4):
        gaps.append(claims(second).gap_seconds)
        second += gaps[-1]
        assert_refused(claims(second - 1), "rate_limited")
    assert gaps == [20, 40, 80, 160]
    assert claims(second + 700).gap_seconds == 20


def test_the_gap_is_never_longer_than_ten_minutes(do, claims, write, operator):
    do("setting_put", operator, name="wake_gap", value=400)
    write(0)
    assert claims(0).gap_seconds == 600


def test_another_cause_does_not_wait_for_the_circle(claims, write, operator):
    write(0)
    claims(0)
    word = write(5, by=operator)
    assert claims(10, subjects=[word]).wakes_left == 18


def test_a_broadcast_is_no_cause_and_an_urgent_one_is(claims, write):
    write(0, to="broadcast")
    claims(0)
    write(1, to="broadcast", priority=9)
    claims(20)
    assert [event.payload["by"] for event in Event.objects.filter(type="agent.woken").order_by("pk")] == [[], ["alice"]]


def test_the_budget_of_an_hour_is_not_exceeded(do, claims, operator, assert_refused):
    do("setting_put", operator, name="wake_budget", value=3)
    assert [claims(second).wakes_left for second in (0, 100, 200)] == [2, 1, 0]
    assert assert_refused(claims(1000), "rate_limited")["retry_after"] == 2600
    assert claims(3600).wakes_left == 0
    do("setting_put", operator, name="wake_budget", value=0)
    assert_refused(claims(9000), "rate_limited")


def test_a_handoff_is_a_cause(do, claims, alice):
    job = do("handoff_create", alice, title="Job", to="bob").handoff
    claims(0, subjects=[job])
    assert Event.objects.get(type="agent.woken").payload["by"] == ["alice"]


@pytest.mark.parametrize("subject", ["msg_000000000000000000000a", "hnd_000000000000000000000a"])
def test_what_one_did_not_get_is_no_cause(claims, bob, assert_refused, subject):
    assert_refused(claims(0, subjects=[subject]), "not_found")
    assert Agent.objects.get(pk=bob.agent.id).wakes == []


def test_a_paused_agent_is_not_woken_until_it_is_resumed(do, claims, write, bob, operator, assert_refused):
    assert do("wake_pause", operator, agent="BOB").paused
    write(0)
    assert_refused(claims(0), "wakes_paused")
    assert do("agent_get", operator, agent="bob").paused_at is not None
    assert do("inbox_count", bob).unread == 1
    assert not do("wake_pause", operator, agent="bob", paused=False).paused
    assert claims(0).wakes_left == 19


def test_a_switch_that_stands_already_leaves_no_event(do, operator, bob):
    for paused in (False, True, True, False, False):
        do("wake_pause", operator, agent="bob", paused=paused)
    told = Event.objects.filter(agent="bob", type__in=["agent.paused", "agent.resumed"]).order_by("pk")
    assert [event.type for event in told] == ["agent.paused", "agent.resumed"]


def test_only_operators_pause(attempt, alice, bob, assert_refused):
    assert_refused(attempt("wake_pause", alice, agent="bob"), "forbidden")


def test_the_row_keeps_the_hour_and_the_newest_twenty(do, claims, operator, bob):
    do("setting_put", operator, name="wake_budget", value=240)
    do("setting_put", operator, name="wake_gap", value=0)
    for second in range(30):
        claims(second)
    assert len(Agent.objects.get(pk=bob.agent.id).wakes) == 30
    claims(4000)
    assert len(Agent.objects.get(pk=bob.agent.id).wakes) == 20
