"""The mailbox: filters, pages by row, lanes, counts, receipts and the tree, in a fixed number of queries."""

from datetime import timedelta

import pytest

from bus import clock
from bus.models import Delivery, Message
from overview.queries.mailbox import Wanted, exported, letter, page, rows_of, tally


@pytest.fixture
def write(do):
    """Return a function that sends a message and returns its id."""

    def write(sender, to, subject="Hello", **more):
        return do(
            "message_create", sender, to=to, subject=subject, body=more.pop("body", "Please look."), **more
        ).message

    return write


def subjects(found):
    return [row.subject for row in found.rows]


def park(message, reason="no ack after 5 attempts"):
    """Park what is unread of a message, as a sweep does after the last attempt."""
    found = Delivery.objects.filter(message__public_id=message, lane="unread")
    return found.update(lane="parked", ended_at=clock.now(), reason=reason)


def test_rows_are_newest_first_with_sender_recipients_and_one_line(workspace, alice, bob, carol, write):
    write(alice, "bob", "First")
    write(bob, ["alice", "carol"], "Second", body="# Plan\n\n- **one** `two`\n")
    found = page(workspace.id, Wanted())
    assert subjects(found) == ["Second", "First"]
    second = found.rows[0]
    assert second.sender.name == "bob"
    assert second.to.names == "alice, carol"
    assert (second.to.read, second.to.total) == (0, 2)
    assert second.line == "Plan one two"
    assert second.is_unread


def test_row_shows_who_read_it(workspace, alice, bob, carol, write, do):
    message = write(alice, ["bob", "carol"])
    do("inbox_ack", bob, messages=[message])
    (row,) = page(workspace.id, Wanted()).rows
    assert [(who.name, lane) for who, lane in row.to.first] == [("bob", "read"), ("carol", "unread")]
    assert row.to.read == 1
    assert not row.is_unread


def test_only_eight_recipients_are_named_and_the_rest_is_a_number(workspace, alice, enrol, write):
    names = [enrol(f"agent-{number}").agent.name for number in range(11)]
    write(alice, names)
    (row,) = page(workspace.id, Wanted()).rows
    assert len(row.to.first) == 8
    assert row.to.more == 3
    assert row.to.names.endswith("agent-7 and 3 more")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(kind="broadcast"), ["To all"]),
        (Wanted(kind="direct"), ["100%_sure", "Bob to Carol", "Alice to Bob"]),
        (Wanted(sender="bob"), ["To all", "Bob to Carol"]),
        (Wanted(sender="BOB"), ["To all", "Bob to Carol"]),
        (Wanted(recipient="carol"), ["100%_sure", "Bob to Carol"]),
        (Wanted(agent="carol"), ["100%_sure", "Bob to Carol"]),
        (Wanted(agent="alice"), ["100%_sure", "To all", "Alice to Bob"]),
        (Wanted(lane="read"), ["Alice to Bob"]),
        (Wanted(lane="parked"), ["Bob to Carol"]),
        (Wanted(lane="unread"), ["100%_sure", "To all"]),
        (Wanted(lane="unread", sender="bob"), ["To all"]),
        (Wanted(q="CAROL"), ["Bob to Carol"]),
        (Wanted(q="deep in the body"), ["To all"]),
        (Wanted(q="0%_s"), ["100%_sure"]),
        (Wanted(q="%"), ["100%_sure"]),
        (Wanted(sender="nobody"), []),
        (Wanted(recipient="nobody"), []),
    ],
)
@pytest.mark.parametrize("everywhere", [False, True])
def test_filters_keep_what_fits(workspace, alice, bob, carol, write, do, wanted, expected, everywhere):
    read = write(alice, "bob", "Alice to Bob")
    park(write(bob, "carol", "Bob to Carol"))
    write(bob, "broadcast", "To all", body="It is deep in the body.")
    write(alice, "carol", "100%_sure")
    do("inbox_ack", bob, messages=[read])
    assert subjects(page(None if everywhere else workspace.id, wanted)) == expected


def test_other_workspaces_are_left_out(workspace, alice, bob, mallory, enrol, settle, write, do):
    write(alice, "bob", "Here")
    do("message_create", mallory, to="operator", subject="There", body="")
    assert subjects(page(workspace.id, Wanted())) == ["Here"]
    assert subjects(page(None, Wanted())) == ["There", "Here"]


def test_time_range_is_from_since_to_before_until(workspace, alice, bob, write, later):
    for hours in (0, 2, 4):
        write(later(alice, hours * 3600), "bob", f"After {hours} h")
    now = clock.now()
    about = [now + timedelta(hours=hours) for hours in (1, 3)]
    assert subjects(page(workspace.id, Wanted(since=about[0]))) == ["After 4 h", "After 2 h"]
    assert subjects(page(workspace.id, Wanted(until=about[1]))) == ["After 2 h", "After 0 h"]
    assert subjects(page(workspace.id, Wanted(since=about[0], until=about[1]))) == ["After 2 h"]
    assert subjects(page(workspace.id, Wanted(since=now + timedelta(days=9)))) == []
    assert subjects(page(workspace.id, Wanted(until=now - timedelta(days=9)))) == []


def many(alice, bob, count, **more):
    """Store messages of alice to bob as they would be after a busy day."""
    now = clock.now()
    made = Message.objects.bulk_create(
        [
            Message(
                public_id=f"msg_many{number:08}",
                workspace_id=alice.workspace.id,
                kind="direct",
                sender_id=alice.agent.id,
                to="bob",
                subject=f"Number {number}",
                sent_at=now,
                **more,
            )
            for number in range(count)
        ]
    )
    Delivery.objects.bulk_create(
        [
            Delivery(message=each, recipient_id=bob.agent.id, workspace_id=alice.workspace.id, priority=5)
            for each in made
        ]
    )


def test_pages_go_back_and_forth_without_a_gap(workspace, alice, bob):
    many(alice, bob, 120)
    first = page(workspace.id, Wanted())
    second = page(workspace.id, Wanted(), before=first.older)
    third = page(workspace.id, Wanted(), before=second.older)
    numbers = [subject.split()[1] for each in (first, second, third) for subject in subjects(each)]
    assert [int(number) for number in numbers] == list(range(119, -1, -1))
    assert third.older is None
    assert (first.newer, second.newer) == (False, True)
    back = page(workspace.id, Wanted(), after=third.rows[0].pk)
    assert subjects(back) == subjects(second)
    assert back.newer
    assert not page(workspace.id, Wanted(), after=second.rows[0].pk).newer


def test_search_looks_through_a_bounded_number_and_says_where_it_stopped(workspace, alice, bob, monkeypatch):
    monkeypatch.setattr("overview.queries.mailbox.table.SCANNED", 30)
    many(alice, bob, 100)
    found = page(workspace.id, Wanted(q="Number 1"))
    assert found.rows == []
    assert found.cut == 30
    seen = []
    while found.older is not None:
        found = page(workspace.id, Wanted(q="Number 1"), before=found.older)
        seen += subjects(found)
    assert seen == [f"Number {number}" for number in (*range(19, 9, -1), 1)]
    assert found.cut is None


def test_counts_are_of_messages_and_stop_at_their_cap(workspace, alice, bob, carol, write, monkeypatch):
    write(alice, ["bob", "carol"])
    park(write(alice, "bob"))
    counted = tally(workspace.id)
    assert (counted.total, counted.unread, counted.parked) == ("2", "1", "1")
    monkeypatch.setattr("overview.queries.mailbox.table.CAP", 3)
    many(alice, bob, 5)
    assert tally(workspace.id).unread == "3+"
    assert len(page(workspace.id, Wanted(lane="unread")).rows) == 6


@pytest.mark.parametrize(
    ("wanted", "queries"),
    [(Wanted(), 3), (Wanted(kind="direct"), 4), (Wanted(sender="alice"), 3), (Wanted(lane="unread", q="e"), 5)],
)
def test_page_takes_the_same_queries_for_one_row_and_fifty(
    workspace, alice, bob, write, wanted, queries, django_assert_num_queries
):
    write(alice, "bob")
    page(workspace.id, wanted)
    with django_assert_num_queries(queries):
        assert len(page(workspace.id, wanted).rows) == 1
    many(alice, bob, 60)
    with django_assert_num_queries(queries):
        assert len(page(workspace.id, wanted).rows) == 50


def test_letter_takes_the_same_queries_for_a_short_and_a_long_thread(
    workspace, alice, bob, carol, write, do, django_assert_num_queries
):
    lone = write(alice, "bob")
    with django_assert_num_queries(10):
        letter(lone)
    busy = write(alice, ["bob", "carol"], references=[{"kind": "message", "id": lone}, {"kind": "file", "id": "a.py"}])
    for _ in range(5):
        write(bob, "alice", "Again", reply_to=busy)
    do("inbox_pull", carol)
    with django_assert_num_queries(10):
        letter(busy)


def test_letter_tells_each_step_of_a_delivery(workspace, alice, bob, write, do):
    message = write(alice, "bob")
    do("inbox_pull", bob)
    do("inbox_release", bob, messages=[message])
    do("inbox_pull", bob)
    do("inbox_ack", bob, messages=[message])
    (receipt,) = letter(message).receipts
    assert [step.said for step in receipt.steps] == [
        "Queued",
        "Delivered, attempt 1",
        "Given back unread",
        "Delivered, attempt 2",
        "Read",
    ]
    assert [step.is_reached for step in receipt.steps] == [False, True, False, True, True]
    assert receipt.lane == "read"
    assert receipt.seconds is not None


def test_letter_says_why_it_was_parked_and_that_it_was_queued_again(workspace, alice, bob, operator, write, do):
    message = write(alice, "bob")
    park(message)
    (receipt,) = letter(message).receipts
    assert receipt.is_parked
    assert receipt.steps[-1].said == "Parked: no ack after 5 attempts"
    do("inbox_requeue", operator, message=message, agent="bob")
    (receipt,) = letter(message).receipts
    assert receipt.steps[-1].said == "Queued again"
    assert receipt.lane == "unread"


def test_letter_names_what_it_points_to(workspace, alice, bob, write):
    first = write(alice, "bob", "The first one")
    refs = [
        {"kind": "message", "id": first},
        {"kind": "file", "id": "src/a.py"},
        {"kind": "url", "id": "https://x.y", "label": "Docs"},
    ]
    found = letter(write(alice, "bob", references=refs))
    assert [each.label for each in found.references] == ["The first one", "src/a.py", "Docs"]


def test_thread_is_a_tree_whichever_message_is_opened(workspace, alice, bob, write):
    root = write(alice, "bob", "Root")
    one = write(bob, "alice", "One", reply_to=root)
    write(bob, "alice", "Two", reply_to=root)
    below = write(alice, "bob", "Below one", reply_to=one)
    for opened in (root, one, below):
        found = letter(opened).thread
        assert [(each.subject, each.depth) for each in found] == [("Root", 0), ("One", 1), ("Below one", 2), ("Two", 1)]
        assert [each.message for each in found if each.is_this] == [opened]


def test_thread_of_hundreds_is_cut_and_still_holds_the_message_itself(workspace, alice, bob, write):
    root = Message.objects.get(public_id=write(alice, "bob", "Root"))
    many(alice, bob, 260, reply_to=root)
    found = letter("msg_many00000259")
    assert found.is_thread_cut
    assert len(found.thread) == 200
    assert [each.message for each in found.thread if each.is_this] == ["msg_many00000259"]


def test_export_holds_the_whole_thread_and_what_became_of_it(workspace, alice, bob, write, do):
    root = write(alice, "bob", "Root")
    write(bob, "alice", "Reply", reply_to=root)
    do("inbox_ack", bob, messages=[root])
    first, second = exported(root)
    assert (first["subject"], first["from"], first["recipients"][0]["lane"]) == ("Root", "alice", "read")
    assert second["reply_to"] == root


def test_what_is_not_there_is_none(workspace):
    assert letter("msg_none") is None
    assert exported("msg_none") is None
    assert rows_of(["msg_none"]) == []


def test_rows_by_id_are_newest_first(workspace, alice, bob, write):
    names = [write(alice, "bob", f"Number {number}") for number in range(3)]
    assert [row.subject for row in rows_of(names[:2])] == ["Number 1", "Number 0"]
