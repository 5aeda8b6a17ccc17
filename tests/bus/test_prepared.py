"""Prepared statements give what the ORM gives."""

from datetime import timedelta

import pytest

from bus import audience
from bus.models import Agent, Membership
from bus.prepared import counted, prepared

pytestmark = pytest.mark.django_db


def test_rows_equal_those_of_the_orm(alice, bob, carol):
    members = prepared(
        lambda workspace, since: (
            Membership.objects.filter(workspace_id=workspace, joined_at__gt=since)
            .order_by("-agent__name")
            .values_list("agent__name", "agent__last_seen_at", "agent__workspaces__public_id")
        ),
        int,
        type(alice.now),
    )
    since = alice.now - timedelta(days=1)
    expected = Membership.objects.filter(workspace_id=alice.workspace.id, joined_at__gt=since).order_by("-agent__name")
    assert members.rows(alice.workspace.id, since) == list(
        expected.values_list("agent__name", "agent__last_seen_at", "agent__workspaces__public_id")
    )
    assert members.rows(alice.workspace.id, alice.now + timedelta(days=1)) == []


def test_equal_arguments_keep_their_own_places(alice):
    both = prepared(
        lambda low, high: Agent.objects.filter(pk__gte=low, pk__lte=high).order_by("pk").values_list("pk"), int, int
    )
    assert both.rows(alice.agent.id, alice.agent.id) == [(alice.agent.id,)]


def test_an_update_changes_guarded_rows_only(alice, bob):
    rename = prepared(lambda role, name: (Agent.objects.filter(name=name, role=""), {"role": role}), str, str)
    Agent.objects.update(role="")
    assert rename.run("builder", "alice") == 1
    assert rename.run("painter", "alice") == 0
    assert Agent.objects.get(name="alice").role == "builder"


def test_counting_stops_at_the_cap(do, alice, bob):
    for _ in range(4):
        do("message_create", alice, to="bob", subject="s", body="b")
    some = prepared(
        lambda agent: counted(Agent.objects.get(pk=bob.agent.id).deliveries.filter(recipient=agent), 3), int
    )
    assert some.value(bob.agent.id) == 3
    assert audience.unread(bob.agent.id, bob.workspace.id) == 4


def test_times_come_back_aware(alice):
    stamp = prepared(lambda agent: Agent.objects.filter(pk=agent).values_list("last_seen_at"), int)
    value = stamp.value(alice.agent.id)
    assert value == Agent.objects.get(pk=alice.agent.id).last_seen_at
    assert value.utcoffset() == timedelta(0)
