"""`verify` is calm about what is sound, and sees what was changed by hand."""

import json
from importlib import import_module

import pytest
from django.core.management import call_command
from django.db import connection

from bus import checkpoints, door, identity, verifier
from bus.models import Delivery, Event, Message
from bus.verifier import verify

TRIGGERS = import_module("bus.migrations.0002_residents_and_triggers").TRIGGERS


@pytest.fixture
def lively(do, alice, bob, carol):
    """A workspace with mail in every lane; returns the read message."""
    first = do("message_create", alice, to="bob", subject="Read", body="").message
    do("inbox_pull", bob)
    do("inbox_ack", bob, messages=[first])
    do("message_create", alice, to=["bob", "carol"], subject="Leased for one", body="")
    do("inbox_pull", bob)
    do("message_create", bob, to="alice", subject="Unread", body="")
    return first


@pytest.fixture
def tamper(db):
    """Return a function that runs SQL as somebody with the file in hand would, past the triggers."""

    def tamper(sql, *params):
        with connection.cursor() as cursor:
            for name in TRIGGERS:
                cursor.execute(f"DROP TRIGGER {name}")
            cursor.execute("PRAGMA ignore_check_constraints = ON")
            cursor.execute(sql, params)
            cursor.execute("PRAGMA ignore_check_constraints = OFF")
            for create in TRIGGERS.values():
                cursor.execute(create)

    return tamper


def event(type_, **about):
    return Event.objects.filter(type=type_, **about).latest("pk")


def the_problem():
    report = verify()
    (problem,) = report.problems
    return problem


def make_checkpoint(caller, seq=None):
    workspace = caller.workspace.id
    found = checkpoints.make(caller, workspace, checkpoints.head(workspace) if seq is None else seq)
    checkpoints.write(found)
    return found


def test_a_lively_workspace_is_clean(lively):
    report = verify()
    assert report.is_clean, report.problems
    assert report.events == Event.objects.count() > 10


def test_a_clean_run_says_so_and_a_json_run_gives_counts(lively, capsys):
    call_command("verify")
    assert "All is well" in capsys.readouterr().out
    call_command("verify", "--json")
    answer = json.loads(capsys.readouterr().out)
    assert answer["clean"] is True
    assert answer["events"] == Event.objects.count()


def test_problems_end_the_command_with_code_1(lively, tamper, capsys):
    tamper("UPDATE bus_event SET surface = 'rest' WHERE id = %s", event("delivery.read").pk)
    with pytest.raises(SystemExit) as ended:
        call_command("verify")
    assert ended.value.code == 1
    assert "1 problem:" in capsys.readouterr().out


@pytest.mark.parametrize("bit", [0, 1, 5, 7])
def test_a_flipped_bit_in_a_payload_is_seen(lively, tamper, bit):
    leased = event("delivery.leased")
    raw = bytearray(Event.objects.extra(select={"raw": "CAST(payload AS BLOB)"}).get(pk=leased.pk).raw)
    raw[raw.index(b"20") + 3] ^= 1 << bit
    tamper("UPDATE bus_event SET payload = CAST(%s AS TEXT) WHERE id = %s", bytes(raw), leased.pk)
    problems = [problem for problem in verify().problems if f"event {leased.seq}" in problem.where]
    assert problems[0].means == "It was changed after it was written."


@pytest.mark.parametrize(
    "change",
    [
        "type = 'delivery.parked'",
        "at = '2020-01-01 00:00:00'",
        "at = 'yesterday'",
        "origin = 'operator'",
        "person = 'eve'",
        "agent = 'eve'",
        "hash = x'00'",
        "payload = '[]'",
        "actor_id = (SELECT id FROM bus_agent WHERE name = 'carol')",
    ],
)
def test_a_changed_fact_of_an_event_is_seen(lively, tamper, change):
    read = event("delivery.read")
    tamper(f"UPDATE bus_event SET {change} WHERE id = %s", read.pk)
    assert any(f"event {read.seq}" in problem.where for problem in verify().problems)


def test_a_deleted_event_is_seen(lively, tamper):
    read = event("delivery.read")
    tamper("DELETE FROM bus_event WHERE id = %s", read.pk)
    missing = [problem for problem in verify().problems if "missing" in problem.what]
    assert [problem.what for problem in missing] == [f"Event {read.seq} is missing."]


def test_a_deleted_end_of_the_log_is_seen_by_its_checkpoint(lively, alice, tamper):
    made = make_checkpoint(alice)
    tamper("DELETE FROM bus_event WHERE workspace_id = %s AND seq = %s", made.workspace_id, made.seq)
    assert "A checkpoint has no event." in {problem.what for problem in verify().problems}


def test_a_deleted_beginning_is_seen_though_somebody_claims_that_it_was_retention(lively, alice, tamper):
    made = make_checkpoint(alice, seq=5)
    tamper("UPDATE bus_checkpoint SET floor = 1")
    Event.objects.filter(workspace=made.workspace_id, seq__lte=5).delete()
    assert the_problem().what == "No event announces the floor."


@pytest.mark.parametrize(
    "change",
    [
        "lane = 'expired'",
        "lane = 'unread', ended_at = NULL",
        "lane = 'parked'",
    ],
)
def test_an_edited_lane_is_seen(lively, tamper, change):
    tamper(f"UPDATE bus_delivery SET {change} WHERE lane = 'read'")
    problems = verify().problems
    assert problems
    assert all(lively in problem.what for problem in problems)


def test_an_edited_attempt_is_seen(lively, tamper):
    tamper("UPDATE bus_delivery SET attempt = 0 WHERE lane = 'delivered'")
    assert 'the log says {"bob": ["delivered", 1]' in the_problem().what


def test_a_message_that_vanished_is_seen(lively):
    Delivery.objects.filter(message__public_id=lively).delete()
    Message.objects.filter(public_id=lively).delete()
    assert "the tables say nothing" in the_problem().what


def test_a_message_that_was_slipped_in_is_seen(lively, alice, bob):
    source = Message.objects.get(public_id=lively)
    Message.objects.filter(pk=source.pk).update(public_id="msg_copied")
    copied = Message.objects.get(pk=source.pk)
    copied.pk, copied.public_id = None, lively
    copied.save()
    Delivery.objects.filter(message_id=source.pk).update(message=copied)
    Delivery.objects.create(message_id=source.pk, recipient_id=bob.agent.id, workspace_id=bob.workspace.id, priority=5)
    assert "msg_copied" in the_problem().what


def test_a_member_without_an_event_is_seen(lively, alice, tamper):
    tamper(
        "INSERT INTO bus_membership (agent_id, workspace_id, joined_at) "
        "SELECT id, %s, '2026-01-01' FROM bus_agent WHERE name = 'operator'",
        alice.workspace.id,
    )
    assert "operator" in the_problem().what


def test_a_missing_trigger_is_seen(lively):
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER bus_event_no_update")
    assert the_problem().what == "The trigger bus_event_no_update is missing."


def test_checkpoints_on_the_way_are_reproduced(lively, alice):
    make_checkpoint(alice, seq=4)
    make_checkpoint(alice)
    report = verify()
    assert report.is_clean, report.problems
    assert report.checkpoints == 2


@pytest.mark.parametrize("change", ["state = '{}'", "state_hash = x'00'", "hash = x'00'"])
def test_a_changed_checkpoint_is_seen(lively, alice, tamper, change):
    make_checkpoint(alice)
    tamper(f"UPDATE bus_checkpoint SET {change}")
    assert the_problem().what == "The checkpoint does not match the log."


def test_of_many_problems_the_first_hundred_are_told(lively, tamper, monkeypatch):
    monkeypatch.setattr(verifier, "SHOWN", 2)
    tamper("UPDATE bus_event SET person = 'eve'")
    report = verify()
    assert len(report.problems) == 2
    assert report.more == report.events - 2


def test_writers_go_on_while_it_reads(committed, do, alice, bob):
    seen = []

    def interrupt():
        if not seen:
            seen.append(do("message_create", alice, to="bob", subject="Meanwhile", body="").message)
        return verifier.fold.parts()

    before = Event.objects.count()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verifier.checkpoints, "floor", lambda workspace: interrupt() and None)
        report = verify()
    assert report.is_clean, report.problems
    assert seen
    assert report.events == before
    assert verify().events == before + 1


def test_the_log_of_every_workspace_is_checked(lively, mallory, operator, tamper):
    tamper("UPDATE bus_event SET person = 'eve' WHERE agent = 'mallory' AND type = 'workspace.joined'")
    assert the_problem().where.startswith("elsewhere")


def test_checkpoints_are_due_every_so_many_events(lively, alice, monkeypatch):
    monkeypatch.setattr(checkpoints, "EVERY", 4)
    workspace = alice.workspace.id
    while found := [each for each in checkpoints.due() if each[0] == workspace]:
        door.run_work(lambda seq=found[0][1]: checkpoints.write(checkpoints.make(identity.system(), workspace, seq)))
    written = sorted(alice_checkpoints(workspace))
    assert written == list(range(4, checkpoints.head(workspace) + 1, 4))
    report = verify()
    assert report.is_clean, report.problems


def alice_checkpoints(workspace):
    return checkpoints.Checkpoint.objects.filter(workspace=workspace).values_list("seq", flat=True)
