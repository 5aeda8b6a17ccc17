"""A topic with alice and bob in it."""

import pytest


@pytest.fixture
def topic(do, alice):
    """Return the id of an open topic."""
    return do("topic_create", alice, name="checkout-api").topic


@pytest.fixture
def sync(do, topic):
    """Return a function by which somebody posts texts to the topic and reads on, without waiting."""

    def sync(caller, *texts, **more):
        outbox = [text if isinstance(text, dict) else {"body": text} for text in texts]
        return do("topic_sync", caller, topic=topic, outbox=outbox, **{"timeout_seconds": 0, **more})

    return sync


@pytest.fixture
def joined(do, topic, alice, bob):
    """Let alice and bob join under their own names."""
    for caller in (alice, bob):
        do("topic_join", caller, topic=topic)
    return topic


@pytest.fixture
def sitting(do):
    """Return a function that gives a caller a session of its own."""
    from dataclasses import replace

    from bus.directory import directory

    def sitting(caller, ref):
        opened = do("session_open", caller, session_ref=ref).session
        return replace(caller, session=directory.session(opened), seat=opened)

    return sitting
