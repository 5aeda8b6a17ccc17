"""The pages of topics as they are answered: the list, a thread in pages, what is found in it, and what is posted."""

import re

import pytest
from django.test import Client

from bus import clock
from bus.models import Peer, Post
from overview.queries.topics import Wanted, hits, lengths, window
from overview.queries.topics import page as listed
from tests.dashboard.topics import numbers, page

ROW = re.compile(r'id="topic-(top_[0-9a-z]+)"')


@pytest.fixture
def http(committed, workspace):
    return Client(HTTP_HOST="127.0.0.1", REMOTE_ADDR="127.0.0.1")


def test_list_shows_name_posts_last_words_and_who_has_not_read(http, thread):
    thread(5)
    text = page(http, "/topics")
    assert "checkout-api" in text
    assert "alice: Post 5." in text
    assert "bob: 2 unread" in text
    assert "alice: 5 unread" in text


def test_empty_list_says_how_to_open_a_topic(http):
    text = page(http, "/topics")
    assert "No topics yet" in text
    assert "topic_create" in text
    assert 'action="/do/topic_create"' in text


def test_filters_by_state_and_name_are_in_the_url(http, thread, do, operator):
    first, second, third = (thread(1, name) for name in ("apples", "pears", "plums"))
    do("topic_close", operator, topic=second, reason="Eaten")
    do("topic_close", operator, topic=third)
    do("topic_archive", operator, topic=third)
    assert ROW.findall(page(http, "/topics")) == [first]
    assert ROW.findall(page(http, "/topics", state="closed")) == [second]
    assert ROW.findall(page(http, "/topics", state="archived")) == [third]
    assert ROW.findall(page(http, "/topics", state="all")) == [third, second, first]
    assert ROW.findall(page(http, "/topics", state="all", name="EAR")) == [second]
    assert "Eaten" in page(http, "/topics", state="closed")
    assert "Nothing matches" in page(http, "/topics", name="quince")


def test_list_is_paged_by_activity(workspace, thread):
    now = clock.now()
    topics = [thread(1, f"topic {number}") for number in range(43)]
    first = listed(workspace.id, Wanted(), now)
    second = listed(workspace.id, Wanted(), now, first.older)
    assert [row.topic for row in (*first.rows, *second.rows)] == topics[::-1]
    assert second.older is None


@pytest.mark.parametrize("query", [{"older": "x"}, {"older": "9" * 30 + "-1"}, {"state": "'"}, {"name": "\x00"}])
def test_nonsense_in_the_url_of_the_list_is_no_error(http, thread, query):
    thread(1)
    page(http, "/topics", **query)


@pytest.mark.parametrize("query", [{"post": "0"}, {"post": "9" * 18}, {"before": "0"}, {"after": "9" * 18}, {"q": "%"}])
def test_nonsense_in_the_url_of_a_thread_is_no_error(http, thread, query):
    page(http, f"/topics/{thread(3)}", **query)


def test_thread_begins_at_its_end_and_pages_both_ways(http, thread):
    topic = thread(100)
    text = page(http, f"/topics/{topic}")
    assert numbers(text) == list(range(61, 101))
    assert "before=61" in text
    assert 'data-more="later"' not in text
    assert numbers(page(http, f"/topics/{topic}", before=61)) == list(range(21, 61))
    assert numbers(page(http, f"/topics/{topic}", after=80)) == list(range(81, 101))
    middle = page(http, f"/topics/{topic}", post=50)
    assert numbers(middle) == list(range(30, 70))
    assert 'data-focus="50"' in middle
    assert 'data-following="no"' in middle


def test_page_without_posts_before_the_first_is_empty(thread):
    assert list(window(5, before=1)) == []
    assert list(window(0)) == []
    assert list(window(3, around=900)) == [1, 2, 3]


def test_unknown_topic_is_not_found(http):
    assert http.get("/topics/top_nothing").status_code == 404


def test_post_says_who_what_kind_when_and_what_it_answers(http, thread, do, bob, say):
    topic = thread(3)
    first = Post.objects.get(seq=1).message.public_id
    said = {"body": "**Because** <b>so</b>.", "kind": "answer", "reply_to": first}
    say(bob, topic, said)
    text = page(http, f"/topics/{topic}")
    post = text.partition('data-seq="4"')[2].partition("</article>")[0]
    assert "<strong>Because</strong> &lt;b&gt;so" in post
    assert '<span class="chip">answer</span>' in post
    assert 'href="?post=1"' in post
    assert "Post 1." in post
    assert "Today" in text


def test_name_of_ones_own_choice_stands_beside_its_agent(http, thread, do, bob, sitting, say):
    topic = thread(1)
    sat = sitting(bob, "second")
    do("topic_join", sat, topic=topic, peer="night-shift")
    say(sat, topic, {"body": "Here too."})
    head = page(http, f"/topics/{topic}").partition('data-seq="2"')[2].partition("</p>")[0]
    assert "night-shift" in head
    assert ">bob<" in head


def test_cursors_stand_at_the_post_that_each_has_read_to(http, thread):
    text = page(http, f"/topics/{thread(6)}")
    mark = text.partition('data-seq="3"')[2].partition('data-seq="4"')[0]
    assert "read to here" in mark
    assert 'title="bob"' in mark
    assert "read to 3" in text.partition('id="side-peers-')[2]


def test_search_finds_marks_and_leads_on(http, thread):
    topic = thread(60)
    text = page(http, f"/topics/{topic}", q="post 1")
    assert "11 of 11" in text
    assert 'data-focus="19"' in text
    assert "post is-hit is-focus" in text
    assert "post=18" in text
    back = page(http, f"/topics/{topic}", q="post 1", post=10)
    assert "2 of 11" in back
    assert "post=1&amp;" in back or 'post=1"' in back
    assert "nothing found" in page(http, f"/topics/{topic}", q="quince")


def test_search_takes_text_as_it_is(workspace, thread, do, alice, say):
    topic = thread(3)
    say(alice, topic, {"body": "100%_sure"})
    row = Post.objects.get(seq=4).topic
    assert hits(row.pk, 4, "0%_s") == [4]
    assert hits(row.pk, 4, "%") == [4]
    assert hits(row.pk, 4, "POST") == [1, 2, 3]
    assert hits(row.pk, 4, "ALICE") == [1, 2, 3, 4]


def test_map_has_a_bar_a_post_and_is_bounded(http, thread):
    topic = thread(120)
    row = Post.objects.get(seq=1).topic
    bars = lengths(row.pk, 120)
    assert len(bars) == 96
    assert (bars[0][0], bars[-1][0]) == (1, 120)
    text = page(http, f"/topics/{topic}", q="Post 7.")
    assert text.count('class="map-bar"') == 96
    assert text.count('class="map-hit"') == 1
    assert 'class="map-bar"' not in page(http, f"/topics/{thread(3, 'short')}")


def test_operator_posts_and_takes_part_by_it(http, thread, workspace):
    topic = thread(3)
    first = Post.objects.get(seq=1).message.public_id
    order = {"workspace": workspace.public_id, "body": "From the bridge", "kind": "note", "reply_to": first}
    answer = http.post(f"/topics/{topic}/post", order | {"client_id": "once", "back": f"/topics/{topic}"})
    assert (answer.status_code, answer.url) == (302, f"/topics/{topic}")
    post = Post.objects.select_related("message", "peer").get(seq=4)
    assert (post.message.body, post.kind, post.peer.name) == ("From the bridge", "note", "operator")
    assert Peer.objects.get(name="operator").seq == 4
    http.post(f"/topics/{topic}/post", order | {"client_id": "once"})
    assert Post.objects.count() == 4


def test_post_to_a_closed_topic_is_refused_in_words(http, thread, workspace, do, operator):
    topic = thread(1)
    do("topic_close", operator, topic=topic)
    order = {"workspace": workspace.public_id, "body": "Too late"}
    answer = http.post(f"/topics/{topic}/post", order, headers={"HX-Request": "true"})
    assert "closed" in answer.content.decode()
    assert "HX-Trigger" not in answer
    assert "It takes no more posts" in page(http, f"/topics/{topic}")
    assert http.get(f"/topics/{topic}/post").status_code == 405


def test_export_is_the_whole_thread(http, thread, say, bob):
    topic = thread(120)
    first = Post.objects.get(seq=1).message.public_id
    say(bob, topic, {"body": "Last.", "reply_to": first})
    answer = http.get(f"/topics/{topic}/export", {"format": "json"})
    assert answer["Content-Disposition"] == f'attachment; filename="{topic}.json"'
    told = answer.json()
    assert (told["title"], told["people"]) == ("checkout-api", ["alice", "bob"])
    assert [each["seq"] for each in told["posts"]] == list(range(1, 122))
    assert told["posts"][-1]["reply_to"] == first
    answer = http.get(f"/topics/{topic}/export")
    assert answer["Content-Disposition"] == f'attachment; filename="{topic}.md"'
    text = answer.content.decode()
    assert text.startswith("# checkout-api\n")
    assert "Last." in text


@pytest.mark.parametrize(("path", "status"), [("top_nothing/export", 404), ("{topic}/export?format=doc", 422)])
def test_export_of_what_is_not_there_is_refused(http, thread, path, status):
    assert http.get(f"/topics/{path.format(topic=thread(1))}").status_code == status


def test_topic_opens_in_the_inspector_and_its_messages_name_it(http, thread):
    topic = thread(3)
    message = Post.objects.get(seq=2).message.public_id
    text = page(http, "/events", inspect=topic).partition('id="inspector"')[2]
    assert "Open the thread" in text
    assert "Post 3." in text
    letter = page(http, "/messages", inspect=message).partition('id="inspector"')[2]
    assert f"inspect={topic}" in letter
    assert "number 2" in letter
    assert f"/topics/{topic}?post=2" in letter
    assert "Delivery" not in letter
    assert "There is no such topic" in page(http, "/messages", inspect="top_nothing")


def test_acts_fit_the_state_of_the_topic(http, thread, do, operator):
    topic = thread(1)
    text = page(http, f"/topics/{topic}")
    assert 'action="/do/topic_close"' in text
    assert 'action="/do/topic_delete"' not in text
    do("topic_close", operator, topic=topic, reason="Done")
    text = page(http, f"/topics/{topic}")
    assert {"topic_archive", "topic_delete", "topic_rename"} <= set(re.findall(r'action="/do/(\w+)"', text))
    http.post("/do/topic_delete", {"topic": topic, "confirm": "checkout-api", "back": "/topics"})
    assert http.get(f"/topics/{topic}").status_code == 404


def test_lost_name_is_released(http, thread, do, bob, sitting):
    topic = thread(1)
    sat = sitting(bob, "second")
    do("topic_join", sat, topic=topic, peer="night-shift")
    assert 'action="/do/topic_release_name"' not in page(http, f"/topics/{topic}")
    do("topic_join", sat, topic=topic, peer="day-shift")
    text = page(http, f"/topics/{topic}")
    assert "lost its name" in text
    assert 'name="peer" value="night-shift"' in text
    http.post("/do/topic_release_name", {"topic": topic, "peer": "night-shift", "back": "/topics"})
    assert "name is free" in page(http, f"/topics/{topic}")


def test_a_topic_is_found_by_its_name(http, do, alice):
    topic = do("topic_create", alice, name="payments-<b>api").topic
    text = http.get("/search?q=payments").content.decode()
    assert f'href="/topics/{topic}"' in text
    assert "&lt;b&gt;api" in text
