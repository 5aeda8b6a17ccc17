"""The log adds up to the tables, retention keeps what is open, and the database refuses what cannot be."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from bus import checkpoints, fold, retention
from bus.models import Audience
from bus.verifier import verify
from handoffs import sweeps
from handoffs.fold import actual
from handoffs.models import Handoff, PathClaim
from handoffs.retention import count, prune

ENDS = {
    "claimed": ("handoff_renew", {"epoch": 1}),
    "released": ("handoff_release", {"epoch": 1}),
    "completed": ("handoff_complete", {"epoch": 1, "result": "y"}),
    "failed": ("handoff_complete", {"epoch": 1, "error": "z"}),
    "cancelled": ("handoff_cancel", {}),
}


@pytest.fixture
def lively(do, alice, bob, dave, carol, operator, give, sweep, later):
    """Handoffs in every state, some with a past; returns those that failed and came to life again."""
    jobs = {name: give(title=name, paths=[f"{name}/**"]) for name in ("open", *ENDS)}
    jobs["verifying"] = give(title="verifying", acceptance_criteria=["x"])
    for name in (*ENDS, "verifying"):
        do("handoff_claim", bob, handoff=jobs[name])
    for name, (call, more) in ENDS.items():
        do(call, alice if call == "handoff_cancel" else bob, handoff=jobs[name], **more)
    do("handoff_complete", bob, handoff=jobs["verifying"], epoch=1, result="y")
    do("handoff_reject", carol, handoff=give(to="carol"))
    do("handoff_reassign", alice, handoff=give(), to="carol")
    lapsed = [give(lease_seconds=30, max_attempts=1, acceptance_criteria=["x"]) for _ in range(3)]
    for job in lapsed:
        do("handoff_claim", dave, handoff=job)
    give(due_at=(alice.now + timedelta(seconds=20)).isoformat())
    give(to={"agent": "carol", "fallback": "broadcast", "fallback_after": 20})
    assert [sweep(work, 31) for work in (sweeps.end_leases, sweeps.expire, sweeps.fall_back)] == [3, 1, 1]
    for job in lapsed[:2]:
        do("handoff_complete", later(dave, 32), handoff=job, epoch=1, result="late")
    do("handoff_verify", alice, handoff=lapsed[0], epoch=1, verdict="fail")
    return lapsed


def folded(workspace):
    state = fold.empty()
    for entry in checkpoints.entries(workspace, 0, checkpoints.head(workspace)):
        fold.fold(state, entry)
    return state


def test_the_log_adds_up_to_the_tables(lively, workspace):
    state = folded(workspace.id)["handoffs"]
    assert state == actual(workspace.id)
    assert {each["state"] for each in state.values()} == {"open", "claimed", "verifying"}
    assert state[lively[0]] == {"state": "claimed", "epoch": 1, "claimant": "dave", "attempts": 1}
    assert state[lively[1]]["state"] == "verifying"
    assert lively[2] not in state
    assert len(state) == 8


def test_verify_finds_nothing_to_say(lively):
    report = verify()
    assert report.is_clean, report.problems


def test_verify_sees_a_state_that_was_changed_by_hand(lively):
    Handoff.objects.filter(title="open").update(epoch=7)
    Handoff.objects.filter(title="failed").update(state="completed", error=None)
    said = [each.what for each in verify().problems]
    assert len(said) == 2
    assert all("handoffs" in each for each in said)


def test_retention_deletes_what_was_closed_long_ago_and_nothing_open(do, lively, operator, later):
    closed = set(Handoff.objects.exclude(closed_at=None).values_list("public_id", flat=True))
    open_ones = set(Handoff.objects.filter(closed_at=None).values_list("public_id", flat=True))
    after = later(operator, 91 * 86_400)
    assert retention.count(after)["handoffs"] == len(closed)
    pruned = do("retention_run", after)
    assert pruned.pruned["handoffs"] == len(closed)
    assert set(Handoff.objects.values_list("public_id", flat=True)) == open_ones
    assert set(Audience.objects.values_list("subject", flat=True)) == open_ones
    assert PathClaim.objects.exclude(handoff__public_id__in=open_ones).count() == 0
    assert verify().is_clean


def test_retention_takes_one_workspace_at_a_time(lively, operator, settle, later):
    after = later(operator, 1)
    elsewhere = replace(after, workspace=settle("third"))
    assert (count(elsewhere, after.now), prune(elsewhere, after.now)) == (0, [])
    assert count(after, after.now) == len(prune(after, after.now)) > 0


@pytest.mark.parametrize(
    "values",
    [
        {"state": "lost"},
        {"state": "claimed"},
        {"state": "completed"},
        {"lease_until": "2026-01-01T00:00:00Z"},
        {"closed_at": "2026-01-01T00:00:00Z"},
        {"epoch": -1},
        {"attempts": -1},
        {"priority": 10},
        {"max_attempts": 0},
        {"lease_seconds": 0},
        {"error": "x"},
        {"visibility": "secret"},
        {"fallback": "[null]"},
        {"fallback_at": "2026-01-01T00:00:00Z"},
    ],
)
def test_the_database_refuses_what_cannot_be(give, values):
    give()
    with pytest.raises(IntegrityError), transaction.atomic():
        Handoff.objects.update(**values)


def test_only_who_holds_it_has_a_lease(give, bob):
    give()
    until = bob.now + timedelta(seconds=30)
    held = {"state": "claimed", "claimant_id": bob.agent.id, "lease_until": until}
    for broken in (held, held | {"last_claimant_id": bob.agent.id}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Handoff.objects.update(**broken)
    assert Handoff.objects.update(**held, last_claimant_id=bob.agent.id, epoch=1) == 1


def test_a_public_id_is_unique(give):
    give()
    copy = Handoff.objects.get()
    copy.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save(force_insert=True)
