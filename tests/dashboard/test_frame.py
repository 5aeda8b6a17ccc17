"""The frame in a browser: it follows the log, survives a restart, and is moved by keys alone."""

import re

import pytest
from playwright.sync_api import expect

from tests.dashboard.browser import NARROW, Eyes
from tests.live.servers import Rest, Server

pytestmark = pytest.mark.slow


def write(sender: Rest, to: str, subject: str, **more: object) -> str:
    return str(sender.post("messages", to=to, subject=subject, body="Please look.", **more)["message"])


def test_numbers_of_the_rail_follow_the_log(eyes: Eyes, ann: Rest, ben: Rest) -> None:
    page = eyes.go("/settings")
    before = int(page.locator("#count-unread").inner_text() or 0)
    write(ann, "ben", "One more")
    expect(page.locator("#count-unread")).to_have_text(str(before + 1))


def test_the_rail_names_the_topics_in_which_something_was_posted_last(eyes: Eyes, ann: Rest) -> None:
    for name in ("recent-1", "recent-2", "recent-3", "recent-4"):
        ann.post("topics", name=name)
    page = eyes.go("/settings")
    recent = page.locator("#recent a")
    expect(recent).to_have_text(["recent-4", "recent-3", "recent-2"])
    topic = ann.post("topics", name="recent-1")["topic"]
    ann.post("topics/join", topic=topic)
    ann.post(f"topics/{topic}/sync", outbox=[{"body": "Look"}], timeout_seconds=0)
    expect(recent).to_have_text(["recent-1", "recent-4", "recent-3"])
    recent.first.click()
    expect(page).to_have_url(re.compile(topic))


def test_letters_lead_to_every_page(eyes: Eyes, ann: Rest) -> None:
    page = eyes.go("/")
    for letter, path in (
        ("m", "/messages"),
        ("h", "/handoffs"),
        ("t", "/topics"),
        ("a", "/agents"),
        ("e", "/events"),
        ("s", "/settings"),
    ):
        page.keyboard.press("g")
        page.keyboard.press(letter)
        expect(page).to_have_url(re.compile(re.escape(path)))
        page.locator('#pill[data-state="live"]').wait_for()


def test_theme_is_remembered(eyes: Eyes) -> None:
    page = eyes.go("/")
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_live_updates_can_be_paused(eyes: Eyes, ann: Rest, ben: Rest) -> None:
    page = eyes.go("/settings")
    page.locator("#pill").click()
    expect(page.locator("#pill")).to_have_text("Paused")
    before = int(page.locator("#count-unread").inner_text() or 0)
    write(ann, "ben", "While paused")
    page.locator("#pill").click()
    expect(page.locator("#count-unread")).to_have_text(str(before + 1))


def test_what_is_typed_on_a_page_stays_when_much_was_missed(eyes: Eyes) -> None:
    """A page that is too far behind reads itself again."""
    page = eyes.go("/compose")
    title = page.locator("#page [name=title]")
    title.fill("Half a tit")
    page.evaluate("""() => {
      window.put = new Promise((done) => window.addEventListener("nexus:settled", done, { once: true }));
      window.dispatchEvent(new CustomEvent("nexus:resync"));
    }""")
    page.evaluate("window.put")
    expect(title).to_have_value("Half a tit")
    expect(title).to_be_focused()


def test_unknown_workspace_is_a_page_that_says_so(eyes: Eyes) -> None:
    answer = eyes.page.goto(f"{eyes.base}/?workspace=nowhere")
    assert answer is not None
    assert answer.status == 404
    expect(eyes.page.locator("body")).to_contain_text("There is no such workspace")
    eyes.complaints.clear()  # Chromium names every 404 in its console


def test_phone_has_its_bar_at_the_bottom(browser, served: Server) -> None:
    eyes = Eyes(browser, served.url, viewport=NARROW)
    page = eyes.go("/")
    box = page.locator(".rail").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] == NARROW["height"]
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
    assert eyes.problems() == []
    eyes.close()


def test_killed_server_shows_at_once_and_a_restarted_one_makes_the_page_right(browser, tmp_path) -> None:
    server = Server(tmp_path / "home").start()
    ann, ben = server.agent("ann"), server.agent("ben")
    eyes = Eyes(browser, server.url)
    page = eyes.go("/settings")
    server.kill()
    expect(page.locator("#pill")).to_have_attribute("data-state", "reconnecting")
    server.start()
    write(ann, "ben", "After the restart")
    expect(page.locator("#pill")).to_have_attribute("data-state", "live", timeout=30_000)
    expect(page.locator("#count-unread")).to_have_text("1")
    assert ben.get("inbox/count")["unread"] == 1
    eyes.close()
    server.close()


def test_socket_resumes_exactly_where_a_hidden_page_let_go(eyes: Eyes, ann: Rest, ben: Rest) -> None:
    page = eyes.go("/settings")
    hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true}); document.dispatchEvent(new Event('visibilitychange'))"
    page.evaluate(hide % "true")
    before = int(page.locator("#count-unread").inner_text() or 0)
    write(ann, "ben", "While hidden")
    page.evaluate(hide % "false")
    expect(page.locator("#count-unread")).to_have_text(str(before + 1))
