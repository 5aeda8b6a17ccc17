"""Search finds what a caller may see, the best first, whatever it is asked; and nothing else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bus import ids
from bus.models import Message
from overview.queries.finding import windows

NOTHING_SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def write(do, alice, bob):
    """Return a function by which alice writes to bob."""

    def write(subject, body="", by=alice, **more):
        return do("message_create", by, **({"to": "bob", "subject": subject, "body": body} | more)).message

    return write


@pytest.fixture
def give(do, alice):
    """Return a function by which alice hands a job over."""

    def give(title, body="", **more):
        return do("handoff_create", alice, **({"title": title, "body": body, "to": "bob"} | more)).handoff

    return give


@pytest.fixture
def find(do):
    """Return a function that lists the ids of what somebody finds, best first."""

    def find(caller, query, **more):
        return [hit.id for hit in do("search", caller, query=query, **more).results]

    return find


@pytest.fixture
def post(alice):
    """Return a function that puts a post of a topic into a workspace, as topics do."""

    def post(subject, by=alice):
        now = timezone.now()
        return Message.objects.create(
            public_id=ids.new("msg", now),
            workspace_id=by.workspace.id,
            kind="topic",
            sender_id=by.agent.id,
            to="#parsing",
            subject=subject,
            sent_at=now,
        ).public_id

    return post


# What is found


def test_a_message_is_found_by_its_words_wherever_they_stand(find, alice, bob, write):
    first, second = write("Trailing commas", "The parser takes them."), write("Other", "A parser of trailing things")
    write("Neither")
    assert find(bob, "parser trailing") == [first, second]
    assert find(bob, '"trailing commas"') == [first]
    assert find(bob, "parse") == []


def test_a_handoff_is_found_beside_messages(do, bob, write, give):
    message, handoff = write("Commas"), give("Review commas")
    hits = {hit.id: hit for hit in do("search", bob, query="commas").results}
    assert {hits[message].kind, hits[handoff].kind} == {"message", "handoff"}
    assert (hits[handoff].from_, hits[handoff].title) == ("alice", "Review commas")


def test_words_in_the_title_and_often_said_words_come_first(find, bob, write):
    once = write("One", "A comma here")
    often = write("Two", "comma comma comma comma comma")
    titled = write("Comma, comma", "comma comma comma comma")
    assert find(bob, "comma") == [titled, often, once]


def test_of_equals_the_newest_comes_first(find, bob, write):
    ids = [write("Comma") for _ in range(3)]
    assert find(bob, "comma") == ids[::-1]


def test_case_and_accents_do_not_matter(find, bob, write):
    message = write("Das CAFÉ", "naïve")
    assert find(bob, "cafe") == find(bob, "Café") == find(bob, "NAIVE") == [message]


def test_identifiers_are_found_whole_and_by_their_parts(find, bob, write):
    message = write("Fix", "user_id in payments-api/src/db.py")
    for query in ("user_id", "payments-api", "payments", "db.py", "src/db.py", "user_*"):
        assert find(bob, query) == [message], query
    assert find(bob, "id_user") == []


def test_a_beginning_finds_all_words_that_begin_so(find, bob, write):
    both = {write("deploying"), write("deployment of it")}
    assert set(find(bob, "deploy*")) == both
    assert set(find(bob, '"deployment o"*')) <= both
    assert len(find(bob, '"deployment o"*')) == 1


def test_the_line_shows_the_hits(do, bob, write):
    write("One", "word " * 40 + "and then\n\n the  Comma, twice a comma\x1b[31m " + "word " * 80)
    (hit,) = do("search", bob, query="comma").results
    assert [hit.snippet[start:end] for start, end in hit.hits] == ["Comma", "comma"]
    assert hit.snippet.startswith("…")
    assert hit.snippet.endswith("…")
    assert "\\x1b[31m" in hit.snippet
    assert "\n" not in hit.snippet


def test_without_a_hit_in_the_text_the_line_is_its_beginning(do, bob, write):
    write("Comma", "Nothing of it here")
    (hit,) = do("search", bob, query="comma").results
    assert (hit.snippet, hit.hits) == ("Nothing of it here", None)


# Filters


def test_kinds_narrow(find, bob, write, give, post):
    message, handoff, said = write("Comma"), give("A comma"), post("Comma")
    assert find(bob, "comma", kinds=["handoff"]) == [handoff]
    assert find(bob, "comma", kinds=["topic"]) == [said]
    assert message in find(bob, "comma", kinds=["message"])
    assert {handoff, said}.isdisjoint(find(bob, "comma", kinds=["message"]))


@pytest.mark.usefixtures("committed")
def test_a_post_says_where_it_stands_and_a_topic_narrows(do, attempt, assert_refused, bob, mallory, write):
    write("comma")
    topics = [do("topic_create", bob, name=name).topic for name in ("parsing", "printing")]
    for topic in topics:
        do("topic_join", bob, topic=topic)
        posts = [{"body": "first"}, {"body": f"comma in {topic}"}]
        do("topic_sync", bob, topic=topic, outbox=posts, timeout_seconds=0)
    everywhere = do("search", bob, query="comma").results
    assert {(hit.kind, hit.topic, hit.seq) for hit in everywhere} == {
        ("message", None, None),
        *(("topic", topic, 2) for topic in topics),
    }
    (hit,) = do("search", bob, query="comma", topic=topics[0]).results
    assert (hit.topic, hit.seq) == (topics[0], 2)
    assert_refused(attempt("search", mallory, query="comma", topic=topics[0]), "topic_not_found")


def test_the_writer_narrows(find, attempt, assert_refused, alice, bob, write, give):
    mine, theirs = write("Comma", by=bob, to="alice"), {write("Comma"), give("Comma")}
    assert find(bob, "comma", **{"from": "bob"}) == [mine]
    assert theirs <= set(find(bob, "comma", **{"from": "alice"}))
    assert mine not in find(bob, "comma", **{"from": "alice"})
    assert_refused(attempt("search", bob, query="comma", **{"from": "nobody"}), "unknown_agent")


def test_times_narrow(do, find, later, alice, bob):
    order = {"to": "bob", "subject": "Comma", "body": ""}
    old = do("message_create", alice, **order).message
    new = do("message_create", later(alice, 3600), **order).message
    between = (alice.now + timedelta(minutes=30)).isoformat()
    assert find(bob, "comma", since=between) == [new]
    assert find(bob, "comma", until=between) == [old]
    assert find(bob, "comma", since="0001-01-01T00:00:00Z", until="9999-12-31T23:59:59Z") == [new, old]


# Pages


@pytest.mark.parametrize("held", [3, 200])
def test_pages_give_everything_once_also_when_more_comes_meanwhile(do, monkeypatch, bob, write, give, held):
    monkeypatch.setattr(windows, "HELD", held)
    silent = {"to": {"capability": "none"}, "visibility": "public"}  # nobody is told of these
    wanted = {write("Comma", "comma " * (number % 4)) for number in range(8)}
    wanted |= {give("Comma", **silent) for _ in range(4)}
    found, cursor = [], None
    while True:
        page = do("search", bob, query="comma", limit=2, cursor=cursor, kinds=["message", "handoff"])
        found += [hit.id for hit in page.results if hit.title == "Comma"]
        write("Late comma")
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(found) == sorted(wanted)


def test_of_common_words_one_s_own_are_found_behind_those_of_others(do, monkeypatch, find, enrol, alice, bob, write):
    monkeypatch.setattr(windows, "WALKED", 3)
    own = {write("Comma") for _ in range(3)}
    enrol("dora")
    for _ in range(12):
        do("message_create", alice, to="dora", subject="Comma", body="")
    assert set(find(bob, "comma", kinds=["message"])) == own


def test_a_page_that_looked_in_vain_says_where_to_go_on(do, monkeypatch, bob, alice, write, give, enrol):
    monkeypatch.setattr(windows, "WALKED", 3)
    handoff = give("Comma")
    enrol("dora")
    for _ in range(8):
        do("handoff_create", alice, to="dora", title="Comma")
    found, cursor, pages = [], None, 0
    while pages == 0 or cursor is not None:
        page = do("search", bob, query="comma", kinds=["handoff"], cursor=cursor)
        found, cursor, pages = found + [hit.id for hit in page.results], page.next_cursor, pages + 1
    assert found == [handoff]
    assert pages > 1


def test_a_cursor_of_another_list_is_refused(do, attempt, assert_refused, bob):
    cursor = do("event_cursor", bob).cursor
    assert_refused(attempt("search", bob, query="comma", cursor=cursor), "invalid_input")


# Who finds what


def test_mail_is_found_by_its_sender_and_its_recipients_only(find, alice, bob, carol, operator, write):
    message = write("Comma")
    assert find(alice, "comma") == find(bob, "comma") == find(operator, "comma") == [message]
    assert find(carol, "comma") == []


def test_posts_of_topics_are_found_by_every_member(find, alice, carol, mallory, operator, post):
    said = post("Comma")
    assert find(alice, "comma") == find(carol, "comma") == find(operator, "comma") == [said]
    assert find(mallory, "comma") == []


def test_nothing_of_another_workspace_is_found(do, find, alice, bob, mallory, operator, write, give):
    write("Comma")
    give("Comma", visibility="public")
    assert find(mallory, "comma") == []
    do("message_create", mallory, to="operator", subject="Semicolon", body="")
    do("handoff_create", mallory, to="broadcast", title="Semicolon", visibility="public")
    for caller in (alice, bob, operator):
        assert find(caller, "semicolon") == []
    there = replace(operator, workspace=mallory.workspace)
    assert len(find(there, "semicolon")) == 2


def test_handoffs_are_found_by_who_may_see_them(do, find, alice, bob, carol, operator, give):
    private = give("Comma", visibility="private")
    public = give("Comma", visibility="public")
    jobs = {"kinds": ["handoff"]}
    assert set(find(alice, "comma", **jobs)) == set(find(operator, "comma", **jobs)) == {private, public}
    assert set(find(bob, "comma", **jobs)) == {private, public}
    assert find(carol, "comma", **jobs) == [public]
    assert do("handoff_get", carol, handoff=public).handoff == public


@pytest.mark.parametrize("query", ["*", '"', "?!", " ", "\x00", "\u202e", '"' * 10_000, "()", "NOT", "a OR", "{x}: y"])
def test_odd_questions_find_nothing_and_are_no_error(find, bob, write, query):
    write("Comma")
    assert find(bob, query) == []


@NOTHING_SHARED
@given(st.text(min_size=1, max_size=250))
def test_any_text_is_answered(find, bob, query):
    assert find(bob, query) == []


def test_half_a_letter_is_refused_as_everywhere(attempt, assert_refused, bob):
    assert_refused(attempt("search", bob, query="\ud800"), "invalid_input")
