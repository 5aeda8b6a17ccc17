"""The palette over every page: typed, walked, opened and closed by keys, and a page of its own without JavaScript."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.dashboard.browser import NARROW, Eyes
from tests.dashboard.test_accessibility import AXE, GRAVE, RUN
from tests.live.servers import Server

pytestmark = pytest.mark.slow


def typed(page, text):
    page.keyboard.press("/")
    expect(page.locator("#palette")).to_be_visible()
    page.keyboard.insert_text(text)  # at once: else what is found for its beginning may come in between
    expect(page.locator(f'#palette-list[data-text="{text}"]')).to_be_visible()
    expect(page.locator("#palette-count")).to_have_text(re.compile("found"))
    return page.locator("#palette-found [role=option]")


@pytest.mark.parametrize("path", ["/", "/messages", "/handoffs", "/settings"])
def test_a_thing_is_found_and_opened_by_keys_on_every_page(window: Eyes, path: str) -> None:
    page = window.go(path)
    found = typed(page, "bookings tou")
    expect(found.first).to_have_attribute("aria-selected", "true")
    expect(page.locator("#palette-found mark").first).to_have_text(re.compile("bookings|tou", re.IGNORECASE))
    page.keyboard.press("Enter")
    expect(page.locator("#palette")).to_be_hidden()
    expect(page.locator("#inspector .inspector-head")).to_be_visible()
    expect(page).to_have_url(re.compile("inspect="))


def test_arrows_walk_round_and_the_field_keeps_the_focus(window: Eyes) -> None:
    page = window.go("/events")
    found = typed(page, "the")
    page.keyboard.press("ArrowDown")
    expect(found.nth(1)).to_have_attribute("aria-selected", "true")
    expect(found.nth(0)).to_have_attribute("aria-selected", "false")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(found.last).to_have_attribute("aria-selected", "true")
    assert page.evaluate("document.activeElement.id") == "palette-query"
    assert page.locator("#palette-query").get_attribute("aria-activedescendant") == found.last.get_attribute("id")


def test_groups_are_named_and_agents_are_found_by_name(window: Eyes) -> None:
    page = window.go("/")
    page.keyboard.press("Control+k")
    page.keyboard.insert_text("boris")
    boris = page.get_by_role("group", name="Agents").get_by_role("option")
    expect(boris).to_contain_text("boris")
    expect(boris).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.locator("#inspector")).to_contain_text("boris")


def test_escape_and_ctrl_k_close_it(window: Eyes) -> None:
    page = window.go("/")
    for key in ("Escape", "Control+k"):
        page.keyboard.press("Control+k")
        expect(page.locator("#palette")).to_be_visible()
        page.keyboard.press(key)
        expect(page.locator("#palette")).to_be_hidden()


def test_escape_closes_it_alone_and_what_was_typed_is_typed_over(window: Eyes) -> None:
    page = window.go("/agents?inspect=@boris")
    typed(page, "berth")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("#palette-query")).to_have_value("berth")
    page.keyboard.type("tides")
    expect(page.locator("#palette-query")).to_have_value("tides")
    expect(page.locator("#palette-found mark").first).to_have_text(re.compile("tides", re.IGNORECASE))
    expect(page.locator("#inspector .inspector-head")).to_be_visible()


def held_back(asked: Route) -> None:
    """Never answer what the palette asks, as on a slow server, but let the page be opened."""
    if asked.request.resource_type != "fetch":
        asked.continue_()


def test_enter_opens_nothing_that_was_found_for_other_words(window: Eyes) -> None:
    page = window.go("/events")
    found = typed(page, "berth")
    expect(found.first).to_have_attribute("aria-selected", "true")
    page.route("**/search?q=invoice", held_back)
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("invoice")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?q=invoice$"))
    expect(page.locator("#inspector")).to_be_hidden()


def test_an_answer_that_comes_late_chooses_nothing(window: Eyes) -> None:
    page = window.go("/events")

    def overtaken(route: Route) -> None:
        page.locator("#palette-query").evaluate("field => { field.value = 'tides'; }")
        route.continue_()

    page.route("**/search?q=berth", overtaken)
    page.keyboard.press("/")
    page.keyboard.insert_text("berth")
    found = page.locator("#palette-found [role=option]")
    expect(found.first).to_be_visible()
    expect(page.locator("#palette-found [aria-selected=true]")).to_have_count(0)
    page.keyboard.press("ArrowDown")
    expect(found.first).to_have_attribute("aria-selected", "true")


def test_nothing_found_says_so_and_offers_all_workspaces(window: Eyes) -> None:
    page = window.go("/")
    page.keyboard.press("/")
    page.keyboard.type("nothing<b>like it")
    expect(page.locator("#palette-found")).to_contain_text("Nothing holds nothing<b>like it here")
    expect(page.locator("#palette-query")).to_have_attribute("aria-expanded", "false")
    page.get_by_role("link", name="Look in all workspaces").click()
    expect(page).to_have_url(re.compile("workspace=all"))
    expect(page.locator("main")).to_contain_text("Nothing holds")


def test_a_slash_that_somebody_types_is_a_letter(window: Eyes) -> None:
    page = window.go("/messages")
    page.locator("#has-text").focus()
    page.keyboard.type("a/b")
    expect(page.locator("#palette")).to_be_hidden()
    expect(page.locator("#has-text")).to_have_value("a/b")


def test_keys_walk_the_page_open_what_was_found_and_come_back_to_it(window: Eyes) -> None:
    page = window.go("/search?q=the")
    page.keyboard.press("j")
    page.keyboard.press("j")
    row = page.locator(".found-row").nth(1)
    expect(row).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator(".found-row").first).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#inspector .inspector-head")).to_be_visible()
    expect(row).to_have_class(re.compile("is-selected"))
    page.keyboard.press("Escape")
    expect(page.locator("#inspector")).to_be_hidden()
    expect(row).to_be_focused()


def test_the_page_holds_more_and_goes_further_back(window: Eyes) -> None:
    page = window.go("/search?q=the")
    page.get_by_role("navigation", name="Kind").get_by_role("link", name="Messages").click()
    expect(page).to_have_url(re.compile("kind=message"))
    expect(page.locator(".found-row mark").first).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_open_palette_has_no_serious_fault(browser, seeded: Server, theme: str) -> None:
    eyes = Eyes(browser, seeded.url, color_scheme=theme)
    page = eyes.go("/events")
    typed(page, "re")
    page.evaluate(AXE.read_text())
    faults = [each for each in page.evaluate(RUN) if each["impact"] in GRAVE]
    problems = eyes.problems()
    eyes.close()
    assert faults == []
    assert problems == []


def test_on_a_phone_it_fits_and_opens_by_its_sign(browser, seeded: Server) -> None:
    eyes = Eyes(browser, seeded.url, viewport=NARROW, has_touch=True)
    page = eyes.go("/messages")
    page.locator(".top-search").tap()
    page.locator("#palette-query").fill("re")
    expect(page.locator("#palette-found [role=option]").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
    box = page.locator("#palette").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= NARROW["width"]
    assert eyes.problems() == []
    eyes.close()


def test_without_javascript_it_is_a_page(browser, seeded: Server) -> None:
    page = Eyes(browser, seeded.url, java_script_enabled=False).page
    page.goto(f"{seeded.url}/events")
    page.locator(".top-search").click()
    page.locator("main ~ * input, #toolbar input[type=search]").first.fill("bookings touch")
    page.get_by_role("button", name="Search").click()
    page.locator(".found-row").first.click()
    expect(page.locator("#inspector .inspector-head")).to_be_visible()
