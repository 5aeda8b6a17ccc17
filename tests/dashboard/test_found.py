"""The page Search as it is answered: what a hit says of itself and where it leads."""

import re

import pytest
from django.test import Client

from overview.queries.finding import everything
from tests.dashboard.topics import page

ROW = re.compile(r'<a class="found-row".*?</a>', re.DOTALL)


@pytest.fixture
def http(committed, workspace):
    return Client(HTTP_HOST="127.0.0.1", REMOTE_ADDR="127.0.0.1")


@pytest.fixture
def found(http):
    """Return a function that lists the rows that a search shows."""

    def found(text, **query):
        return ROW.findall(page(http, "/search", q=text, **query))

    return found


def words(row):
    return " ".join(re.sub("<[^>]+>", " ", re.sub("</?mark>", "", row)).split())


def test_a_post_names_its_topic_and_leads_to_its_place_in_the_thread(found, thread, say, bob):
    topic = thread(3, "tides <b>")
    say(bob, topic, {"body": "The ferry is late.\n\nBy an hour."})
    (row,) = found("ferry")
    assert f'href="/topics/{topic}?post=4"' in row
    assert "data-inspect" not in row
    assert "tides &lt;b&gt; · 4" in row
    assert words(row).count("ferry") == 1
    assert "bob The ferry is late. By an hour." in words(row)


def test_a_post_is_found_in_the_palette_as_on_the_page(http, thread):
    topic = thread(2)
    text = http.get("/search", {"q": "post 2"}, headers={"HX-Target": "div#palette-found"}).content.decode()
    (row,) = ROW.findall(text)
    assert f'href="/topics/{topic}?post=2"' in row
    assert "checkout-api · 2" in row


def test_what_is_found_in_all_workspaces_says_in_which(found, do, alice, bob, mallory, thread):
    thread(1, "quays")
    do("topic_create", mallory, name="quays")
    do("message_create", alice, to="bob", subject="Post", body="")
    do("handoff_create", mallory, to="broadcast", title="Post", visibility="public")
    here, there = (each.workspace.alias or each.workspace.public_id for each in (alice, mallory))
    assert here != there
    told = [words(row) for row in found("post", workspace="all")]
    assert [here in row for row in told] == [False, True, True]
    assert [there in row for row in told] == [True, False, False]
    assert [there in words(row) for row in found("quays", workspace="all")] == [True, False]
    assert [here in words(row) for row in found("quays", workspace="all")] == [False, True]
    assert not any(here in words(row) for row in found("post"))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("über", ["Über-Plan ünïcode"]),
        ("UBER unicode", ["Über-Plan ünïcode"]),
        ("u\u0308ber", ["Über-Plan ünïcode"]),
        ("release 4", ["release-4"]),
        ("4 release", ["release-4"]),
        ('"release 4"', ["release-4"]),
        ('"4 release"', []),
        ("release*", ["release-4"]),
        ("lease", ["release-4"]),
        ("release 5", []),
        ("🚢", ["🚢"]),
        ("\x00", []),
        ("%", []),
        ("_", []),
    ],
)
def test_topics_are_found_by_the_words_of_their_names(found, do, alice, text, names):
    for name in ("Über-Plan ünïcode", "release-4", "🚢"):
        do("topic_create", alice, name=name)
    told = [words(row) for row in found(text, kind="topic")]
    assert told == [f"{name} 0 posts Enter" for name in names]


@pytest.mark.parametrize("text", ["doc", "doc keep", "KEEPER dócs", '"keeper of"', "keep*", "of keeper"])
def test_agents_are_found_by_the_words_of_their_names_and_roles(found, enrol, text):
    enrol("docs-2", harness="codex", role="Keeper of the manual")
    assert [words(row) for row in found(text)] == ["docs-2 Keeper of the manual Enter"]


@pytest.mark.parametrize("path", ["/search?q=%00", "/topics?name=%00zzz", "/messages?q=%00zzz", "/handoffs?q=%00zzz"])
def test_a_character_that_nobody_sees_matches_nothing(http, do, alice, thread, path):
    thread(1, "quays")
    do("message_create", alice, to="bob", subject="quays", body="")
    do("handoff_create", alice, to="bob", title="quays", body="")
    assert "quays" not in http.get(path).content.decode().partition("<main")[2].partition("</main>")[0]


def test_old_topics_are_looked_for_by_name_only_so_far_back(monkeypatch, found, thread):
    monkeypatch.setattr(everything, "WALKED", 2)
    for name in ("quays", "tides", "berths"):
        thread(1, name)
    assert [bool(found(name)) for name in ("berths", "tides", "quays")] == [True, True, False]
