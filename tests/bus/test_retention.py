"""Retention deletes what is old and over, never what somebody still has to read, and leaves a log that verifies."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection

from bus import checkpoints, clock, cursors, door, ids, retention, tasks
from bus.errors import Forbidden, Gone
from bus.models import Checkpoint, Delivery, Event, Message, Session
from bus.verifier import verify


@pytest.fixture
def send(do, alice, bob):
    """Return a function that sends bob a message and, in words, says what became of it."""

    def send(outcome="unread"):
        message = do("message_create", alice, to="bob", subject="Note", body="").message
        if outcome != "unread":
            do("inbox_pull", bob)
        if outcome == "read":
            do("inbox_ack", bob, messages=[message])
        return message

    return send


@pytest.fixture
def run(operator):
    """Return a function that runs retention to its end as it would some days from now, and adds up its answers."""

    def run(days=31, **order):
        total, steps, more = {}, 0, True
        caller = replace(operator, now=clock.now() + timedelta(days=days))
        while more:
            done = door.run("retention_run", caller, order)
            more, steps = done.more, steps + 1
            for kind, count in done.pruned.items():
                total[kind] = total.get(kind, 0) + count
        return total | {"steps": steps}

    return run


@pytest.fixture
def short_tail(monkeypatch):
    """Let all but the newest two events go."""
    monkeypatch.setattr(retention, "NEWEST_KEPT", 2)


def assert_clean():
    report = verify()
    assert report.is_clean, report.problems


def test_read_mail_goes_after_its_days_and_not_before(send, run):
    message = send("read")
    assert "messages" not in run(days=29)
    assert Message.objects.filter(public_id=message).exists()
    assert run(days=31)["messages"] == 1
    assert not Message.objects.filter(public_id=message).exists()
    assert_clean()


def test_mail_of_one_moment_goes_whole(send, run, monkeypatch):
    """Ids of the same millisecond are in no order."""
    moment = clock.now()
    with monkeypatch.context() as still:
        still.setattr(ids, "new", lambda prefix, now, plain=ids.new: plain(prefix, moment))
        for _ in range(8):
            send("read")
    assert run(days=31)["messages"] == 8
    assert_clean()


def test_mail_that_was_not_read_never_goes(do, send, run, bob, operator, later):
    do("setting_put", operator, name="inbox_attempts", value=1)
    parked = send("leased")
    do("inbox_pull", later(bob, 4000))
    leased, unread = send("leased"), send("unread")
    assert "messages" not in run(days=4000)
    assert {*Message.objects.values_list("public_id", flat=True)} == {parked, leased, unread}
    assert Delivery.objects.get(message__public_id=parked).lane == "parked"
    assert_clean()


def test_one_unread_copy_keeps_the_message(do, alice, bob, carol, run):
    message = do("message_create", alice, to=["bob", "carol"], subject="Both", body="").message
    do("inbox_pull", bob)
    do("inbox_ack", bob, messages=[message])
    assert "messages" not in run(days=400)
    assert Delivery.objects.filter(message__public_id=message).count() == 2


def test_mail_of_this_month_stays_among_the_old(send, run, alice, do, later):
    old = send("read")
    recent = do("message_create", later(alice, 20 * 86_400), to="bob", subject="Later", body="").message
    assert run(days=31)["messages"] == 1
    assert [*Message.objects.values_list("public_id", flat=True)] == [recent]
    assert old != recent


def test_zero_days_keep_everything(do, send, run, operator, short_tail):
    for kind in ("events", "mail", "handoffs"):
        do("setting_put", operator, name=f"keep_{kind}_days", value=0)
    send("read")
    before = Event.objects.count()
    assert run(days=3000) == {"steps": 1}
    assert Event.objects.count() == before


def test_a_reply_survives_the_message_it_answers(do, send, run, bob):
    first = send("read")
    reply = do("message_create", bob, reply_to=first, subject="Re: Note", body="").message
    run(days=31)
    assert Message.objects.get(public_id=reply).reply_to is None


def test_old_events_go_and_the_floor_says_where_the_log_begins(send, run, alice, short_tail):
    send("read")
    workspace = alice.workspace.id
    before = checkpoints.head(workspace)
    run(days=31)
    floor = checkpoints.floor(workspace)
    seqs = [*Event.objects.filter(workspace=workspace).order_by("seq").values_list("seq", flat=True)]
    assert floor.seq == before - 2
    assert seqs == list(range(floor.seq + 1, checkpoints.head(workspace) + 1))
    pruned = Event.objects.filter(workspace=workspace, type="log.pruned", payload__seq=floor.seq).get()
    assert pruned.payload["hash"] == bytes(floor.hash).hex()
    assert_clean()


def test_the_newest_events_stay_however_old(send, run, alice):
    send("read")
    run(days=3000)
    assert Event.objects.filter(workspace=alice.workspace.id, seq=1).exists()


def test_an_event_about_live_mail_may_go_as_the_floor_holds_its_state(do, send, run, bob, short_tail):
    send("read")
    message = send("unread")
    do("message_create", bob, to="alice", subject="After", body="")
    do("message_create", bob, to="alice", subject="After that", body="")
    run(days=31)
    assert not Event.objects.filter(message=message, type="message.created").exists()
    assert_clean()
    assert [each.message for each in do("inbox_pull", bob).messages] == [message]
    assert_clean()


def test_the_floor_rises_with_each_run(send, run, alice, short_tail):
    workspace = alice.workspace.id
    floors = []
    for month in (1, 2, 3):
        send("read")
        send("unread")
        run(days=31 * month)
        floors.append(checkpoints.floor(workspace).seq)
        assert_clean()
    assert floors == sorted(set(floors))
    assert [*Checkpoint.objects.filter(workspace=workspace).values_list("seq", flat=True)] == floors[-1:]


def test_a_cursor_below_the_floor_is_gone_and_one_at_it_is_not(do, send, run, alice, short_tail):
    start = do("event_cursor", alice).cursor
    send("read")
    run(days=31)
    with pytest.raises(Gone):
        do("event_list", alice, after=start)
    floor = cursors.encode("event", checkpoints.floor(alice.workspace.id).event_id)
    send("read")
    assert do("event_list", alice, after=floor).events


def test_a_long_log_goes_in_short_steps(send, run, alice, monkeypatch, short_tail):
    for name, most in (("EVENT_CHUNK", 5), ("FOLD_CHUNK", 7)):
        monkeypatch.setattr(retention, name, most)
    for _ in range(8):
        send("read")
    done = run(days=31)
    assert done["steps"] > 5
    assert done["messages"] == 8
    assert_clean()


def test_an_interrupted_run_is_harmless_and_ends_next_time(send, run, alice, operator, monkeypatch, short_tail):
    monkeypatch.setattr(retention, "EVENT_CHUNK", 3)
    for _ in range(3):
        send("read")
    caller = replace(operator, now=clock.now() + timedelta(days=31))
    for _ in range(3):
        assert door.run("retention_run", caller, {}).more
        assert_clean()
    run(days=31)
    assert_clean()
    floor = checkpoints.floor(alice.workspace.id)
    assert not Event.objects.filter(workspace=alice.workspace.id, seq__lte=floor.seq).exists()


def test_a_dry_run_counts_what_a_run_deletes_and_deletes_nothing(send, run, short_tail):
    send("read")
    send("unread")
    before = Event.objects.count(), Message.objects.count()
    counted = run(days=31, dry_run=True)
    assert (Event.objects.count(), Message.objects.count()) == before
    assert counted["messages"] == 1
    done = run(days=31)
    assert {kind: done[kind] for kind in ("messages", "events")} == {
        kind: counted[kind] for kind in ("messages", "events")
    }


def test_answers_to_repeats_go_after_a_day(do, alice, bob, run):
    do("message_create", alice, to="bob", subject="Once", body="", idempotency_key="k")
    assert "answers" not in run(days=0)
    assert run(days=2)["answers"] == 1


def test_sessions_that_are_over_go(do, alice, run, tmp_path):
    do("session_open", alice, project_root=alice.workspace.path)
    session = Session.objects.get()
    assert "sessions" not in run(days=29)
    assert run(days=31)["sessions"] == 1
    assert not Session.objects.filter(pk=session.pk).exists()


def test_every_workspace_is_pruned_into_its_own_log(do, send, run, enrol, alice, mallory):
    trent = enrol("trent", mallory.workspace)
    message = do("message_create", mallory, to="trent", subject="There", body="").message
    do("inbox_pull", trent)
    do("inbox_ack", trent, messages=[message])
    send("read")
    run(days=31)
    pruned = Event.objects.filter(type="log.pruned", payload__has_key="messages")
    assert {*pruned.values_list("workspace_id", flat=True)} == {trent.workspace.id, alice.workspace.id}
    assert_clean()


def test_agents_may_not_run_it(do, alice):
    with pytest.raises(Forbidden):
        do("retention_run", alice)


def test_nobody_deletes_events_above_the_floor(send, alice):
    send("read")
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute("DELETE FROM bus_event WHERE workspace_id = %s", [alice.workspace.id])


def test_the_command_and_the_task_run_it_to_its_end(send, operator, monkeypatch, capsys, short_tail):
    monkeypatch.setattr(retention, "CHUNK", 1)
    young = clock.now()
    for _ in range(3):
        send("read")
    call_command("prune")
    assert "Deleted nothing" in capsys.readouterr().out
    assert tasks.retention() == {}
    monkeypatch.setattr(clock, "now", lambda: young + timedelta(days=31))
    call_command("prune", "--dry-run")
    assert "Would delete 3 messages" in capsys.readouterr().out
    assert tasks.retention()["messages"] == 3
    assert_clean()
