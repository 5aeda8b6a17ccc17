"""What needs the operator: each kind comes up when it begins to wait and goes when it is seen to."""

from datetime import timedelta

import pytest

from bus import clock, door, identity
from bus.models import Agent, Delivery, Event
from handoffs import endings
from handoffs.models import Handoff
from overview.queries.needs import needs, needs_count


@pytest.fixture
def waiting(workspace):
    """Return a function that tells what waits as kind, title and who."""

    def waiting(place=workspace.id):
        return [(need.kind, need.title, need.who.name) for need in needs(place, clock.now())]

    return waiting


@pytest.fixture
def give(do, operator):
    """Return a function by which the operator hands a job over; it returns the id."""

    def give(title="Review", **more):
        return do("handoff_create", operator, title=title, to={"capability": "review"}, **more).handoff

    return give


@pytest.fixture
def end_leases(later):
    """Return a function that ends a lease that is over."""

    def end_leases(handoff, seconds=400):
        caller, row = later(identity.system(), seconds), Handoff.objects.get(public_id=handoff)
        door.run_work(lambda: endings.end_lease(caller, row))

    return end_leases


def test_nothing_waits_where_nothing_happened(waiting, alice, bob):
    assert waiting() == []


def test_verdict_waits_from_the_result_to_the_verdict(do, give, waiting, operator, bob):
    job = give(acceptance_criteria=["It is good"])
    epoch = do("handoff_claim", bob, handoff=job).epoch
    assert waiting() == []
    do("handoff_complete", bob, handoff=job, epoch=epoch, result={"ok": True})
    assert ("verify", "Review", "bob") in waiting()
    do("handoff_verify", operator, handoff=job, epoch=epoch, verdict="pass")
    assert [each for each in waiting() if each[0] == "verify"] == []


def test_verdict_that_an_agent_gives_is_not_the_operators(do, waiting, alice, bob):
    job = do("handoff_create", alice, title="Review", to="bob", acceptance_criteria=["It is good"]).handoff
    epoch = do("handoff_claim", bob, handoff=job).epoch
    do("handoff_complete", bob, handoff=job, epoch=epoch, result={"ok": True})
    assert waiting() == []


def test_claim_of_a_holder_that_went_quiet_waits_until_it_is_released(do, give, waiting, operator, bob):
    job = give(lease_seconds=3600)
    epoch = do("handoff_claim", bob, handoff=job).epoch
    assert waiting() == []
    Agent.objects.filter(name="bob").update(last_seen_at=clock.now() - timedelta(minutes=10))
    assert waiting() == [("gone", "Review", "bob")]
    do("handoff_release", bob, handoff=job, epoch=epoch, reason="Away")
    assert [each for each in waiting() if each[0] == "gone"] == []


def test_work_whose_lease_ended_waits_until_somebody_takes_it(do, give, waiting, end_leases, bob):
    job = give(lease_seconds=300)
    do("handoff_claim", bob, handoff=job)
    end_leases(job)
    assert ("returned", "Review", "bob") in waiting()
    do("handoff_claim", bob, handoff=job)
    assert [each for each in waiting() if each[0] == "returned"] == []


def test_lease_that_ended_again_waits_since_the_last_end(do, give, end_leases, workspace, bob):
    job = give(lease_seconds=300)
    for _ in range(2):
        do("handoff_claim", bob, handoff=job)
        end_leases(job)
    last = Event.objects.filter(type="handoff.lease_ended").order_by("pk").last()
    (need,) = [each for each in needs(workspace.id, last.at) if each.kind == "returned"]
    assert need.since == last.at
    assert [each.kind for each in needs(workspace.id, last.at + timedelta(hours=1))].count("returned") == 0


def test_parked_mail_waits_until_it_is_queued_again(do, waiting, operator, alice, bob):
    message = do("message_create", alice, to="bob", subject="Look", body="Text").message
    Delivery.objects.filter(message__public_id=message).update(
        lane="parked", ended_at=clock.now(), reason="lease ended"
    )
    assert waiting() == [("parked", "Look", "bob")]
    do("inbox_requeue", operator, message=message, agent="bob")
    assert waiting() == []


def test_mail_to_the_operator_waits_until_it_is_read(do, waiting, operator, alice):
    message = do("message_create", alice, to="operator", subject="May I?", body="Text").message
    assert waiting() == [("mail", "May I?", "alice")]
    do("inbox_pull", operator)
    do("inbox_ack", operator, messages=[message])
    assert waiting() == []


def test_each_workspace_has_its_own_and_all_have_everything(do, waiting, settle, alice, mallory):
    do("message_create", alice, to="operator", subject="Here", body="Text")
    do("message_create", mallory, to="operator", subject="There", body="Text")
    assert [title for _, title, _ in waiting()] == ["Here"]
    assert sorted(title for _, title, _ in waiting(None)) == ["Here", "There"]


def test_count_is_that_of_the_list_and_stops_at_fifty(do, workspace, alice):
    for number in range(52):
        do("message_create", alice, to="operator", subject=f"No {number}", body="Text")
        if number == 2:
            assert needs_count(workspace.id, clock.now()) == 3
    assert needs_count(workspace.id, clock.now()) == len(needs(workspace.id, clock.now())) == 50


def fill(do, operator, number, agents):
    """Let some things of every kind wait."""
    for each in range(number):
        agent = agents[each]
        name = agent.agent.name
        for title, more in (("Judge", {"acceptance_criteria": ["Good"]}), ("Held", {})):
            job = do("handoff_create", operator, title=title, to=name, **more).handoff
            epoch = do("handoff_claim", agent, handoff=job).epoch
            if more:
                do("handoff_complete", agent, handoff=job, epoch=epoch, result={"ok": True})
        do("message_create", operator, to=name, subject="Parked", body="Text")
        do("message_create", agent, to="operator", subject="Mail", body="Text")
    Delivery.objects.filter(message__subject="Parked").update(lane="parked", ended_at=clock.now())
    Agent.objects.filter(kind="agent").update(last_seen_at=clock.now() - timedelta(minutes=10))


@pytest.mark.parametrize("number", [1, 20])
def test_needs_take_the_same_few_queries_however_much_waits(
    do, operator, enrol, give, end_leases, bob, workspace, number, django_assert_num_queries
):
    fill(do, operator, number, [enrol(f"agent{each}") for each in range(number)])
    for _ in range(number):
        job = give()
        do("handoff_claim", bob, handoff=job)
        end_leases(job)
    needs(workspace.id, clock.now())
    with django_assert_num_queries(6):
        found = needs(workspace.id, clock.now())
    assert {each.kind for each in found[:1]} == {"verify"}
    if number == 1:
        assert {each.kind for each in found} == {"verify", "gone", "parked", "returned", "mail"}
