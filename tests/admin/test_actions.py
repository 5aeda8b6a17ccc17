"""Actions of the admin go through operations, as the person who is logged in, and are in the log with their name."""

import re

import pytest
from django.contrib.sessions.models import Session as Login
from django.urls import reverse

from bus import directory
from bus.models import Agent, Delivery, Event, Key, Message, Session, Setting, StoredAnswer
from handoffs.models import Handoff
from tests.admin.conftest import ADDRESS

KEY = re.compile(r"nxs_[a-z0-9]+_[0-9a-f]{64}")


@pytest.fixture
def act(browser):
    """Return a function that runs an action on rows, confirmed, and returns what it was told."""

    def act(model, action, rows, *, sure=True, **filled):
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        sent = {"action": action, "_selected_action": [row.pk for row in rows], **filled}
        return told(browser, browser.post(url, {**sent, "sure": "yes"} if sure else sent))

    return act


def told(browser, response):
    """Return the status of an answer and what the page that it leads to says."""
    page = browser.get(response.url) if response.status_code == 302 else response
    return response.status_code, [str(each) for each in page.context["messages"]]


def parked(do, later, sender, reader):
    """Return a delivery that nobody acknowledged often enough."""
    sent = do("message_create", sender, to=reader.agent.name, subject="Please look", body="at this")
    for attempt in range(6):
        do("inbox_pull", later(reader, attempt * 4000))
    return Delivery.objects.get(message__public_id=sent.message)


def offered(do, alice, **more):
    """Return a handoff that anybody may claim."""
    made = do("handoff_create", alice, title="Fix the tides", to="broadcast", **more)
    return Handoff.objects.get(public_id=made.handoff)


def newest(type_):
    return Event.objects.filter(type=type_).order_by("-pk").first()


def by_dana(event):
    """Say whether the log names the person, the surface and the address of an event."""
    return (event.person, event.surface, event.address, event.origin) == ("dana", "admin", ADDRESS, "operator")


def test_parked_mail_is_delivered_again(act, do, later, alice, bob):
    delivery = parked(do, later, alice, bob)
    assert delivery.lane == "parked"
    assert act(Delivery, "requeue", [delivery], sure=False) == (302, ["Delivered 1 message again."])
    delivery.refresh_from_db()
    assert delivery.lane == "unread"
    event = newest("delivery.requeued")
    assert by_dana(event)
    assert event.actor.user.get_username() == "dana"
    assert event.message == delivery.message.public_id


def test_the_waking_of_agents_is_paused_and_resumed_and_shown_with_its_history(act, do, browser, alice, bob):
    do("message_create", alice, to="bob", subject="Now", body="")
    do("wake_claim", bob, waiter="claude-code")
    rows = list(Agent.objects.filter(kind="agent"))
    assert act(Agent, "pause_waking", rows, sure=False) == (302, ["Paused the waking of 2 agents."])
    assert by_dana(newest("agent.paused"))
    page = browser.get(reverse("admin:bus_agent_change", args=[bob.agent.id])).content.decode()
    assert "as alice wrote" in page
    assert "by claude-code" in page
    assert "nx-paused" in page
    assert act(Agent, "resume_waking", rows[:1], sure=False) == (302, ["1 agent may be woken again."])
    assert Agent.objects.filter(kind="agent").exclude(paused_at=None).count() == 1


def test_what_cannot_be_done_is_told_with_its_reason_and_leaves_the_rest_alone(act, do, later, alice, bob):
    stuck = parked(do, later, alice, bob)
    do("message_create", alice, to="bob", subject="Fresh", body="new")
    fresh = Delivery.objects.exclude(pk=stuck.pk).get(recipient=bob.agent.id)
    status, words = act(Delivery, "requeue", [stuck, fresh], sure=False)
    assert status == 302
    assert words[0] == "Delivered 1 message again."
    assert words[1].startswith("1 refused (")
    assert "No delivery of such a message is parked." in words[1]
    assert "not_found" not in words[1]
    fresh.refresh_from_db()
    assert fresh.lane == "unread"


def test_a_key_is_revoked_only_after_it_was_confirmed(act, browser, alice):
    key = Key.objects.get(agent__name="alice")
    url = reverse("admin:bus_key_changelist")
    asked = browser.post(url, {"action": "revoke", "_selected_action": [key.pk]})
    assert asked.status_code == 200
    assert "This cannot be undone." in asked.content.decode()
    assert str(key) in asked.content.decode()
    key.refresh_from_db()
    assert key.revoked_at is None
    assert act(Key, "revoke", [key]) == (302, ["Revoked 1 key."])
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert by_dana(newest("key.revoked"))
    words = act(Key, "revoke", [key])[1]
    assert words == [
        "1 refused (" + str(key) + "): That key was revoked already. Read the thing again and decide anew."
    ]


def test_an_agent_is_archived(act, alice, bob):
    rows = list(Agent.objects.filter(name__in=["alice", "bob"]))
    assert act(Agent, "archive", rows) == (302, ["Archived 2 agents."])
    assert not Agent.objects.filter(name__in=["alice", "bob"], archived_at=None).exists()
    assert by_dana(newest("agent.archived"))


def test_a_session_is_ended(act, do, alice):
    do("session_open", alice)
    session = Session.objects.get(agent__name="alice")
    assert act(Session, "end", [session]) == (302, ["Ended 1 session."])
    session.refresh_from_db()
    assert session.closed_at is not None
    assert by_dana(newest("session.closed"))


def test_a_handoff_is_taken_from_its_claimant_given_to_another_and_cancelled(act, do, alice, bob):
    handoff = offered(do, alice)
    do("handoff_claim", bob, handoff=handoff.public_id)
    assert act(Handoff, "end_claim", [handoff], reason="gone home") == (302, ["Ended the claim on 1 handoff."])
    assert by_dana(newest("handoff.released"))
    assert act(Handoff, "reassign", [handoff], to="bob") == (302, ["Reassigned 1 handoff."])
    assert by_dana(newest("handoff.reassigned"))
    assert Handoff.objects.get().target_id == bob.agent.id
    assert act(Handoff, "cancel", [handoff], reason="not wanted") == (302, ["Cancelled 1 handoff."])
    assert by_dana(newest("handoff.cancelled"))
    assert (Handoff.objects.get().state, Handoff.objects.get().reason) == ("cancelled", "not wanted")
    status, words = act(Handoff, "cancel", [handoff])
    assert status == 302
    assert words[0].startswith("1 refused (Fix the tides)")


def test_a_reassignment_to_nobody_asks_again_and_changes_nothing(act, do, alice):
    handoff = offered(do, alice)
    assert act(Handoff, "reassign", [handoff], to="")[0] == 200
    status, words = act(Handoff, "reassign", [handoff], to="nobody-here")
    assert status == 302
    assert words[0].startswith("1 refused")
    assert not Event.objects.filter(type="handoff.reassigned").exists()


@pytest.mark.parametrize(("action", "state"), [("accept", "completed"), ("send_back", "claimed")])
def test_a_result_is_judged(act, do, alice, bob, action, state):
    handoff = offered(do, alice, acceptance_criteria=["It floats"])
    claim = do("handoff_claim", bob, handoff=handoff.public_id)
    do("handoff_complete", bob, handoff=handoff.public_id, epoch=claim.epoch, result="done")
    handoff.refresh_from_db()
    assert act(Handoff, action, [handoff], feedback="Seen.")[0] == 302
    handoff.refresh_from_db()
    assert handoff.state == state


def test_the_text_of_a_new_key_is_on_one_page_and_nowhere_else(browser, alice, caplog):
    url = reverse("admin:bus_key_mint")
    form = {"agent": "alice", "label": "laptop", "scope": "read", "once": "one-and-only"}
    answer = browser.post(url, form)
    (text,) = set(KEY.findall(answer.content.decode()))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert text not in str(answer.cookies)
    assert directory.directory.key(text) is not None
    assert by_dana(newest("key.minted"))
    again = browser.post(url, form)
    assert not KEY.findall(again.content.decode())
    assert "cannot be shown again" in again.content.decode()
    assert Key.objects.filter(agent__name="alice", label="laptop").count() == 1
    kept = [*map(str, StoredAnswer.objects.values_list()), *map(str, Event.objects.values_list())]
    kept += [str(each.get_decoded()) for each in Login.objects.all()]
    assert not [each for each in [*kept, caplog.text] if text in each or text.rsplit("_")[-1] in each]
    for page in ("bus_key_changelist", "bus_event_changelist", "bus_storedanswer_changelist", "index"):
        assert text not in browser.get(reverse(f"admin:{page}")).content.decode()


def test_a_key_says_what_it_may_and_when_it_ends(browser, alice, workspace):
    form = {"agent": "alice", "scope": "agent", "once": "x", "workspaces": [workspace.public_id]}
    assert browser.post(reverse("admin:bus_key_mint"), {**form, "expires_at": "2099-05-01T12:30"}).status_code == 200
    key = Key.objects.get(agent__name="alice", expires_at__isnull=False)
    assert key.expires_at.isoformat() == "2099-05-01T12:30:00+00:00"
    assert [each.public_id for each in key.workspaces.all()] == [workspace.public_id]


def test_a_refused_form_says_why_and_changes_nothing(browser, alice):
    form = {"agent": "alice", "scope": "agent", "once": "x", "expires_at": "2001-01-01T00:00"}
    answer = browser.post(reverse("admin:bus_key_mint"), form)
    assert "has passed already" in answer.content.decode()
    assert Key.objects.filter(agent__name="alice").count() == 1
    nobody = browser.post(reverse("admin:bus_key_mint"), {**form, "agent": "nobody"})
    assert "Nothing was changed." in nobody.content.decode()


def test_an_agent_is_enrolled_and_its_key_shown(browser, workspace):
    form = {"name": "erin", "workspace": workspace.public_id, "capabilities": "review, python", "scope": "agent"}
    answer = browser.post(reverse("admin:bus_agent_create"), {**form, "once": "x"})
    (text,) = set(KEY.findall(answer.content.decode()))
    key = directory.directory.key(text)
    assert key is not None
    erin = Agent.objects.get(name="erin")
    assert erin.home.public_id == workspace.public_id
    assert sorted(erin.capabilities.values_list("name", flat=True)) == ["python", "review"]
    assert by_dana(newest("agent.created"))
    taken = browser.post(reverse("admin:bus_agent_create"), {**form, "once": "y"})
    assert "An agent has that name already" in taken.content.decode()


def test_a_setting_is_changed_within_its_range(browser):
    url = reverse("admin:bus_setting_change_one")
    assert "0 to 23" in browser.get(f"{url}?name=backup_hour").content.decode()
    refused = browser.post(url, {"name": "backup_hour", "value": 24, "once": "a"})
    assert "takes 0 to 23" in refused.content.decode()
    assert not Setting.objects.exists()
    assert told(browser, browser.post(url, {"name": "backup_hour", "value": 4, "once": "b"})) == (
        302,
        ["backup_hour is 4 now; it was 3."],
    )
    assert by_dana(newest("setting.changed"))
    listed = browser.get(reverse("admin:bus_setting_all")).content.decode()
    assert "When the daily backup is made." in listed
    assert "<strong>4</strong>" in listed


def test_retention_counts_first_and_deletes_when_told(browser, do, alice, bob):
    sent = do("message_create", alice, to="bob", subject="Old", body="news")
    do("inbox_pull", bob)
    do("inbox_ack", bob, messages=[sent.message])
    Message.objects.update(public_id="msg_000", sent_at="2020-01-01T00:00:00Z")
    Delivery.objects.update(ended_at="2020-01-02T00:00:00Z")
    url = reverse("admin:bus_setting_retention")
    status, words = told(browser, browser.post(url, {"dry_run": "on", "once": "a"}))
    assert (status, Message.objects.count()) == (302, 1)
    assert words[0].startswith("Would delete 1 messages")
    words = told(browser, browser.post(url, {"once": "b"}))[1]
    assert Message.objects.count() == 0
    assert "1 messages" in words[-1]
    assert by_dana(newest("log.pruned"))


def test_a_backup_is_made(committed, browser):
    status, words = told(browser, browser.post(reverse("admin:bus_setting_backup"), {"once": "a"}))
    assert status == 302
    assert words[0].startswith("Made ")
    assert by_dana(newest("backup.made"))


def test_the_admin_sends_nothing_without_a_csrf_token(root, alice):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(root)
    form = {"agent": "alice", "scope": "agent", "once": "x"}
    assert client.post(reverse("admin:bus_key_mint"), form).status_code == 403
    assert Key.objects.filter(agent__name="alice").count() == 1


def test_somebody_who_is_no_staff_sees_and_does_nothing(client, django_user_model, alice):
    client.force_login(django_user_model.objects.create_user("guest"))
    for name in ("index", "bus_event_changelist", "bus_key_mint", "bus_setting_all", "bus_setting_backup"):
        assert client.post(reverse(f"admin:{name}"), {"once": "x"}).status_code == 302
    assert not Event.objects.filter(surface="admin").exists()


def test_staff_see_the_tables_they_may_see_and_act_on_no_other(client, django_user_model, alice):
    client.force_login(django_user_model.objects.create_user("helper", is_staff=True))
    key = Key.objects.get(agent__name="alice")
    chosen = {"action": "revoke", "_selected_action": [key.pk], "sure": "yes"}
    assert client.post(reverse("admin:bus_key_changelist"), chosen).status_code == 403
    for name in ("bus_key_mint", "bus_agent_create", "bus_setting_change_one", "bus_setting_backup"):
        assert client.post(reverse(f"admin:{name}"), {"once": "x"}).status_code == 403
    assert client.get(reverse("admin:index")).context["totals"] == []
    key.refresh_from_db()
    assert key.revoked_at is None
