"""A name in a topic is one's own: by the key, by the session that took it, by its token, and never by asking."""

import pytest

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def join(attempt, topic):
    """Return a function by which a caller joins the topic."""
    return lambda caller, peer=None, **more: attempt("topic_join", caller, topic=topic, peer=peer, **more)


def test_the_agents_own_name_needs_no_token_and_keeps_its_place(join, sync, alice, bob, sitting):
    join(alice)
    join(bob)
    sync(alice, "one", "two")
    sync(bob, limit=1)
    again = join(sitting(bob, "after a restart"))
    assert (again.peer, again.seq) == ("bob", 1)
    assert [post.body for post in sync(sitting(bob, "and another")).received] == ["two"]


def test_a_chosen_name_is_taken_again_by_its_token_only(join, sync, assert_refused, alice, bob, sitting):
    first, second = sitting(alice, "one"), sitting(alice, "two")
    token = join(first, "red").reclaim_token
    assert len(token) == 32
    error = assert_refused(join(second, "red"), "name_in_use")
    assert error["details"]["requested"] == "red"
    assert error["details"]["suggested"] == [f"red-{number}" for number in range(2, 11)]
    assert_refused(join(second, "RED", reclaim_token="0" * 32), "name_in_use")
    assert_refused(join(bob, "red"), "name_in_use")
    again = join(second, "red", reclaim_token=token)
    assert (again.peer, again.reclaim_token) == ("red", token)
    assert sync(second, "hello").sent[0].peer == "red"


def test_whoever_lost_a_name_to_its_token_acts_under_it_no_more(
    attempt, join, assert_refused, topic, alice, bob, sitting
):
    first, second = sitting(alice, "one"), sitting(bob, "two")
    token = join(first, "red").reclaim_token
    join(second, "red", reclaim_token=token)
    assert_refused(attempt("topic_sync", first, topic=topic, timeout_seconds=0), "not_joined")


def test_without_a_session_a_name_in_use_needs_its_token_from_the_same_key_too(join, sync, assert_refused, alice):
    token = join(alice, "red").reclaim_token
    assert_refused(join(alice, "red"), "name_in_use")
    again = join(alice, "red", reclaim_token=token)
    assert (again.peer, again.reclaim_token) == ("red", token)
    assert sync(alice, "hello").sent[0].peer == "red"


@pytest.mark.parametrize("wanted", ["blue", "alice"])
def test_without_a_session_a_key_keeps_the_name_that_it_has(
    do, join, sync, assert_refused, alice, operator, topic, wanted
):
    join(alice, "red")
    error = assert_refused(join(alice, wanted), "already_joined")
    assert error["details"]["peer"] == "red"
    assert sync(alice, "hello").sent[0].peer == "red"
    do("topic_release_name", operator, topic=topic, peer="red")
    join(alice, wanted)
    assert sync(alice, "hello").sent[0].peer == wanted


def test_a_call_that_names_no_session_has_no_name_of_the_newest_one(
    attempt, join, sync, assert_refused, topic, alice, sitting
):
    first = sitting(alice, "one")
    token = join(first, "red").reclaim_token
    assert_refused(attempt("topic_sync", alice, topic=topic, timeout_seconds=0), "not_joined")
    assert_refused(join(alice, "red"), "name_in_use")
    join(alice, "blue")
    assert sync(first, "hello").sent[0].peer == "red"
    assert join(first, "red", reclaim_token=token).reclaim_token == token


def test_a_session_that_goes_back_to_its_agents_name_posts_under_it(join, sync, alice, sitting):
    first = sitting(alice, "one")
    join(first, "red")
    join(first)
    assert sync(first, "hello").sent[0].peer == "alice"


def test_two_sessions_of_one_agent_are_two_peers(join, sync, alice, sitting):
    red, blue = sitting(alice, "one"), sitting(alice, "two")
    join(red, "red")
    join(blue, "blue")
    sync(red, "from red")
    assert [post.peer for post in sync(blue, "from blue").received] == ["red"]
    assert [post.peer for post in sync(red).received] == ["blue"]


def test_the_name_of_another_agent_is_not_to_be_had(join, assert_refused, alice, bob):
    assert_refused(join(alice, "Bob"), "name_in_use")
    assert_refused(join(alice, "operator"), "name_in_use")
    assert join(bob).peer == "bob"


def test_a_name_says_nothing_of_who_is_elsewhere(join, alice, mallory):
    assert join(alice, "mallory").peer == "mallory"


def test_joining_again_without_the_token_leaves_it_good(join, alice, bob, sitting):
    first = sitting(alice, "one")
    token = join(first, "red").reclaim_token
    again = join(first, "red")
    assert (again.peer, again.reclaim_token) == ("red", None)
    assert join(bob, "red", reclaim_token=token).reclaim_token == token


def test_the_agents_own_name_keeps_its_token_too(join, alice, sitting):
    token = join(alice).reclaim_token
    assert join(sitting(alice, "one")).reclaim_token is None
    assert join(sitting(alice, "two"), "alice", session_only=True, reclaim_token=token).reclaim_token == token


def test_a_wrong_token_is_refused_from_the_holder_too(join, sync, assert_refused, alice, sitting):
    first = sitting(alice, "one")
    token = join(first, "red").reclaim_token
    assert_refused(join(first, "red", reclaim_token="f" * 32), "name_in_use")
    assert sync(first, "hello").sent[0].peer == "red"
    assert join(first, "red", reclaim_token=token).reclaim_token == token


def test_a_wrong_token_is_refused_for_the_agents_own_name_too(join, assert_refused, alice):
    join(alice)
    assert_refused(join(alice, reclaim_token="f" * 32), "name_in_use")


def test_an_operator_gives_a_lost_name_free_and_the_next_has_its_place(
    do, attempt, join, sync, assert_refused, topic, alice, bob, operator, sitting
):
    token = join(sitting(alice, "one"), "red").reclaim_token
    join(bob)
    sync(bob, "one")
    assert_refused(attempt("topic_release_name", bob, topic=topic, peer="red"), "forbidden")
    assert_refused(attempt("topic_release_name", operator, topic=topic, peer="green"), "not_found")
    do("topic_release_name", operator, topic=topic, peer="red")
    assert do("topic_presence", operator, topic=topic).peers[-1].released
    other = sitting(bob, "two")
    taken = join(other, "red")
    assert (taken.peer, taken.seq) == ("red", 0)
    assert taken.reclaim_token != token
    assert_refused(join(sitting(alice, "three"), "red", reclaim_token=token), "name_in_use")


@pytest.mark.parametrize("name", ["", "   ", "x" * 65, "a\nb", "a\x00b", "\ud800"])
def test_a_name_that_nobody_can_read_is_refused(join, assert_refused, alice, name):
    assert_refused(join(alice, name), "invalid_input")


def test_the_token_is_nowhere_in_the_database(join, alice, topic):
    from django.db import connection

    token = join(alice, "red").reclaim_token
    assert token not in "\n".join(connection.connection.iterdump())


def test_an_agents_own_name_can_be_one_sessions_alone(join, sync, assert_refused, alice, sitting):
    first, second = sitting(alice, "one"), sitting(alice, "two")
    token = join(first, "alice", session_only=True).reclaim_token
    assert_refused(join(second, "alice", session_only=True), "name_in_use")
    join(second, "blue")
    assert [post.peer for post in sync(second, "from blue").received] == []
    assert [post.body for post in sync(first).received] == ["from blue"]
    assert join(second, "alice", session_only=True, reclaim_token=token).peer == "alice"


def test_an_own_name_of_one_session_is_not_had_by_the_key(
    attempt, join, sync, assert_refused, topic, alice, bob, sitting
):
    first = sitting(bob, "one")
    token = join(first, "bob", session_only=True).reclaim_token
    join(alice)
    sync(alice, "one")
    for caller in (bob, sitting(bob, "two")):
        assert_refused(join(caller), "name_in_use")
        assert_refused(attempt("topic_sync", caller, topic=topic, timeout_seconds=0), "not_joined")
    assert [post.body for post in sync(first).received] == ["one"]
    assert join(first).peer == "bob"
    assert join(sitting(bob, "three"), "bob", session_only=True, reclaim_token=token).reclaim_token == token
