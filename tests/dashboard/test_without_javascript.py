"""Without JavaScript every fact and act is still there, by links and forms."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dashboard.browser import Eyes
from tests.dashboard.screens import screens
from tests.live.servers import Rest, Server

pytestmark = pytest.mark.slow


def plain(browser: Browser, server: Server) -> Page:
    return Eyes(browser, server.url, java_script_enabled=False).page


def test_every_screen_is_there(browser: Browser, seeded: Server) -> None:
    page = plain(browser, seeded)
    for name, path in screens(seeded.url).items():
        answer = page.goto(seeded.url + path)
        assert answer is not None
        assert answer.status == 200, name
        expect(page.locator("h1")).to_be_visible()
        assert len(page.locator("main").inner_text()) > 40, name
        if "inspect=" in path:
            assert "Nothing to show" not in page.locator("#inspector").inner_text(), name


def test_lists_filter_page_and_open_by_links(browser: Browser, seeded: Server) -> None:
    page = plain(browser, seeded)
    page.goto(f"{seeded.url}/events")
    page.get_by_role("link", name="Handoffs").last.click()
    assert "type=handoff" in page.url
    page.locator("#event-rows a.event-at").first.click()
    expect(page.locator("#inspector")).to_contain_text("Hash")
    page.get_by_role("link", name="Close").click()
    assert "inspect" not in page.url


def test_a_job_is_given_away_and_cancelled_by_forms(browser: Browser, seeded: Server) -> None:
    page = plain(browser, seeded)
    page.goto(f"{seeded.url}/handoffs")
    page.locator("#cards-open a").first.click()
    page.locator(".act summary", has_text="Cancel").click()
    page.locator(".act[open] input[name=reason]").fill("Not now")
    page.get_by_role("button", name="Cancel the handoff").click()
    expect(page.locator("#toasts")).to_contain_text("Cancelled")


def test_a_refusal_says_why(browser: Browser, seeded: Server) -> None:
    page = plain(browser, seeded)
    handoff = Rest(seeded, "").get("handoffs", states="claimed")["handoffs"][0]["handoff"]
    page.goto(f"{seeded.url}/handoffs?inspect={handoff}&act=cancel")
    seeded.operator().post(f"handoffs/{handoff}/cancel")
    page.get_by_role("button", name="Cancel the handoff").click()
    expect(page.locator("#toasts .toast-error")).to_be_visible()


def test_the_graph_has_its_table(browser: Browser, seeded: Server) -> None:
    page = plain(browser, seeded)
    page.goto(seeded.url)
    page.get_by_role("link", name="The table").click()
    expect(page.locator("main table").first).to_contain_text("boris")
    page.get_by_role("link", name="Unread").first.click()
    assert "sort=unread" in page.url
