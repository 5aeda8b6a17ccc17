"""What the log adds up to: the same state as the tables, whatever happened."""

import random

import pytest

from bus import checkpoints, fold
from bus.errors import Refusal


def entry(seq, type_, agent="", message="msg_1", **payload):
    return fold.Entry(seq, type_, message, "", agent, payload)


def folded(*entries, state=None):
    state = fold.empty() if state is None else state
    for each in entries:
        fold.fold(state, each)
    return state


def mail(*entries):
    return folded(*entries)["mail"]


CREATED = entry(1, "message.created", to=["bob", "carol"], kind="direct", priority=5)
LEASED = entry(2, "delivery.leased", "bob", attempt=1)


def test_a_new_message_is_unread_for_everybody():
    assert mail(CREATED) == {"msg_1": {"bob": ["unread", 0], "carol": ["unread", 0]}}


@pytest.mark.parametrize(
    ("type_", "payload", "delivery"),
    [
        ("delivery.returned", {"reason": "released"}, ["unread", 1]),
        ("delivery.parked", {"reason": "no ack", "attempt": 1}, ["parked", 1]),
        ("delivery.leased", {"attempt": 1, "extended": True}, ["delivered", 1]),
        ("delivery.requeued", {}, ["unread", 0]),
    ],
)
def test_each_event_of_a_delivery_moves_it_to_its_lane(type_, payload, delivery):
    assert mail(CREATED, LEASED, entry(3, type_, "bob", **payload))["msg_1"]["bob"] == delivery


@pytest.mark.parametrize("type_", ["delivery.read", "delivery.expired"])
def test_what_is_over_leaves_the_state(type_):
    over = [entry(3, type_, "bob"), entry(4, type_, "carol")]
    assert mail(CREATED, LEASED, over[0]) == {"msg_1": {"carol": ["unread", 0]}}
    assert mail(CREATED, LEASED, *over) == {}


def test_members_are_listed_once_and_in_order():
    joined = [
        entry(seq, "workspace.joined", name, message="") for seq, name in enumerate(["carol", "alice", "carol"], 1)
    ]
    assert folded(*joined)["members"] == ["alice", "carol"]


def test_events_that_change_no_part_change_nothing():
    assert folded(entry(1, "presence.changed", "bob", presence="stale")) == fold.empty()


def test_a_state_survives_being_stored():
    events = [CREATED, LEASED, entry(3, "delivery.read", "carol"), entry(4, "workspace.joined", "bob", message="")]
    for cut in range(len(events)):
        before = fold.text(folded(*events[:cut]))
        resumed = folded(*events[cut:], state=fold.load(before))
        assert fold.text(resumed) == fold.text(folded(*events))


def test_an_empty_part_leaves_no_trace_in_the_text():
    assert fold.text(fold.empty()) == "{}"
    assert fold.text({"mail": {}, "members": ["bob"]}) == '{"members":["bob"]}'


def log_says(workspace):
    return folded(*checkpoints.entries(workspace, 0, checkpoints.head(workspace)))


def tables_say(workspace):
    return {part.name: part.actual(workspace) for part in fold.parts()}


@pytest.mark.parametrize("seed", range(5))
def test_the_log_adds_up_to_the_tables_whatever_happens(seed, do, attempt, later, alice, bob, operator, enrol):
    do("setting_put", operator, name="inbox_attempts", value=2)
    dice = random.Random(seed)
    cast, sent, now = [alice, bob, enrol("dave")], [], 0.0
    for _ in range(60):
        caller = later(dice.choice(cast), now)
        act = dice.choice(["send", "send", "pull", "pull", "ack", "release", "extend", "requeue", "wait"])
        picked = dice.sample(sent, min(len(sent), 2))
        if act == "send":
            to = dice.choice(["broadcast", *(each.agent.name for each in cast if each.agent.id != caller.agent.id)])
            answer = attempt("message_create", caller, to=to, subject="Note", body="", include_stale=True)
            sent += [] if isinstance(answer, Refusal) else [answer.message]
        elif act == "pull":
            do("inbox_pull", caller, limit=3, lease_seconds=30)
        elif act == "requeue":
            attempt("inbox_requeue", later(operator, now), message=picked[0] if picked else "msg_none")
        elif act == "wait":
            now += 40
        else:
            attempt(f"inbox_{act}", caller, messages=picked or ["msg_none"])
    workspace = alice.workspace.id
    assert len(sent) > 5
    assert log_says(workspace) == tables_say(workspace)
