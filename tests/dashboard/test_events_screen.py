"""Events in a browser: new ones slide in or wait behind a number, filters hold, one opens by click and by key."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dashboard.browser import Eyes, held
from tests.live.servers import Rest, Server

pytestmark = pytest.mark.slow

ROWS = "#event-rows > li"


def write(sender: Rest, subject: str, to: str = "ben") -> None:
    sender.post("messages", to=to, subject=subject, body="Please look.")


def row(page: Page, subject: str):
    return page.locator(f"{ROWS}[data-type='message.created']", has_text=subject)


@pytest.fixture(scope="module")
def busy(ann: Rest, ben: Rest) -> None:
    """A log that is longer than a page."""
    for number in range(70):
        write(ann, f"Early {number}")


@pytest.fixture
def plain(browser: Browser, served: Server) -> Iterator[Page]:
    """A window without JavaScript."""
    eyes = Eyes(browser, served.url, java_script_enabled=False)
    yield eyes.page
    eyes.close()


def test_new_event_slides_in_at_the_top(eyes: Eyes, busy: None, ann: Rest) -> None:
    page = eyes.go("/events")
    write(ann, "Just now")
    expect(page.locator(ROWS).first).to_contain_text("Just now")
    expect(page.locator("#fresh-events")).to_be_hidden()


def test_new_event_waits_behind_a_number_while_somebody_reads(eyes: Eyes, busy: None, ann: Rest) -> None:
    page = eyes.go("/events")
    page.evaluate("document.getElementById('main').scrollTop = 400")
    write(ann, "While reading")
    expect(page.locator("#fresh-events")).to_have_text("1 new event")
    expect(row(page, "While reading")).to_be_hidden()
    write(ann, "And one more")
    expect(page.locator("#fresh-events")).to_have_text("2 new events")
    page.locator("#fresh-events").click()
    expect(row(page, "While reading")).to_have_count(1)
    expect(row(page, "While reading")).to_be_visible()
    expect(page.locator(ROWS).first).to_contain_text("And one more")
    expect(page.locator("#fresh-events")).to_be_hidden()


def test_filter_keeps_other_events_out_also_when_they_are_new(eyes: Eyes, busy: None, ann: Rest, ben: Rest) -> None:
    page = eyes.go("/events")
    page.locator(".sorts").get_by_role("link", name=re.compile("^Messages")).click()
    expect(page).to_have_url(re.compile("type=message"))
    ben.post("inbox/pull", limit=1)
    write(ann, "After the reading")
    expect(row(page, "After the reading")).to_be_visible()
    types = set(page.locator(ROWS).evaluate_all("rows => rows.map(row => row.dataset.type)"))
    assert types == {"message.created"}
    page.go_back()
    expect(page.locator(f"{ROWS}[data-type^='delivery']").first).to_be_visible()


def test_past_is_not_followed(eyes: Eyes, busy: None, ann: Rest) -> None:
    page = eyes.go("/events")
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("link", name="Follow the log")).to_be_visible()
    first = page.locator(ROWS).first.get_attribute("id")
    write(ann, "Not on this page")
    eyes.tab().goto(f"{eyes.base}/events")
    expect(page.locator(ROWS).first).to_have_id(str(first))
    expect(row(page, "Not on this page")).to_have_count(0)
    page.get_by_role("link", name="Follow the log").click()
    expect(page.locator(ROWS).first).to_contain_text("Not on this page")


def test_event_opens_by_click_and_back_closes_it(eyes: Eyes, busy: None) -> None:
    page = eyes.go("/events?type=message")
    name = page.locator(ROWS).first.get_attribute("data-item")
    page.locator(f"{ROWS} .event-at").first.click()
    expect(page.locator("#inspector #event-hash")).to_have_text(re.compile("^[0-9a-f]{64}$"))
    expect(page).to_have_url(re.compile(f"inspect={name}"))
    expect(page.locator(ROWS).first).to_have_class(re.compile("is-selected"))
    page.go_back()
    expect(page.locator("#inspector")).to_be_hidden()
    page.go_forward()
    expect(page.locator("#inspector #event-hash")).to_be_visible()


def test_going_forward_before_the_page_can_hear_it_opens_the_event_again(eyes: Eyes, busy: None) -> None:
    page = eyes.go("/events?type=message")
    page.locator(f"{ROWS} .event-at").first.click()
    expect(page.locator("#inspector #event-hash")).to_be_visible()
    asked = held(page, "**/js/frame*.js")
    page.go_back(wait_until="commit")
    expect(page.locator("#inspector")).to_be_hidden()
    route = asked()
    page.go_forward(wait_until="commit")
    route.continue_()
    expect(page.locator("#inspector #event-hash")).to_be_visible()


def test_event_opens_by_keys_and_escape_gives_the_place_back(eyes: Eyes, busy: None) -> None:
    page = eyes.go("/events?type=message")
    for key in ("j", "j", "j", "k"):
        page.keyboard.press(key)
    second = page.locator(ROWS).nth(1)
    expect(second.locator("a").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#inspector #event-hash")).to_be_visible()
    expect(page).to_have_url(re.compile(f"inspect={second.get_attribute('data-item')}"))
    page.keyboard.press("Escape")
    expect(page.locator("#inspector")).to_be_hidden()
    expect(second.locator("a").first).to_be_focused()
    assert "inspect" not in page.url


def test_exports_are_downloads_of_what_is_filtered(eyes: Eyes, busy: None) -> None:
    page = eyes.go("/events?type=message")
    for title, name in (("JSON lines", "nexus-events.jsonl"), ("CSV", "nexus-events.csv")):
        page.locator("summary", has_text="Export").click()
        with page.expect_download() as started:
            page.get_by_role("link", name=title, exact=True).click()
        assert started.value.suggested_filename == name
        text = started.value.path().read_text()
        assert "message.created" in text
        assert "delivery.read" not in text
        if name.endswith("jsonl"):
            assert len([json.loads(line) for line in text.splitlines()]) >= 70
        page.keyboard.press("Escape")


def test_everything_is_there_without_javascript(plain: Page, served: Server, busy: None) -> None:
    plain.goto(f"{served.url}/events")
    assert plain.locator(ROWS).count() == 60
    last = plain.locator(ROWS).last.get_attribute("data-pk")
    plain.get_by_role("link", name="Older").click()
    assert int(plain.locator(ROWS).first.get_attribute("data-pk") or 0) < int(last or 0)
    plain.get_by_role("link", name="Follow the log").click()
    plain.locator(".sorts").get_by_role("link", name=re.compile("^Messages")).click()
    types = set(plain.locator(ROWS).evaluate_all("rows => rows.map(row => row.dataset.type)"))
    assert types == {"message.created"}
    plain.locator(f"{ROWS} .event-at").first.click()
    expect(plain.locator("#inspector #event-hash")).to_be_visible()
    plain.go_back()
    expect(plain.locator("#inspector")).to_be_hidden()


def test_jump_and_export_without_javascript(plain: Page, served: Server, busy: None) -> None:
    plain.goto(f"{served.url}/events?type=message")
    plain.locator("#at").fill("2001-01-01T00:00:00")
    plain.get_by_role("button", name="Jump to time").click()
    expect(plain.locator("main")).to_contain_text("Nothing matches.")
    assert "type=message" in plain.url
    plain.goto(f"{served.url}/events?type=message")
    plain.locator("summary", has_text="Export").click()
    with plain.expect_download() as started:
        plain.get_by_role("link", name="CSV", exact=True).click()
    assert started.value.path().read_text().startswith("seq,at,type,")


@pytest.mark.parametrize("at", ["never", "0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00", "1e9"])
def test_no_time_is_refused_in_words_or_is_an_edge(served: Server, busy: None, at: str) -> None:
    answer = served.client().get(f"{served.url}/events?at={at}")
    assert answer.status_code in (200, 422)
    assert "<h1" in answer.text
