"""Presence: who is heard is here, and the tables say so."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bus import door, presence
from bus.errors import InvalidInput
from bus.models import Agent, Event

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("seen", "connected", "expected"),
    [
        (None, None, "offline"),
        (-10, None, "present"),
        (-299, None, "present"),
        (-301, None, "stale"),
        (-1799, None, "stale"),
        (-1801, None, "offline"),
        (-9999, 5, "present"),
        (-9999, -5, "offline"),
    ],
)
def test_presence_of_an_agent_fades_with_time(alice, seen, connected, expected):
    def at(seconds):
        return None if seconds is None else alice.now + timedelta(seconds=seconds)

    assert presence.of(at(seen), at(connected), alice.now) == expected


def test_coming_back_is_recorded_once(alice):
    Agent.objects.filter(pk=alice.agent.id).update(presence="offline")
    for _ in range(2):
        door.run_work(lambda: presence.arrive(alice))
    assert Agent.objects.get(pk=alice.agent.id).presence == "present"
    assert Event.objects.filter(type="presence.changed", agent="alice").count() == 1


def test_a_flush_heals_what_an_earlier_write_missed(alice):
    Agent.objects.filter(pk=alice.agent.id).update(presence="offline")
    door.run_work(lambda: presence._write(alice.now, {alice.agent.id: alice}, set()))
    assert Agent.objects.get(pk=alice.agent.id).presence == "present"


def test_going_quiet_is_recorded_once_a_step_whoever_sweeps(alice, bob):
    later = replace(bob, now=alice.now + timedelta(seconds=600))
    Agent.objects.filter(pk=alice.agent.id).update(last_seen_at=alice.now, presence="present")
    Agent.objects.exclude(pk=alice.agent.id).update(presence="offline")
    for _ in range(3):
        door.run_work(lambda: presence.sweep(later))
    changes = Event.objects.filter(type="presence.changed", agent="alice")
    assert [event.payload["presence"] for event in changes] == ["stale"]


def test_an_agent_in_no_workspace_is_told_to_say_where_it_works(do, operator, behind):
    made = do("agent_create", operator, name="nomad", any_workspace=True)
    nomad = behind(made.key)
    with pytest.raises(InvalidInput, match="where you work"):
        do("handoff_list", nomad)
    assert do("whoami", nomad).agent == "nomad"
