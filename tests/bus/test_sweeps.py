"""Sweeps end what is over, each thing once, whoever comes first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django_q.models import Schedule

from bus import checkpoints, clock, deadlines, door, idempotency, identity, knobs, leases, sweeps, tasks
from bus.directory import directory
from bus.errors import Unauthorized
from bus.models import Checkpoint, Deadline, Delivery, Event, Key, Setting, StoredAnswer
from bus.verifier import verify

HOUR = 3600


def lanes():
    return [*Delivery.objects.order_by("pk").values_list("lane", flat=True)]


def types(noun):
    return [*Event.objects.filter(type__startswith=noun).order_by("pk").values_list("type", flat=True)]


def test_a_lease_that_is_over_comes_back_once(db, pulled, at):
    (message,) = pulled()
    assert sweeps.run(leases.LEASES) == 0
    at(61)
    assert sweeps.run(leases.LEASES) == 1
    assert sweeps.run(leases.LEASES) == 0
    assert lanes() == ["unread"]
    returned = Event.objects.get(type="delivery.returned")
    assert (returned.message, returned.agent, returned.actor.name) == (message, "bob", "system")
    assert verify().is_clean


def test_the_last_attempt_parks(db, do, operator, pulled, at, bob):
    do("setting_put", operator, name="inbox_attempts", value=2)
    pulled()
    at(61)
    assert sweeps.run(leases.LEASES) == 1
    assert lanes() == ["unread"]
    do("inbox_pull", bob, lease_seconds=60)
    at(122)
    assert sweeps.run(leases.LEASES) == 1
    assert lanes() == ["parked"]
    parked = Event.objects.get(type="delivery.parked")
    assert parked.payload == {"reason": "no ack after 2 attempts", "attempt": 2}
    assert verify().is_clean


def test_a_pull_and_a_sweep_end_a_lease_once(db, do, pulled, at, bob):
    pulled()
    at(61)
    assert len(do("inbox_pull", bob).messages) == 1
    assert sweeps.run(leases.LEASES) == 0
    assert types("delivery.returned") == ["delivery.returned"]


def test_the_leases_of_others_are_left_to_the_sweep(db, do, pulled, at, alice, enrol):
    pulled()
    at(61)
    do("inbox_pull", enrol("dave"))
    assert lanes() == ["delivered"]


def test_looking_for_leases_costs_one_statement_when_none_is_over(db, pulled, bob, django_assert_num_queries):
    pulled()
    with django_assert_num_queries(1):
        assert leases.end_over(bob, agent_id=bob.agent.id) == 0
    with django_assert_num_queries(1):
        assert leases.end_over(bob) == 0


def test_many_leases_end_in_short_steps(db, pulled, at):
    pulled(12)
    at(61)
    assert door.sweep(identity.system(), lambda caller: leases.end_over(caller, limit=5)) == 5
    assert sweeps.run(leases.LEASES) == 7


@pytest.mark.parametrize("count", [100, pytest.param(1000, marks=pytest.mark.slow)])
def test_eight_sweepers_end_each_lease_once(committed, pulled, at, count):
    pulled(count)
    at(HOUR)

    def sweeper(_):
        total, changed = 0, 1
        while changed:
            with transaction.atomic():
                changed = door.sweep(identity.system(), lambda caller: leases.end_over(caller, limit=7))
            total += changed
        connections.close_all()
        return total

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(sweeper, range(8))) == count
    assert len(types("delivery.returned")) == count
    assert verify().is_clean


def test_unread_mail_expires_at_its_time_and_leased_mail_does_not(db, do, at, alice, bob):
    until = clock.now() + timedelta(seconds=HOUR)
    for subject in ("Leased", "Unread"):
        do("message_create", alice, to="bob", subject=subject, body="", expires_at=until)
        if subject == "Leased":
            do("inbox_pull", bob, lease_seconds=2 * 1800)
    assert sweeps.run(leases.EXPIRY) == 0
    at(HOUR + 1)
    assert sweeps.run(leases.EXPIRY) == 1
    assert lanes() == ["delivered", "expired"]
    expired = Delivery.objects.get(lane="expired")
    assert (expired.reason, expired.ended_at) == ("expired", Event.objects.get(type="delivery.expired").at)
    assert verify().is_clean


def test_a_key_that_is_over_is_revoked_and_its_session_closed(db, do, operator, alice, keys, at):
    minted = do("key_mint", operator, agent="alice", expires_at=clock.now() + timedelta(seconds=HOUR))
    caller = identity.from_key(directory.key(minted.key), "test")
    do("session_open", caller, project_root=alice.workspace.path)
    assert sweeps.run(sweeps.KEYS) == 0
    at(HOUR + 1)
    with pytest.raises(Unauthorized):
        identity.from_key(caller.key, "test")
    assert sweeps.run(sweeps.KEYS) == 1
    assert sweeps.run(sweeps.KEYS) == 0
    assert Key.objects.get(prefix=minted.prefix).revoked_at == clock.now()
    assert types("key.revoked") == ["key.revoked"]
    assert len(types("session.closed")) == 1
    assert directory.key(keys["alice"]) is not None


def test_quiet_agents_become_stale_then_offline(db, alice, at):
    at(301)
    assert sweeps.run(sweeps.PRESENCE) == 1
    at(1801)
    assert sweeps.run(sweeps.PRESENCE) == 1
    changes = Event.objects.filter(type="presence.changed", agent="alice").order_by("pk")
    assert [each.payload["presence"] for each in changes][-2:] == ["stale", "offline"]


def test_a_sweep_moves_its_deadline_to_what_is_next(db, do, pulled, at, alice, bob):
    pulled()
    assert Deadline.objects.get(kind=leases.LEASES).at == Delivery.objects.get().lease_until
    at(30)
    do("message_create", alice, to="bob", subject="Second", body="")
    do("inbox_pull", bob, lease_seconds=60)
    at(61)
    sweeps.run(leases.LEASES)
    assert Deadline.objects.get(kind=leases.LEASES).at == Delivery.objects.get(lane="delivered").lease_until
    at(200)
    sweeps.run(leases.LEASES)
    assert not Deadline.objects.filter(kind=leases.LEASES).exists()


def test_a_deadline_to_come_stays_as_others_count_on_it(db, do, pulled, bob):
    messages = pulled()
    noted = Deadline.objects.get(kind=leases.LEASES).at
    do("inbox_ack", bob, messages=messages)
    sweeps.run(leases.LEASES)
    assert Deadline.objects.get(kind=leases.LEASES).at == noted


def test_tidying_writes_checkpoints_and_forgets_old_answers(db, do, alice, bob, at, monkeypatch):
    monkeypatch.setattr(checkpoints, "EVERY", 3)
    for number in range(4):
        do("message_create", alice, to="bob", subject="Note", body="", idempotency_key=f"key {number}")
    workspace = alice.workspace.id
    sweeps.tidy()
    seqs = [*Checkpoint.objects.filter(workspace=workspace).order_by("seq").values_list("seq", flat=True)]
    assert seqs == list(range(3, checkpoints.head(workspace) + 1, 3))
    assert StoredAnswer.objects.count() == 4
    at(25 * HOUR)
    assert sweeps.tidy() == 4
    assert StoredAnswer.objects.count() == 0
    assert verify().is_clean


def test_old_answers_are_forgotten_in_steps(db, do, alice, bob):
    for number in range(3):
        do("message_create", alice, to="bob", subject="Note", body="", idempotency_key=f"key {number}")
    later = clock.now() + timedelta(days=2)
    assert [idempotency.forget(later, 2) for _ in range(3)] == [2, 1, 0]


def test_the_safety_net_does_all_kinds(db, pulled, at):
    pulled(2)
    at(61)
    done = tasks.sweep_all()
    assert done[leases.LEASES] == 2
    assert set(deadlines.sweeps()) < set(done)


@pytest.mark.parametrize("task", [lambda: tasks.sweep(leases.LEASES), tasks.sweep_all])
def test_a_worker_goes_by_settings_that_another_process_has_changed(db, pulled, at, task):
    pulled()
    assert knobs.get("inbox_attempts") == 5
    Setting.objects.create(name="inbox_attempts", value=1, changed_at=clock.now())
    at(61)
    task()
    assert lanes() == ["parked"]


def test_a_task_does_one_kind(db, pulled, at):
    pulled()
    at(61)
    assert tasks.sweep(leases.LEASES) == 1


def test_schedules_are_made_once_and_changes_stay(db):
    Schedule.objects.all().delete()
    tasks.arrange()
    Schedule.objects.filter(name="Retention").update(schedule_type=Schedule.WEEKLY)
    tasks.arrange()
    assert dict(Schedule.objects.values_list("func", "schedule_type")) == {
        "bus.tasks.sweep_all": Schedule.MINUTES,
        "bus.tasks.backup": Schedule.MINUTES,
        "bus.tasks.retention": Schedule.WEEKLY,
    }
