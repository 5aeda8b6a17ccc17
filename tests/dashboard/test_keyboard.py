"""A person without a mouse gets everywhere, sees where they are, and acts."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.browser import Eyes
from tests.dashboard.screens import screens
from tests.live.servers import Server

pytestmark = pytest.mark.slow
FOCUSED = """
() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const box = at.getBoundingClientRect();
  const style = getComputedStyle(at);
  const name = at.getAttribute("aria-label") || at.innerText || at.value || at.title || at.placeholder || at.labels?.[0]?.innerText || "";
  return {
    tag: at.tagName, id: at.id, html: at.outerHTML.slice(0, 120), name: name.trim(),
    seen: box.width > 0 && box.height > 0, ringed: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1,
    inMain: Boolean(at.closest("main")), inInspector: Boolean(at.closest("#inspector")),
  };
}
"""
MOST_STOPS = 60


def stops(page: Page) -> list[dict[str, object]]:
    """Return where Tab stops, from the top of the page on."""
    found: list[dict[str, object]] = []
    page.evaluate("document.activeElement?.blur()")
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop is None:
            break
        found.append(stop)
    return found


def test_tab_reaches_the_content_of_every_screen_and_shows_where_it_is(window: Eyes, seeded: Server) -> None:
    for name, path in screens(seeded.url).items():
        found = stops(window.go(path))
        unseen = [stop for stop in found if not (stop["seen"] and stop["ringed"] and stop["name"])]
        assert unseen == [], name
        assert any(stop["inMain"] or stop["inInspector"] or "toolbar" in str(stop["id"]) for stop in found), name


@pytest.mark.parametrize("path", ["/messages", "/handoffs", "/events", "/?view=table"])
def test_a_list_is_walked_opened_and_closed_by_keys(window: Eyes, path: str) -> None:
    page = window.go(path)
    for _ in range(3):
        page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.locator("#inspector .inspector-head")).to_be_visible()
    expect(page).to_have_url(re.compile("inspect="))
    page.keyboard.press("Escape")
    expect(page.locator("#inspector")).to_be_hidden()
    expect(page).not_to_have_url(re.compile("inspect="))
    assert page.evaluate("document.activeElement !== document.body")


def test_compose_opens_and_closes_by_keys(window: Eyes) -> None:
    page = window.go("/events")
    page.keyboard.press("c")
    expect(page.locator("#sheet")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#sheet")).to_be_hidden()


def test_all_keys_are_shown(window: Eyes) -> None:
    page = window.go("/")
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#shortcuts")).to_be_hidden()


def test_a_handoff_is_cancelled_by_keys(window: Eyes) -> None:
    page = window.go("/handoffs")
    page.locator("#cards-open .card-title a").last.focus()
    title = page.evaluate("document.activeElement.innerText")
    page.keyboard.press("x")
    expect(page.locator("#inspector .act[open]")).to_contain_text("Cancel")
    page.keyboard.type("Not needed")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Cancelled")
    expect(page.locator("#cards-cancelled")).to_contain_text(title)
