"""Topics: opening, posting and reading on, each post once and in order, and what closing and deleting leave."""

import pytest

from bus.models import Event, Message, Peer, Post, Topic
from bus.verifier import verify

pytestmark = pytest.mark.usefixtures("committed")


def bodies(answer):
    """Return what came."""
    return [post.body for post in answer.received]


def test_a_name_finds_the_newest_open_topic_and_new_opens_another(do, alice, bob):
    first = do("topic_create", alice, name="api", metadata={"ticket": 7})
    again = do("topic_create", bob, name="api")
    assert (first.created, again.created, again.topic) == (True, False, first.topic)
    assert again.metadata == {"ticket": 7}
    other = do("topic_create", bob, name="api", mode="new")
    assert other.topic != first.topic
    assert do("topic_resolve", alice, name="api").topic == other.topic


def test_a_topic_without_a_name_is_called_after_its_id(do, alice):
    opened = do("topic_create", alice)
    assert opened.name == opened.topic


def test_everybody_gets_each_post_once_and_in_order(sync, joined, alice, bob):
    sent = sync(alice, "one", "two").sent
    assert [post.seq for post in sent] == [1, 2]
    got = sync(bob, "three")
    assert (got.status, bodies(got), got.cursor.seq, got.has_more) == ("ready", ["one", "two"], 3, False)
    assert bodies(sync(bob)) == []
    assert bodies(sync(alice)) == ["three"]
    assert sync(alice).status == "empty"


def test_own_posts_come_when_asked_for(sync, joined, alice):
    assert bodies(sync(alice, "mine", include_self=True)) == ["mine"]


def test_a_limit_leaves_the_rest_for_the_next_call(sync, joined, alice, bob):
    sync(alice, *[f"post {number}" for number in range(5)])
    first = sync(bob, limit=2)
    assert (bodies(first), first.has_more, first.cursor.seq) == (["post 0", "post 1"], True, 2)
    assert bodies(sync(bob, limit=20)) == ["post 2", "post 3", "post 4"]


def test_an_answer_is_never_cut_and_stops_at_64000_characters(sync, joined, alice, bob):
    sync(alice, "a" * 40_000, "b" * 40_000)
    first = sync(bob)
    assert (bodies(first), first.has_more) == (["a" * 40_000], True)
    assert bodies(sync(bob)) == ["b" * 40_000]


def test_a_post_with_an_id_of_its_own_is_sent_once(sync, joined, alice, bob):
    first = sync(alice, {"body": "one", "client_id": "x"}).sent[0]
    again = sync(alice, {"body": "another text", "client_id": "x"}, {"body": "two", "client_id": "x"}).sent
    assert [(post.message, post.body, post.duplicate) for post in again] == [(first.message, "one", True)] * 2
    assert not sync(bob, {"body": "bob's", "client_id": "x"}).sent[0].duplicate
    assert Topic.objects.get().latest_seq == 2


def test_a_repeated_call_with_its_key_posts_once_and_gets_the_same(sync, joined, alice, bob):
    sync(bob, "news")
    first = sync(alice, "one", idempotency_key="k")
    again = sync(alice, "one", idempotency_key="k")
    assert (again.duplicate, bodies(again)) == (True, bodies(first))
    assert [post.message for post in again.sent] == [post.message for post in first.sent]
    assert Post.objects.count() == 2


def test_who_confirms_itself_gets_the_same_until_it_has(sync, joined, alice, bob):
    sync(alice, "one", "two")
    for _ in range(2):
        assert bodies(sync(bob, auto_advance=False)) == ["one", "two"]
    assert bodies(sync(bob, auto_advance=False, ack_through=1)) == ["two"]
    assert sync(bob, auto_advance=False, ack_through=2).cursor.seq == 2


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"ack_through": 1}, "ack_through"),
        ({"ack_through": 9, "auto_advance": False}, "ack_through"),
        ({"limit": 21}, "limit"),
        ({"outbox": [{"body": "x"}] * 51}, "outbox"),
        ({"outbox": [{"body": "x" * 65_537}]}, "outbox.0.body"),
        ({"outbox": [{"body": "x", "reply_to": "msg_unknown"}]}, "reply_to"),
    ],
)
def test_what_cannot_be_is_refused_and_sends_nothing(attempt, assert_refused, joined, alice, order, field):
    error = assert_refused(attempt("topic_sync", alice, topic=joined, timeout_seconds=0, **order), "invalid_input")
    assert error["details"]["field"] == field
    assert not Post.objects.exists()


def test_an_answer_names_the_post_it_answers(do, sync, joined, alice, bob):
    question = sync(alice, {"body": "Ready?", "kind": "question"}).sent[0].message
    sync(bob, {"body": "Yes.", "kind": "answer", "reply_to": question, "metadata": {"sure": True}})
    (answer,) = sync(alice).received
    assert (answer.kind, answer.reply_to, answer.metadata, answer.peer, answer.from_) == (
        "answer",
        question,
        {"sure": True},
        "bob",
        "bob",
    )
    assert do("message_get", bob, message=question).to == {"topic": joined}
    told = do("message_create", bob, reply_to=question, subject="Privately", body="Nearly.")
    assert [each.agent for each in told.recipients] == ["alice"]


def test_a_cursor_goes_back_and_not_past_the_end(do, attempt, assert_refused, sync, joined, alice, bob):
    sync(alice, "one", "two")
    sync(bob)
    assert do("topic_cursor_reset", bob, topic=joined).cursor.seq == 0
    assert bodies(sync(bob)) == ["one", "two"]
    assert_refused(attempt("topic_cursor_reset", bob, topic=joined, seq=3), "invalid_input")


def test_who_has_not_joined_reads_but_does_not_post(do, attempt, assert_refused, sync, joined, alice, carol):
    sync(alice, *[f"post {number}" for number in range(5)])
    assert_refused(attempt("topic_sync", carol, topic=joined, timeout_seconds=0), "not_joined")
    newest = do("topic_read", carol, topic=joined, limit=2)
    assert ([post.seq for post in newest.posts], newest.has_more, newest.latest) == ([4, 5], True, 5)
    assert [post.seq for post in do("topic_read", carol, topic=joined, before=4, limit=2).posts] == [2, 3]
    assert [post.seq for post in do("topic_read", carol, topic=joined, after=3).posts] == [4, 5]


def test_the_list_is_by_activity_with_what_is_unread(do, sync, joined, alice, bob, carol):
    do("topic_create", alice, name="quiet")
    sync(alice, "one", "two")
    found = do("topic_list", bob).topics
    assert [(each.name, each.peer, each.unread) for each in found] == [
        ("checkout-api", "bob", 2),
        ("quiet", None, None),
    ]
    first = do("topic_list", carol, limit=1)
    second = do("topic_list", carol, limit=1, cursor=first.next_cursor)
    assert [each.name for each in (*first.topics, *second.topics)] == ["checkout-api", "quiet"]
    assert second.next_cursor is None
    assert [each.name for each in do("topic_list", carol, query="QUI").topics] == ["quiet"]


def test_a_closed_topic_is_read_and_takes_nothing(do, attempt, assert_refused, sync, joined, alice, bob):
    sync(alice, {"body": "one", "client_id": "first"})
    closed = do("topic_close", bob, topic=joined, reason="done")
    again = do("topic_close", alice, topic=joined, reason="twice")
    assert (closed.warning, again.warning, again.close_reason) == (None, "It was closed already.", "done")
    assert_refused(attempt("topic_sync", alice, topic=joined, outbox=[{"body": "late"}]), "topic_closed")
    assert bodies(sync(bob, timeout_seconds=300)) == ["one"]
    assert sync(bob).status == "closed"
    assert sync(alice, {"body": "one", "client_id": "first"}).sent[0].duplicate
    assert_refused(attempt("topic_resolve", bob, name="checkout-api"), "topic_not_found")
    assert do("topic_join", bob, name="checkout-api", allow_closed=True).state == "closed"
    assert do("topic_list", bob).topics == []
    assert len(do("topic_list", bob, state="closed").topics) == 1


def test_an_operator_renames_archives_and_deletes(do, attempt, assert_refused, sync, joined, alice, operator):
    sync(alice, "about checkout-api")
    assert_refused(attempt("topic_rename", alice, topic=joined, name="x"), "forbidden")
    assert do("topic_rename", operator, topic=joined, name="payments").name == "payments"
    assert do("topic_read", alice, topic=joined).posts[0].body == "about checkout-api"
    assert_refused(attempt("topic_archive", operator, topic=joined), "topic_open")
    do("topic_close", operator, topic=joined)
    do("topic_archive", operator, topic=joined)
    assert do("topic_list", alice, state="all").topics == []
    assert len(do("topic_list", alice, state="all", archived=True).topics) == 1
    do("topic_archive", operator, topic=joined, archived=False)
    assert len(do("topic_list", alice, state="all").topics) == 1
    assert_refused(attempt("topic_delete", operator, topic=joined, confirm="checkout-api"), "invalid_input")
    assert do("topic_delete", operator, topic=joined, confirm="payments").posts == 1
    assert not Topic.objects.exists()
    assert not Message.objects.filter(kind="topic").exists()
    assert_refused(attempt("topic_read", alice, topic=joined), "topic_not_found")


def test_nobody_elsewhere_sees_a_topic(do, attempt, assert_refused, sync, joined, alice, mallory):
    post = sync(alice, "secret").sent[0].message
    for name, order in (
        ("topic_read", {"topic": joined}),
        ("topic_presence", {"topic": joined}),
        ("topic_join", {"topic": joined}),
        ("topic_join", {"name": "checkout-api"}),
        ("topic_resolve", {"name": "checkout-api"}),
        ("topic_sync", {"topic": joined}),
        ("topic_close", {"topic": joined}),
        ("topic_cursor_reset", {"topic": joined}),
    ):
        assert_refused(attempt(name, mallory, **order), "topic_not_found")
    assert_refused(attempt("message_get", mallory, message=post), "not_found")
    assert do("topic_list", mallory).topics == []


def test_presence_says_who_was_heard_and_how_far_each_has_read(do, sync, joined, alice, bob, later):
    sync(alice, "one")
    sync(bob)
    peers = do("topic_presence", alice, topic=joined).peers
    assert {(each.peer, each.seq) for each in peers} == {("alice", 1), ("bob", 1)}
    do("topic_sync", later(bob, 1000), topic=joined, timeout_seconds=0)
    assert [each.peer for each in do("topic_presence", later(alice, 1001), topic=joined).peers] == ["bob"]


def test_the_log_adds_up_to_the_tables(sync, do, joined, alice, bob, operator):
    sync(alice, "one", "two")
    sync(bob, "three")
    do("topic_cursor_reset", bob, topic=joined, seq=1)
    other = do("topic_create", bob, name="other").topic
    do("topic_join", bob, topic=other, peer="second")
    do("topic_release_name", operator, topic=other, peer="second")
    closed = do("topic_create", bob, name="closed").topic
    do("topic_close", bob, topic=closed)
    do("topic_delete", operator, topic=closed, confirm="closed")
    report = verify()
    assert report.problems == []
    types = set(Event.objects.filter(type__startswith="topic.").values_list("type", flat=True))
    assert types == {
        f"topic.{each}" for each in ["created", "joined", "posted", "advanced", "closed", "deleted", "name_released"]
    }
    Peer.objects.filter(name="bob").update(seq=3)
    assert verify().problems


def test_what_is_old_and_posted_outlives_old_mail(do, sync, joined, alice, later, operator):
    sync(alice, "one")
    do("retention_run", later(operator, 400 * 86_400))
    assert Post.objects.count() == 1


def test_the_digest_tells_once_of_topics_one_follows_and_has_not_read(do, sync, joined, alice, bob, carol):
    sync(alice, "one", "# Ready <now>\nfor a look")
    told = do("wake", bob)
    assert f'Topics:\n- {joined} "checkout-api" 2 unread; alice wrote "Ready \u2039now>"' in told.text
    assert "Topics" not in do("wake", carol).text
    assert "Topics" not in do("wake", alice).text
    assert do("wake", bob, after=told.cursor).items == 0
    sync(alice, "three")
    assert "3 unread" in do("wake", bob, after=told.cursor).text
    sync(bob)
    assert do("wake", bob, after=told.cursor).items == 0
