"""The seeded workspace is lively and true, and seeding twice is harmless."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from bus import clock, door, identity
from bus.directory import directory
from bus.management import stage, story, threads
from bus.models import Agent, Delivery, Event, Message
from bus.verifier import verify


@pytest.fixture
def seed(committed, tmp_path, capsys):
    """Return a function that seeds a workspace in a folder and returns what the command printed as JSON."""
    (tmp_path / "quay").mkdir()

    def seed():
        call_command("seed", "--workspace", str(tmp_path / "quay"), "--json")
        return json.loads(capsys.readouterr().out)

    return seed


def counts():
    return Event.objects.count(), Message.objects.count(), Agent.objects.count(), Delivery.objects.count()


def test_a_seeded_workspace_shows_every_kind_of_thing(seed):
    said = seed()
    assert said["seeded"] is True
    assert (said["agents"], said["messages"] > 25, said["handoffs"] > 10) == (7, True, True)
    assert {*Delivery.objects.values_list("lane", flat=True)} == {*Delivery.Lane.values}
    assert {*Agent.objects.filter(kind="agent").values_list("presence", flat=True)} == {"present", "stale", "offline"}
    assert {*Message.objects.values_list("kind", flat=True)} == {"direct", "broadcast", "handoff", "topic"}
    assert Message.objects.filter(sender__kind="operator").exists()
    operator = identity.operator("test", workspace=said["workspace"])
    listed = door.run("handoff_list", operator, {"limit": 200}).handoffs
    states = {each.state for each in listed}
    assert states == {"open", "claimed", "verifying", "completed", "failed", "cancelled", "rejected", "expired"}


def test_its_log_is_true_and_in_the_order_of_time(seed):
    said = seed()
    report = verify()
    assert report.is_clean, report.problems
    events = Event.objects.filter(workspace__public_id=said["workspace"]).order_by("seq")
    instants = [*events.values_list("at", flat=True)]
    assert instants == sorted(instants)


def test_seeding_twice_changes_nothing(seed):
    first, before = seed(), counts()
    again = seed()
    assert again == first | {"seeded": False}
    assert counts() == before


def test_seeding_goes_on_where_it_was_interrupted(seed, monkeypatch):
    def interrupted(play):
        story._plan(play)
        threads.at_first(play)
        story._build(play)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("bus.management.commands.seed.play", interrupted)
        with pytest.raises(KeyboardInterrupt):
            seed()
    seed()
    subjects = [*Message.objects.filter(kind="broadcast").order_by("pk").values_list("subject", flat=True)]
    assert subjects == ["Plan for the booking release", story.LAST_SUBJECT]
    assert Event.objects.filter(type="handoff.created").count() > 10
    assert verify().is_clean


def test_a_name_that_works_elsewhere_is_refused(seed, settle):
    operator, home = identity.operator("test"), settle("elsewhere")
    door.run("agent_create", operator, {"name": stage.CAST[0]["name"], "workspace": home.public_id})
    with pytest.raises(SystemExit):
        seed()
    assert directory.agent_named(stage.CAST[1]["name"]) is None


def test_a_year_later_pruning_leaves_what_is_live(seed):
    said = seed()
    operator = identity.operator("test", workspace=said["workspace"])
    operator = replace(operator, now=clock.now() + timedelta(days=365))
    live = {*Delivery.objects.filter(lane__in=["unread", "delivered", "parked"]).values_list("message", flat=True)}
    while door.run("retention_run", operator, {}).more:
        pass
    listed = door.run("handoff_list", operator, {"limit": 200}).handoffs
    assert {each.title for each in listed} > {
        "Write the upgrade notes for release 4",
        "Load test: 300 bookings a second",
    }
    assert len(listed) < said["handoffs"]
    assert {*Message.objects.exclude(kind="topic").values_list("pk", flat=True)} == live
    report = verify()
    assert report.is_clean, report.problems


def test_without_a_folder_it_has_one_of_its_own(committed, settings, tmp_path, capsys):
    settings.NEXUS_HOME = tmp_path
    call_command("seed")
    assert "Seeded harbor" in capsys.readouterr().out
    call_command("seed")
    assert "nothing was changed" in capsys.readouterr().out


def test_a_folder_that_is_not_there_is_refused(committed, tmp_path):
    with pytest.raises(CommandError, match="not on this machine"):
        call_command("seed", "--workspace", str(tmp_path / "nowhere"))
