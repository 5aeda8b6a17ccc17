"""The alarm asks for a sweep when it is due, and sweeps by itself where the cluster does not come to it."""

import asyncio
import os
from datetime import timedelta

import pytest
from django.conf import settings
from django_q.models import OrmQ

from bus import alarm, clock, deadlines, heartbeat, leases
from bus.models import Deadline, Delivery, Event
from bus.readers import readers

HOUR = 3600


def lanes():
    return [*Delivery.objects.order_by("pk").values_list("lane", flat=True)]


def types(noun):
    return [*Event.objects.filter(type__startswith=noun).order_by("pk").values_list("type", flat=True)]


@pytest.fixture
def bell(db):
    """An alarm, and an empty queue."""
    OrmQ.objects.all().delete()
    return alarm.Alarm()


@pytest.fixture
def beat():
    """Return a function that shows a cluster which works now."""
    file = settings.NEXUS_HOME / heartbeat.NAME

    def beat():
        file.touch()
        os.utime(file, (clock.now().timestamp(),) * 2)

    yield beat
    file.unlink(missing_ok=True)


def asked():
    return [(each.func(), *each.args()) for each in OrmQ.objects.order_by("pk")]


def test_the_alarm_rings_once_for_each_instant(bell, beat, at, pulled):
    start = clock.now()
    pulled()
    assert bell.ring() > start + timedelta(seconds=50)
    assert asked() == []
    at(61)
    beat()
    assert bell.ring() <= clock.now() + timedelta(seconds=1)
    bell.ring()
    assert asked() == [("bus.tasks.sweep", leases.LEASES)]
    deadlines.note(leases.LEASES, clock.now() - timedelta(seconds=5), clock.now())
    bell.ring()
    assert len(asked()) == 2
    assert lanes() == ["delivered"]


def test_without_a_cluster_that_beats_the_alarm_sweeps_by_itself(bell, beat, at, pulled):
    pulled(3)
    beat()
    at(61)
    bell.ring()
    assert asked() == []
    assert lanes() == ["unread"] * 3
    assert types("delivery.returned") == ["delivery.returned"] * 3
    assert bell.ring() is None or bell.ring() > clock.now()


def test_what_the_cluster_does_not_come_to_in_time_the_alarm_does(bell, beat, at, pulled):
    pulled()
    at(61)
    beat()
    bell.ring()
    assert lanes() == ["delivered"]
    at(80)
    beat()
    bell.ring()
    assert lanes() == ["unread"]
    assert asked() == [("bus.tasks.sweep", leases.LEASES)]


def test_a_sweep_that_fails_holds_up_no_other(bell, at, pulled, monkeypatch, caplog):
    def fail(caller):
        raise OSError("no")

    pulled()
    monkeypatch.setitem(deadlines.sweeps(), "broken", deadlines.Sweep("broken", fail, lambda: None))
    Deadline.objects.create(kind="broken", at=clock.now() - timedelta(days=1))
    at(61)
    bell.ring()
    assert lanes() == ["unread"]
    assert "the sweep of broken failed" in caplog.text


def test_the_alarm_rings_for_nothing_it_does_not_know(bell):
    Deadline.objects.create(kind="of another release", at=clock.now())
    assert bell.ring() is None
    assert asked() == []


async def test_the_alarm_looks_on_a_reader_thread_and_at_most_once_a_second(committed, beat, monkeypatch):
    beat()
    monkeypatch.setattr(alarm, "AT_MOST_EVERY", 60)  # this machine may need more than a second
    bell = alarm.Alarm()
    await readers.run(lambda: OrmQ.objects.all().delete())
    await readers.run(lambda: Deadline.objects.create(kind=leases.LEASES, at=clock.now()))
    bell.tick()
    first = bell._looking
    await asyncio.wait_for(first, 30)
    bell.tick()
    assert bell._looking is first
    assert await readers.run(asked) == [("bus.tasks.sweep", leases.LEASES)]
    await readers.run(lambda: OrmQ.objects.all().delete())


def test_the_alarm_is_installed_once():
    before = [*alarm.tail.ticks]
    try:
        alarm.install()
        alarm.install()
        assert len(alarm.tail.ticks) == len(before) + 1
    finally:
        alarm.tail.ticks[:] = before
