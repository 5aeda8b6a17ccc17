"""Topics with posts in them, and pages that are asked for in this process."""

import re
from dataclasses import replace

import pytest

from bus import door, posts, topics
from bus.directory import directory
from bus.schemas.topics import Outgoing

__all__ = ["numbers", "page", "say", "sitting", "thread"]

SEQ = re.compile(r'class="post[^"]*" data-step data-seq="(\d+)"')


@pytest.fixture
def sitting(do):
    """Return a function that gives a caller a session of its own."""

    def sitting(caller, ref):
        opened = do("session_open", caller, session_ref=ref).session
        return replace(caller, session=directory.session(opened), seat=opened)

    return sitting


@pytest.fixture
def say():
    """Return a function by which somebody posts, as `topic_sync` does, in a transaction of the test where there is one."""

    def say(caller, topic, *outbox):
        outgoing = [Outgoing(**each) for each in outbox]
        door.run_work(lambda: posts.send(caller, topic, topics.acting(caller, topic), outgoing))

    return say


@pytest.fixture
def thread(do, say, alice, bob):
    """Return a function that makes a topic with some posts of alice, of which bob has read the first three."""

    def thread(count=5, name="checkout-api"):
        topic = do("topic_create", alice, name=name).topic
        for caller in (alice, bob):
            do("topic_join", caller, topic=topic)
        for start in range(1, count + 1, 20):
            say(alice, topic, *({"body": f"Post {number}."} for number in range(start, min(count, start + 19) + 1)))
        if count >= 3:
            do("topic_cursor_reset", bob, topic=topic, seq=3)
        return topic

    return thread


def page(http, path, **query):
    """Return a page as text."""
    answer = http.get(path, query)
    assert answer.status_code == 200, answer.content[:2000]
    return answer.content.decode()


def numbers(text):
    """Return the numbers of the posts on a page."""
    return [int(each) for each in SEQ.findall(text)]
