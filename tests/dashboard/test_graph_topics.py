"""Topics on the graph: in use by whoever posted or read in the last ten minutes, now, at an instant, and folded live."""

import pytest

from bus import clock
from bus.events import newest_id
from overview.queries.graph import graph_after, graph_now, moves, traffic
from overview.queries.happened import happened
from overview.queries.topics import hubs
from tests.dashboard.watching import folded


def told(graph):
    """Return the topics of a graph with who uses them."""
    return {each["name"]: each["peers"] for each in graph["topics"]}


@pytest.fixture
def seen(workspace):
    """Return a function that gives the graph as its script reads it, now and folded from the log, which are the same."""

    def seen(place=workspace.id):
        live = graph_now(place, clock.now(), "operator")
        past = graph_after(place, live.position, live.at, "operator")
        assert past.topics == live.topics
        return live.json()

    return seen


def test_topic_is_a_hub_of_those_who_post_and_read(seen, thread, say, do, alice, bob):
    topic = thread(4)
    (hub,) = seen()["topics"]
    assert (hub["topic"], hub["name"], hub["peers"]) == (topic, "checkout-api", ["bob", "alice"])
    say(alice, topic, {"body": "Once more."})
    assert told(seen()) == {"checkout-api": ["alice", "bob"]}


def test_topic_that_nobody_used_for_ten_minutes_is_none(thread, workspace, later, say, alice):
    topic = thread(1)
    at = clock.now()
    assert [hub.topic for hub in hubs(workspace.id, newest_id(), at)] == [topic]
    assert hubs(workspace.id, newest_id(), later(alice, 700).now) == []


def test_topics_of_other_workspaces_are_seen_where_all_are(seen, thread, do, say, mallory):
    thread(1)
    other = do("topic_create", mallory, name="elsewhere").topic
    do("topic_join", mallory, topic=other)
    say(mallory, other, {"body": "There."})
    assert set(told(seen())) == {"checkout-api"}
    assert set(told(seen(None))) == {"checkout-api", "elsewhere"}


def test_deleted_topic_leaves_the_graph(seen, thread, do, operator):
    do("topic_delete", operator, topic=thread(1), confirm="checkout-api")
    assert told(seen()) == {}


def test_no_more_than_twelve_are_drawn(seen, thread):
    for number in range(14):
        thread(1, f"topic {number}")
    assert list(told(seen())) == [f"topic {number}" for number in range(13, 1, -1)]


def test_script_folds_posts_readers_and_new_names_to_the_same(seen, thread, say, do, alice, bob, operator, workspace):
    topic, gone = thread(3), thread(1, "gone")
    before, position = seen(), newest_id()
    say(alice, topic, {"body": "One."})
    do("topic_rename", operator, topic=topic, name="refunds")
    do("topic_cursor_reset", bob, topic=topic, seq=4)
    do("topic_delete", operator, topic=gone, confirm="gone")
    events = moves(workspace.id, happened(workspace.id, position))
    (after,) = folded(before, [events])
    assert told(after) == told(seen()) == {"refunds": ["bob", "alice"]}
    posted = next(each for each in events if each["type"] == "topic.posted")
    assert (posted["topic"], posted["title"], posted["actor"]) == (topic, "One.", "alice")


def test_hub_fades_from_the_fold_after_ten_minutes():
    topics = [{"topic": "top_a", "name": "a", "last_at": "2026-11-26T14:00:00.000Z", "peers": ["ann"]}]
    state = {"at": "2026-11-26T14:00:00.000Z", "agents": [], "work": [], "edges": [], "mail": {}, "topics": topics}
    calm = {"type": "presence.changed", "actor": "ann", "agent": "ann", "data": {"presence": "present"}}
    soon, late = folded(
        state, [[calm | {"at": "2026-11-26T14:09:00.000Z"}], [calm | {"at": "2026-11-26T14:10:01.000Z"}]]
    )
    assert told(soon) == {"a": ["ann"]}
    assert told(late) == {}


def test_posts_are_speech_on_the_track(thread, workspace):
    thread(5)
    assert sum(speech for speech, _ in traffic(workspace.id, clock.now()).bars) == 5
