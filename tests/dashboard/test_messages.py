"""The page Messages: what it lists, opens, does and exports, and how it grows while somebody looks."""

import json
import re
import sqlite3

import pytest
from playwright.sync_api import expect

from tests.dashboard.browser import NARROW, Eyes

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def http(served, ann, ben):
    return served.client(base_url=served.url)


@pytest.fixture
def write(ann, ben):
    """Return a function by which ann writes to ben."""

    def write(subject, to="ben", body="Please look.", **more):
        return ann.post("messages", to=to, subject=subject, body=body, **more)["message"]

    return write


@pytest.fixture
def park(served):
    """Return a function that parks a message as if all attempts were used up."""

    def park(message):
        with sqlite3.connect(served.home / "nexus.sqlite3", timeout=30) as store:
            store.execute(
                "UPDATE bus_delivery SET lane='parked', ended_at='2026-01-01 00:00:00', reason='no ack after 5 attempts'"
                " WHERE message_id = (SELECT id FROM bus_message WHERE public_id = ?)",
                [message],
            )

    return park


def rows(text):
    """Return the ids of the rows of a page."""
    return re.findall(r'id="row-(msg_[0-9a-z]+)"', text)


def get(http, path="/messages", **query):
    reply = http.get(path, params=query)
    assert reply.status_code == 200, reply.text[:500]
    return reply.text


def test_filters_are_in_the_url_and_pages_need_no_javascript(http, write, ben):
    first, second = write("About apples"), write("About pears", body="A quince is in the body")
    ben.post("inbox/ack", messages=[first])
    assert rows(get(http))[:2] == [second, first]
    assert rows(get(http, q="quince")) == [second]
    assert first in rows(get(http, lane="read"))
    assert second not in rows(get(http, lane="read"))
    assert second in rows(get(http, **{"from": "ann", "to": "ben", "kind": "direct", "time": "hour"}))
    assert rows(get(http, **{"from": "ben", "to": "ben"})) == []


def test_nothing_found_says_how_to_get_back(http, write):
    write("Something")
    text = get(http, q="no such words", kind="topic")
    assert "Nothing matches" in text
    assert "Clear 2 filters" in text


@pytest.mark.parametrize(
    "query", [{"before": "x"}, {"after": "9" * 40}, {"lane": "'"}, {"kind": "\x00"}, {"time": "never"}]
)
def test_nonsense_in_the_url_is_no_error(http, query):
    get(http, **query)


def test_time_that_is_none_is_refused_in_plain_words(http):
    reply = http.get("/messages", params={"since": "someday"})
    assert reply.status_code == 422
    assert "is no time" in reply.text


def test_message_opens_beside_the_list_with_its_thread(http, write, ben):
    first = write("The question", body="**Why?**")
    answer = ben.post("messages", reply_to=first, subject="The answer", body="Because.")["message"]
    text = get(http, inspect=answer)
    inspector = text.partition('id="inspector"')[2]
    assert "Because." in inspector
    assert "The question" in inspector
    assert f'inspect={first}"' in inspector
    assert "Queued" in inspector
    assert "2 messages" in inspector


def test_unknown_message_says_so_beside_the_list(http):
    assert "There is no such message" in get(http, inspect="msg_nothing")


def test_references_lead_where_they_point(http, write):
    first = write("Pointed at")
    text = get(
        http,
        inspect=write(
            "Points",
            references=[
                {"kind": "message", "id": first},
                {"kind": "file", "id": "src/a.py"},
                {"kind": "url", "id": "https://a.example/x", "label": "The page"},
                {"kind": "url", "id": "javascript:pwned(1)", "label": "Not a page"},
            ],
        ),
    ).partition('id="inspector"')[2]
    assert re.search(rf'href="[^"]*inspect={first}"[^>]*>.*?Pointed at', text, re.DOTALL)
    assert '<a class="chip" href="https://a.example/x"' in text
    assert "Not a page" in text
    assert 'href="javascript' not in text


def test_export_is_the_thread_as_a_file(http, write, ben):
    first = write("To export", body="Line")
    ben.post("messages", reply_to=first, subject="Answer", body="")
    reply = http.get(f"/messages/{first}.json")
    assert reply.headers["content-disposition"] == f'attachment; filename="{first}.json"'
    told = json.loads(reply.text)["messages"]
    assert [each["subject"] for each in told] == ["To export", "Answer"]
    assert told[0]["recipients"][0]["agent"] == "ben"


@pytest.mark.parametrize("name", ["msg_nothing", "hnd_nothing", "msg_A", "x"])
def test_export_of_what_is_not_there_is_not_found(http, name):
    assert http.get(f"/messages/{name}.json").status_code == 404


def test_parked_message_is_queued_again(eyes: Eyes, write, park, ben):
    message = write("Nobody took it")
    park(message)
    page = eyes.go(f"/messages?lane=parked&inspect={message}")
    expect(page.locator("#inspector")).to_contain_text("Parked: no ack after 5 attempts")
    page.get_by_role("button", name="Re-queue for ben").click()
    expect(page.locator("#toasts")).to_contain_text("Queued again")
    expect(page.locator("#inspector")).to_contain_text("Queued again")
    assert message in [each["message"] for each in ben.post("inbox/pull", limit=100)["messages"]]


def test_operator_answers_from_the_inspector(eyes: Eyes, write, ann):
    page = eyes.go(f"/messages?inspect={write('Ask the operator', to='operator')}")
    page.locator("#inspector summary", has_text="Reply").click()
    page.get_by_label("Message, Markdown").fill("Yes, do it")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#toasts")).to_contain_text("Sent to ann")
    expect(page.locator("#inspector .thread")).to_contain_text("Yes, do it")
    newest = ann.get("messages", limit=1)["messages"][0]
    assert (newest["subject"], newest["body"]) == ("Re: Ask the operator", "Yes, do it")


def test_new_mail_comes_in_at_the_top_and_its_lane_follows(eyes: Eyes, write, ben):
    page = eyes.go("/messages")
    message = write("Fresh from the log")
    row = page.locator(f"#row-{message}")
    expect(row).to_be_visible()
    expect(page.locator("#mail-rows > li").first).to_have_id(f"row-{message}")
    expect(row.locator(".mail-dot")).to_be_visible()
    ben.post("inbox/ack", messages=[message])
    expect(row).to_contain_text("1 of 1 read")
    expect(row.locator(".mail-dot")).to_be_hidden()


def test_new_mail_waits_behind_a_number_while_somebody_reads(eyes: Eyes, write):
    write("So that there is a row")
    page = eyes.go("/messages")
    page.locator("#mail-rows > li").first.hover()
    before = page.locator("#mail-rows > li:visible").count()
    place = page.locator("#mail-rows").bounding_box()
    for number in range(3):
        write(f"Waiting {number}")
    button = page.locator("#fresh-mail")
    expect(button).to_have_text("3 new messages")
    assert page.locator("#mail-rows > li:visible").count() == before
    assert page.locator("#mail-rows").bounding_box() == place
    button.click()
    expect(page.locator("#mail-rows > li").first).to_contain_text("Waiting 2")
    expect(button).to_be_hidden()


def test_new_mail_that_does_not_fit_the_filter_stays_out(eyes: Eyes, write, ben):
    page = eyes.go("/messages?from=ann")
    other = ben.post("messages", to="ann", subject="From ben", body="")["message"]
    mine = write("From ann")
    expect(page.locator(f"#row-{mine}")).to_be_visible()
    expect(page.locator(f"#row-{other}")).to_have_count(0)


def test_page_that_finds_nothing_goes_on_saying_so(eyes: Eyes, write):
    page = eyes.go("/messages?kind=topic")
    before = page.locator("#facts").inner_text()
    write("Not of a topic")
    expect(page.locator("#facts")).not_to_have_text(before)
    expect(page.locator("main .empty")).to_contain_text("Nothing matches")


def test_row_that_came_by_the_socket_opens_on_this_page(eyes: Eyes, write):
    page = eyes.go("/messages?kind=direct")
    message = write("Open me")
    page.locator(f"#row-{message} a").click()
    expect(page.locator("#inspector h2")).to_have_text("Open me")
    expect(page).to_have_url(re.compile(f"/messages\\?kind=direct&inspect={message}$"))


def test_open_message_follows_its_delivery(eyes: Eyes, write, ben):
    message = write("Watched")
    page = eyes.go(f"/messages?inspect={message}")
    ben.post("inbox/ack", messages=[message])
    expect(page.locator("#inspector .receipt-lane")).to_contain_text("read after")


def test_keys_walk_the_list_open_and_close(eyes: Eyes, write):
    message = write("By keys alone")
    page = eyes.go("/messages")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#inspector h2")).to_have_text("By keys alone")
    page.keyboard.press("Escape")
    expect(page.locator("#inspector")).to_be_hidden()
    expect(page.locator(f"#row-{message} a")).to_be_focused()


def test_phone_shows_two_line_cards_without_scrolling_sideways(browser, served, write):
    write("On a phone " + "with a very long subject " * 6)
    eyes = Eyes(browser, served.url, viewport=NARROW)
    page = eyes.go("/messages")
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
    assert page.locator("main").evaluate("each => each.scrollWidth <= each.clientWidth")
    page.locator("#mail-rows > li").first.locator("a").click()
    expect(page.locator("#inspector h2")).to_contain_text("On a phone")
    box = page.locator("#inspector").bounding_box()
    assert box is not None
    assert box["width"] == NARROW["width"]
    assert eyes.problems() == []
    eyes.close()
