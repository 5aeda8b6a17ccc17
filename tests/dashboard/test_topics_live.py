"""Topics while somebody looks: what is sent to open pages, and how many statements the pages and the news take."""

import pytest
from django.http import QueryDict

from bus.events import newest_id
from dashboard.look import Look
from dashboard.views import messages
from dashboard.views import topic as one
from dashboard.views import topics as every
from overview.queries.happened import happened
from tests.dashboard.topics import numbers


@pytest.fixture
def look(operator, workspace):
    """Return a function that looks at `atlas` with a query."""

    def look(query=""):
        return Look(operator, workspace.id, QueryDict(query), "/topics")

    return look


@pytest.fixture
def told(look):
    """Return a function that does something and returns the fragments that it led to."""

    def told(act):
        before = newest_id()
        act()
        return every.fragments(look(), happened(None, before))

    return told


def test_new_topic_and_new_post_come_as_fragments(told, thread, do, alice, say):
    topic = ""

    def opens():
        nonlocal topic
        topic = thread(3)

    news = told(opens)
    assert '#topic-rows[data-following=yes]" hx-swap="afterbegin"><li id="topic-' in news
    news = told(lambda: say(alice, topic, {"body": "New."}))
    assert f'hx-target="#posts-{topic}[data-following=yes]" hx-swap="beforeend"' in news
    assert numbers(news) == [4]
    assert f'hx-target="#topic-{topic}" hx-swap="outerHTML"' in news
    assert f'id="latest-{topic}" data-latest="4"' in news


def test_cursor_that_moves_comes_as_the_peers(told, thread, do, bob):
    topic = thread(5)
    news = told(lambda: do("topic_cursor_reset", bob, topic=topic, seq=5))
    assert f'hx-target="#side-peers-{topic}"' in news
    assert "read to 5" in news
    assert numbers(news) == []
    assert "stale-" not in news


def test_thread_is_read_again_when_it_was_closed_and_when_too_much_was_said(told, thread, do, alice, operator, say):
    topic = thread(1)
    assert f'hx-target="#stale-{topic}"' in told(lambda: do("topic_close", operator, topic=topic))
    others = [thread(1, f"topic {number}") for number in range(9)]

    def everywhere():
        for each in others:
            say(alice, each, {"body": "Here."})

    news = told(everywhere)
    assert news.count('hx-target="#stale-') == 3
    assert len(numbers(news)) == 6


def test_post_comes_into_the_table_of_messages_with_its_topic(look, thread, say, alice):
    topic = thread(1)
    before = newest_id()
    say(alice, topic, {"body": "Short.\n\nAnd long."})
    news = messages.fragments(look(), happened(None, before))
    assert "Short." in news
    assert "And long." in news
    assert f"inspect={topic}" in news
    assert "nobody" not in news


def test_deleted_topic_leaves_the_list(told, thread, do, operator):
    topic = thread(1)
    assert f'hx-target="#topic-{topic}" hx-swap="delete"' in told(
        lambda: do("topic_delete", operator, topic=topic, confirm="checkout-api")
    )


@pytest.mark.parametrize("count", [1, 9])
def test_fragments_take_the_same_number_of_queries(look, thread, do, alice, count, django_assert_num_queries, say):
    topics = [thread(1, f"topic {number}") for number in range(count)]
    before = newest_id()
    for topic in topics:
        say(alice, topic, *[{"body": "Here."}] * 3)
    events = happened(None, before)
    with django_assert_num_queries(6):
        every.fragments(look(), events)


@pytest.mark.parametrize("count", [9, 60])
def test_pages_take_the_same_number_of_queries(look, thread, enrol, do, count, django_assert_num_queries):
    topic = thread(count)
    for number in range(count):
        caller = enrol(f"reader-{number}")
        do("topic_join", caller, topic=topic)
        thread(1, f"topic {number}")
    with django_assert_num_queries(4):
        every.build(look())
    with django_assert_num_queries(11):
        one.build(topic, look("q=post"))
    with django_assert_num_queries(5):
        every.inspect(look(), topic)
