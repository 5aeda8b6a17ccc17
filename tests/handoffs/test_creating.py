"""Handing over: who is told, what is kept, and what is refused."""

from datetime import timedelta

import pytest

from bus.errors import InvalidInput
from handoffs.models import Handoff

DAYS = timedelta(days=1)


def create(do, caller, to, **more):
    return do("handoff_create", caller, **({"title": "Review the parser", "to": to} | more))


def told(answer):
    return {each.agent: each.presence for each in answer.eligible}


def test_those_who_can_take_it_are_named_with_their_presence(do, alice, bob, dave, carol):
    made = create(do, alice, {"capability": "review"})
    assert told(made) == {"bob": "present", "dave": "present"}
    assert made.handoff.startswith("hnd_")
    assert made.warning is None
    assert told(create(do, alice, "carol")) == {"carol": "stale"}
    assert told(create(do, alice, "broadcast")) == {"bob": "present", "dave": "present"}


def test_the_offer_is_in_their_inboxes(do, alice, bob, dave, mail):
    made = create(do, alice, {"capability": "review"}, priority=7)
    (letter,) = do("inbox_pull", bob).messages
    assert (letter.kind, letter.from_, letter.subject) == ("handoff", "alice", "Review the parser")
    assert (letter.handoff, letter.priority, letter.to) == (made.handoff, 7, {"capability": "review"})
    assert letter.references == [{"kind": "handoff", "id": made.handoff}]
    assert "handoff_claim" in letter.body
    assert made.handoff in letter.body
    assert mail(dave) == ["Review the parser"]
    assert mail(alice) == []


def test_a_direct_offer_waits_for_who_is_away(do, alice, carol, enrol, mail):
    away = enrol("erin", quiet=None)
    made = create(do, alice, "erin")
    assert told(made) == {"erin": "offline"}
    assert "erin is offline" in made.warning
    assert mail(away) == ["Review the parser"]


def test_nobody_eligible_warns_and_creates(do, alice, bob):
    made = create(do, alice, {"capability": "fly"})
    assert made.eligible == []
    assert "Nobody" in made.warning
    assert Handoff.objects.get(public_id=made.handoff).state == "open"


def test_an_unknown_target_is_refused_with_suggestions(attempt, alice, bob, mallory, assert_refused):
    for name in ("bobby", "mallory"):
        error = assert_refused(attempt("handoff_create", alice, title="Job", to=name), "unknown_agent")
        assert error["details"]["sent"] == name
    assert assert_refused(attempt("handoff_create", alice, title="Job", to=["bobb"]), "unknown_agent")["details"][
        "suggestions"
    ] == ["bob"]
    order = {"title": "Job", "to": {"agent": "nobody", "fallback": "broadcast", "fallback_after": 5}}
    assert_refused(attempt("handoff_create", alice, **order), "unknown_agent")
    assert Handoff.objects.count() == 0


def test_names_and_selectors_may_be_mixed(do, alice, bob, carol, dave):
    made = create(do, alice, ["carol", {"capability": "verify"}])
    assert told(made) == {"carol": "stale", "dave": "present"}


def test_a_name_is_told_whatever_its_case(do, alice, bob):
    assert told(create(do, alice, "BOB")) == {"bob": "present"}
    assert do("handoff_claim", bob).claimed


def test_the_winner_takes_the_offer_out_of_other_inboxes(do, alice, bob, dave, carol, mail):
    made = create(do, alice, ["carol", {"capability": "review"}])
    do("handoff_claim", dave, handoff=made.handoff)
    assert (mail(bob), mail(carol), mail(dave)) == ([], [], ["Review the parser"])
    (gone,) = do("inbox_history", bob).messages
    assert gone.lane == "expired"
    status = do("message_status", alice, message=gone.message)
    assert {each.agent: (each.lane, each.reason) for each in status.recipients} == {
        "bob": ("expired", "taken"),
        "carol": ("expired", "taken"),
        "dave": ("unread", None),
    }


def test_reopening_offers_it_again_but_not_to_the_last_claimant(do, alice, bob, dave, mail):
    made = create(do, alice, {"capability": "review"})
    do("handoff_claim", bob, handoff=made.handoff)
    do("handoff_release", bob, handoff=made.handoff, epoch=1)
    assert (mail(alice), mail(bob), mail(dave)) == ([], [], ["Review the parser"])


def test_limits_come_from_the_settings(do, alice, bob, operator):
    for seconds in (29, 86_401):
        with pytest.raises(InvalidInput, match="takes 30 to 86400 seconds"):
            create(do, alice, "bob", lease_seconds=seconds)
    do("setting_put", operator, name="handoff_lease_min", value=1)
    do("setting_put", operator, name="handoff_attempts", value=2)
    create(do, alice, "bob", lease_seconds=1)
    kept = Handoff.objects.get()
    assert (kept.lease_seconds, kept.max_attempts) == (1, 2)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "x" * 201),
        ("body", "ä" * 32_769),
        ("payload", {"text": "x" * 65_536}),
        ("priority", 10),
        ("max_attempts", 0),
        ("acceptance_criteria", []),
        ("acceptance_criteria", ["x"] * 21),
        ("acceptance_criteria", ["x" * 1001]),
        ("paths", ["x"] * 21),
        ("paths", ["../secrets"]),
        ("paths", ["/etc"]),
        ("visibility", "secret"),
        ("verify_by", "carol"),
        ("due_at", "2020-01-01T00:00:00Z"),
        ("due_at", "2099-01-01T00:00:00"),
        ("to", {}),
        ("to", []),
        ("to", {"agent": "bob", "fallback": {"capability": "review"}, "fallback_after": 0}),
        ("to", [{"capability": ["x" * 64] * 50}, {"capability": ["y" * 64] * 50}]),
        ("unknown", 1),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(attempt, alice, bob, carol, field, value, assert_refused):
    order = {"title": "Job", "to": "bob"} | {field: value}
    error = assert_refused(attempt("handoff_create", alice, **order), "invalid_input")
    assert field in str(error)
    assert Handoff.objects.count() == 0


def test_a_directed_fallback_is_for_the_others_only_when_its_time_has_come(
    do, attempt, alice, bob, carol, later, assert_refused
):
    to = {"agent": "carol", "fallback": {"capability": "review"}, "fallback_after": 60}
    made = create(do, alice, to, visibility="public")
    assert told(made) == {"carol": "stale"}
    assert_refused(attempt("handoff_claim", bob, handoff=made.handoff), "forbidden")
    after = later(bob, 61)
    assert [each.handoff for each in do("handoff_list", after, available=True).handoffs] == [made.handoff]
    assert do("handoff_claim", after, handoff=made.handoff).claimed


def test_priority_and_payload_are_kept_as_sent(do, alice, bob, get):
    made = create(do, alice, "bob", payload=[1, {"b": None}], body="", priority=0)
    seen = get(alice, made.handoff)
    assert (seen.payload, seen.body, seen.priority, seen.to) == ([1, {"b": None}], None, 0, "bob")
