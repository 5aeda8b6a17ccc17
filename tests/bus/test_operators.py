"""Operators: the people behind logins; and the rows that every installation has."""

import pytest
from django.contrib.auth.models import User

from bus import identity, people
from bus.models import Agent, Event, Membership, Workspace


@pytest.mark.parametrize(
    ("username", "name"),
    [
        ("grace", "grace"),
        ("Operator", "Operator-operator"),
        ("g@example.org", "g-example.org-operator"),
        ("ALICE", "ALICE-operator"),
    ],
)
def test_user_acts_as_an_operator_of_its_own(alice, username, name):
    user = User.objects.create_user(username)
    assert people.operator_for(user) == name
    assert people.operator_for(user) == name
    agent = Agent.objects.get(user=user)
    assert (agent.name, agent.kind) == (name, "operator")
    assert list(Event.objects.filter(type="agent.created").order_by("id").values_list("agent", flat=True)) == [
        "alice",
        name,
    ]
    assert identity.operator("rest", name=name, person=username).is_operator


def test_users_with_like_names_are_different_operators(store):
    users = [User.objects.create_user(username) for username in ("g@x", "g/x", "g x")]
    assert [people.operator_for(user) for user in users] == ["g-x-operator", "g-x-operator-2", "g-x-operator-3"]


def test_installation_has_its_workspace_and_residents(store):
    assert list(Workspace.objects.values_list("public_id", flat=True)) == ["wsp_installation"]
    assert list(Agent.objects.order_by("name").values_list("name", "kind")) == [
        ("operator", "operator"),
        ("system", "system"),
    ]
    assert not Membership.objects.exists()
