"""The writer lane: groups, savepoints, bounds, and what a caller is told."""

import asyncio
import threading

import pytest
from django.db import IntegrityError, connections

from bus import door, writer
from bus.errors import Busy, InvalidInput
from bus.models import Event, Message, Workspace

ORDER = {"to": "ben", "subject": "Hello", "body": "There"}


class Blocked:
    """Holds a lane at an operation until it is told to go on."""

    def __init__(self, lane):
        self.go, reached = threading.Event(), threading.Event()
        lane.post(lambda: reached.set() or self.go.wait(10))
        assert reached.wait(10)


def test_one_refused_operation_in_a_full_batch_harms_no_neighbour(pair, play):
    ann, _ = pair
    orders = [dict(ORDER, subject=f"Note {number}") for number in range(60)]
    orders[30] = dict(ORDER, to="nobody")

    async def scenario():
        calls = (door.call("message_create", ann, each) for each in orders)
        answers = await asyncio.gather(*calls, return_exceptions=True)
        refused = [answer for answer in answers if isinstance(answer, Exception)]
        assert [answer.code for answer in refused] == ["unknown_agent"]

    play(scenario)
    assert Message.objects.count() == Event.objects.filter(type="message.created").count() == 59


def test_queued_operations_share_one_commit(lane):
    commits = []
    lane.after_commit.append(lambda: commits.append(1))
    blocked = Blocked(lane)
    for _ in range(40):
        lane.post(lambda: None)
    blocked.go.set()
    lane.close()
    assert len(commits) == 2


def test_a_key_may_have_64_writes_waiting_and_others_still_get_in(lane, play):
    async def scenario():
        blocked = Blocked(lane)
        waiting = [lane.submit("noisy", lambda: 1) for _ in range(writer.SHARE)]
        with pytest.raises(Busy) as refused:
            lane.submit("noisy", lambda: 1)
        assert refused.value.retry_after
        waiting.append(lane.submit("quiet", lambda: 1))
        blocked.go.set()
        assert await asyncio.gather(*waiting) == [1] * (writer.SHARE + 1)

    play(scenario)


def test_a_full_queue_is_busy_and_drains(lane, play):
    async def scenario():
        blocked = Blocked(lane)
        waiting = [lane.submit(number % 100, lambda: 1) for number in range(writer.CAPACITY - 1)]
        with pytest.raises(Busy):
            lane.submit("late", lambda: 1)
        blocked.go.set()
        assert sum(await asyncio.gather(*waiting)) == writer.CAPACITY - 1
        assert await lane.submit("late", lambda: 2) == 2

    play(scenario)


def test_closing_finishes_what_is_queued_and_refuses_new_work(lane):
    done = []
    lane.post(lambda: done.append(1))
    lane.close()
    assert done == [1]
    with pytest.raises(Busy):
        lane.run(lambda: None)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dead_thread_is_started_again(lane):
    def end_thread():
        raise SystemExit

    lane.after_commit.append(end_thread)
    assert lane.run(lambda: 1) == 1
    lane.after_commit.clear()
    lane._thread.join(10)
    assert lane.run(lambda: 2) == 2


def test_what_the_database_refuses_at_commit_harms_no_neighbour(pair, lane, play):
    _, ben = pair

    async def scenario():
        blocked = Blocked(lane)
        lost = lane.submit(1, lambda: Message.objects.create(**row(ben, workspace_id=987_654)))
        kept = lane.submit(2, lambda: Message.objects.create(**row(ben)))
        blocked.go.set()
        outcomes = await asyncio.gather(lost, kept, return_exceptions=True)
        assert isinstance(outcomes[0], IntegrityError)
        assert isinstance(outcomes[1], Message)

    play(scenario)
    assert Message.objects.count() == 1


def row(caller, **more):
    fields = {"public_id": f"msg_{len(more)}", "workspace_id": caller.workspace.id, "kind": "direct", "to": "x"}
    return fields | {"sender_id": caller.agent.id, "subject": "s", "sent_at": caller.now} | more


def test_what_a_refused_operation_wrote_is_undone(lane):
    def write_then_refuse():
        Workspace.objects.create(public_id="wsp_undone", created_at="2026-01-01T00:00:00Z")
        raise InvalidInput("no")

    with pytest.raises(InvalidInput):
        lane.run(write_then_refuse)
    assert not Workspace.objects.filter(public_id="wsp_undone").exists()


def test_a_database_that_cannot_be_opened_is_told_and_the_lane_goes_on_when_it_can(lane, own_file):
    lane.keeps_wal = True
    settings = connections["default"].settings_dict
    settings["NAME"] = own_file.parent / "moved away" / "nexus.sqlite3"
    for _ in range(3):
        with pytest.raises(Busy) as refused:
            lane.run(lambda: Workspace.objects.count())
        assert "doctor" in refused.value.fix
    settings["NAME"] = own_file
    assert lane.run(lambda: Workspace.objects.count()) == 1
    assert lane.depth == 0
