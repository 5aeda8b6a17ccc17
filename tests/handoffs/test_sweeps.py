"""What time does: leases, due times and fallbacks, each once, whoever looks first."""

from datetime import timedelta

import pytest

from bus import deadlines, identity
from bus.models import Deadline, Event
from handoffs import endings, sweeps
from handoffs.models import Handoff


def test_a_sweep_ends_a_lease_and_offers_it_again(do, get, alice, bob, dave, give, sweep, types, mail):
    job = give(lease_seconds=30)
    do("handoff_claim", bob, handoff=job)
    assert sweep(sweeps.end_leases, 20) == 0
    assert sweep(sweeps.end_leases, 31) == 1
    seen = get(alice, job)
    assert (seen.state, seen.attempts, seen.epoch, seen.reason) == ("open", 1, 1, "lease ended")
    assert mail(dave) == ["Review the parser"]
    assert mail(bob) == []
    assert types(job) == ["created", "claimed", "lease_ended"]


def test_an_ending_is_written_once(do, alice, bob, give, sweep, later):
    for _ in range(3):
        do("handoff_claim", bob, handoff=give(lease_seconds=30))
    assert [sweep(sweeps.end_leases, 31) for _ in range(3)] == [3, 0, 0]
    assert Event.objects.filter(type="handoff.lease_ended").count() == 3


def test_a_stale_look_changes_nothing(do, bob, give, later, db):
    job = give(lease_seconds=30)
    do("handoff_claim", bob, handoff=job)
    before = Handoff.objects.get(public_id=job)
    do("handoff_renew", bob, handoff=job, epoch=1)
    assert not before.reopen(attempts=1, reason="lease ended")
    assert not before.exhaust(bob.now, "no result")
    assert not Handoff.objects.get(public_id=job).claim(bob.agent.id, bob.now, bob.now)
    after = Handoff.objects.get(public_id=job)
    assert (after.state, after.attempts, after.epoch) == ("claimed", 0, 1)


def test_due_time_expires_what_is_open_claimed_or_verified(do, get, alice, bob, give, sweep, types, mail):
    due = {"due_at": (alice.now + timedelta(seconds=60)).isoformat(), "acceptance_criteria": ["x"]}
    waiting, claimed, verified = (give(title=title, **due) for title in ("Waiting", "Claimed", "Verified"))
    for job in (claimed, verified):
        do("handoff_claim", bob, handoff=job)
    do("handoff_complete", bob, handoff=verified, epoch=1, result="y")
    assert sweep(sweeps.expire, 50) == 0
    assert sweep(sweeps.expire, 61) == 3
    assert {get(alice, job).state for job in (waiting, claimed, verified)} == {"expired"}
    assert [types(job)[-1] for job in (waiting, claimed, verified)] == ["expired"] * 3
    assert sorted(mail(alice)) == ["Expired: Claimed", "Expired: Verified", "Expired: Waiting"]
    assert sorted(mail(bob)) == ["Expired: Claimed", "Expired: Verified"]
    assert sweep(sweeps.expire, 61) == 0


def test_past_its_due_time_nothing_moves_even_before_a_sweep(
    do, get, attempt, alice, bob, dave, give, later, assert_refused
):
    due = (alice.now + timedelta(seconds=60)).isoformat()
    job, other = give(due_at=due), give(due_at=due)
    do("handoff_claim", bob, handoff=job)
    late = later(bob, 61)
    assert get(late, job).state == "expired"
    for call, more in (("handoff_complete", {"result": "x"}), ("handoff_renew", {}), ("handoff_release", {})):
        assert_refused(attempt(call, late, handoff=job, epoch=1, **more), "not_open")
    assert_refused(attempt("handoff_claim", later(dave, 61), handoff=other), "not_open")
    assert not do("handoff_claim", later(dave, 61)).claimed
    assert_refused(attempt("handoff_cancel", later(alice, 61), handoff=job), "not_open")


def test_a_fallback_comes_in_once_and_tells_the_others(do, alice, bob, dave, carol, give, sweep, types, mail, get):
    to = {"agent": "carol", "fallback": {"capability": "review"}, "fallback_after": 60}
    job = give(to=to)
    assert (mail(carol), mail(bob)) == (["Review the parser"], [])
    assert sweep(sweeps.fall_back, 50) == 0
    assert [sweep(sweeps.fall_back, 61) for _ in range(2)] == [1, 0]
    assert (mail(carol), mail(bob), mail(dave)) == (["Review the parser"],) * 3
    assert types(job) == ["created", "reassigned"]
    assert do("handoff_claim", bob, handoff=job).claimed
    assert mail(carol) == []


def test_a_fallback_waits_while_it_is_claimed_and_comes_in_when_it_reopens(
    do, bob, carol, give, sweep, mail, types, later
):
    job = give(to={"agent": "carol", "fallback": {"capability": "review"}, "fallback_after": 60})
    do("handoff_claim", carol, handoff=job)
    assert sweep(sweeps.fall_back, 61) == 0
    do("handoff_release", later(carol, 62), handoff=job, epoch=1)
    assert types(job) == ["created", "claimed", "released", "reassigned"]
    assert (mail(bob), mail(carol)) == (["Review the parser"], [])


def test_the_target_may_still_claim_after_the_fallback(do, carol, bob, give, sweep):
    job = give(to={"agent": "carol", "fallback": "broadcast", "fallback_after": 60})
    sweep(sweeps.fall_back, 61)
    assert do("handoff_claim", carol, handoff=job).claimed


def test_deadlines_say_when_to_look(do, alice, bob, give):
    due = alice.now + timedelta(seconds=600)
    job = give(to={"agent": "bob", "fallback": "broadcast", "fallback_after": 60}, due_at=due.isoformat())
    won = do("handoff_claim", bob, handoff=job)
    assert dict(Deadline.objects.filter(kind__startswith="handoff").values_list("kind", "at")) == {
        endings.DUE: due,
        endings.FALLBACKS: Handoff.objects.get().fallback_at,
        endings.LEASES: won.lease_until,
    }
    assert (sweeps.next_due(), sweeps.next_lease_end(), sweeps.next_fallback()) == (due, won.lease_until, None)


def test_every_kind_of_sweep_is_registered(db):
    kinds = deadlines.sweeps()
    for kind in (endings.LEASES, endings.DUE, endings.FALLBACKS):
        assert kinds[kind].work(identity.system()) == 0
        assert kinds[kind].following() is None


def test_sweeps_work_in_the_workspace_of_the_handoff(do, mallory, settle, enrol, bob, sweep):
    there = enrol("trent", settle("third"), capabilities=["review"])
    job = do("handoff_create", there, title="Elsewhere", to="trent", lease_seconds=30).handoff
    do("handoff_claim", there, handoff=job)
    assert sweep(sweeps.end_leases, 31) == 1
    event = Event.objects.get(handoff=job, type="handoff.lease_ended")
    assert event.workspace_id == there.workspace.id
    assert event.origin == "system"
    assert do("inbox_peek", bob).messages == []


@pytest.mark.parametrize("count", [1, 5])
def test_a_sweep_takes_as_much_as_its_chunk(do, bob, give, sweep, monkeypatch, count):
    monkeypatch.setattr(sweeps, "CHUNK", 2)
    for _ in range(count):
        do("handoff_claim", bob, handoff=give(lease_seconds=30))
    assert sweep(sweeps.end_leases, 31) == min(count, 2)
