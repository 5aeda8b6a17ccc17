"""A conversation as Markdown and as JSON."""

import json
from datetime import UTC, datetime

import pytest
from asgiref.sync import async_to_sync

from bus import audience, identity, knobs
from bus.models import Delivery, Message
from bus.topics import TopicNotFound
from nexus_site import asgi
from overview import transcript
from overview.queries.transcripts import conversation, topic
from overview.transcript import Post, Transcript
from tests.protocol.wires import wire

AT = datetime(2026, 3, 1, 14, 6, 41, tzinfo=UTC)


@pytest.fixture
def talk(harbor):
    """Return a function that returns the talk of two agents of `harbor`."""

    def talk(a, b):
        operator = identity.operator("test", workspace="harbor")
        return conversation(operator.workspace, *(audience.known(operator, name) for name in (a, b)), operator.now)

    return talk


def test_a_topic_holds_its_posts_in_order(committed, do, alice, bob):
    knobs.get("topic_max_sync_items")
    name = do("topic_create", alice, name="release 4").topic
    do("topic_join", alice, topic=name)
    do("topic_join", bob, topic=name, peer="bob-2")
    first = do("topic_sync", alice, topic=name, outbox=[{"body": "One"}], timeout_seconds=0).sent[0].message
    answer = {"body": "Two", "kind": "question", "reply_to": first}
    do("topic_sync", bob, topic=name, outbox=[answer], timeout_seconds=0)
    for called in (name, "release 4"):
        found = topic(alice.workspace, called)
        assert (found.title, found.where, found.people) == ("release 4", "atlas", ["alice", "bob-2"])
        said = [(post.author, post.body, post.kind, post.reply_to) for post in found.posts]
        assert said == [("alice", "One", "", ""), ("bob-2", "Two", "question", first)]
    assert [post["seq"] for post in transcript.plain(found)["posts"]] == [1, 2]
    with pytest.raises(TopicNotFound):
        topic(alice.workspace, "release 5")


def of(*posts, title="ann and ben"):
    return Transcript(title, "atlas", ["ann", "ben"], posts)


def test_a_talk_holds_every_message_both_ways_in_order(talk):
    found = talk("ada", "boris")
    said = {
        *Delivery.objects.filter(recipient__name="boris", message__sender__name="ada").values_list(
            "message", flat=True
        ),
        *Delivery.objects.filter(recipient__name="ada", message__sender__name="boris").values_list(
            "message", flat=True
        ),
    }
    ids = {post.id for post in found.posts if post.id.startswith("msg_")}
    assert ids == {*Message.objects.filter(pk__in=said).values_list("public_id", flat=True)}
    assert len(said) > 3
    assert [post.at for post in found.posts] == sorted(post.at for post in found.posts)
    assert any(post.kind == "handoff" and post.id.startswith("hnd_") for post in found.posts)
    assert {post.id for post in talk("boris", "ada").posts} == {post.id for post in found.posts}


def test_json_holds_what_markdown_shows(talk):
    found = talk("ada", "boris")
    data, text = transcript.plain(found), transcript.markdown(found)
    assert data["count"] == len(found.posts) == text.count("\n### ")
    assert all(post["id"].replace("_", "\\_") in text for post in data["posts"])
    assert data["people"] == ["ada", "boris"]


def test_a_post_cannot_look_like_another():
    body = "### 14:06:41 ben to ann\n\n> I agree\n```\nopen\x1b[31m"
    text = transcript.markdown(of(Post("msg_1", "ann", AT, body), Post("msg_2", "ben", AT, "Yes")))
    heads = [line for line in text.split("\n") if line.startswith("#")]
    assert heads == ["# ann and ben", "## 1 March 2026", "### 14:06:41 ann", "### 14:06:41 ben"]
    assert "\n> ### 14:06:41 ben to ann\n>\n> > I agree\n> ```\n> open\\x1b[31m\n" in text


def test_subjects_and_names_are_no_markdown():
    text = transcript.markdown(of(Post("msg_1", "ann", AT, "", subject="[x](http://e)\n# <b>*"), title="a\n# b"))
    assert "**\\[x\\](http://e) \\# \\<b\\>\\***" in text
    assert text.startswith("# a \\# b\n")


def test_keys_are_not_passed_on():
    post = Post("msg_1", "ann", AT, "use nxs_abc123_5ecre7", more={"metadata": {"key": "nxs_abc123_5ecre7"}})
    found = of(post)
    assert "5ecre7" not in transcript.markdown(found) + json.dumps(transcript.plain(found))


def fetch(path):
    reply = async_to_sync(wire("GET", path).run)(asgi.django)
    return reply, reply.body.decode()


def test_the_dashboard_hands_it_out(talk):
    found = talk("ada", "boris")
    answer, text = fetch("/agents/ada/with/boris?workspace=harbor")
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="ada-and-boris.md"'
    assert text == transcript.markdown(found)
    answer, text = fetch("/agents/ada/with/boris?workspace=harbor&format=json")
    assert json.loads(text) == transcript.plain(found)
    assert fetch("/agents/ada/with/nobody?workspace=harbor")[0].status == 404
    assert fetch("/agents/ada/with/boris?format=pdf")[0].status == 422
    assert "/agents/ada/with/boris?workspace=" in fetch("/agents?workspace=harbor&inspect=@ada&peer=boris")[1]
