"""The Live page of a seeded server goes into the past and comes back."""

import re

import pytest
from playwright.sync_api import expect

from tests.dashboard.browser import Eyes
from tests.dashboard.screens import screens
from tests.live.servers import Server

pytestmark = pytest.mark.slow


def test_the_page_goes_back_in_time_and_returns(window: Eyes) -> None:
    page = window.go("/")
    facts = page.locator("#facts").inner_text()
    expect(page.locator("#latest-head")).to_contain_text("Latest")
    expect(page.locator(".track-speech")).to_have_count(96)
    box = page.locator(".track-line").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + 20)
    expect(page.locator("#pill")).to_have_text("In the past")
    expect(page.locator("#facts")).to_contain_text("as it was at")
    expect(page.locator("#latest-head")).to_contain_text("Up to")
    expect(page.locator("#needs-head")).to_contain_text("Needs you now")
    expect(page).to_have_url(re.compile(r"[?&]at=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"))
    page.get_by_role("button", name="Back to live").click()
    expect(page.locator("#pill")).to_have_text("Live")
    expect(page.locator("#latest-head")).to_contain_text("Latest")
    expect(page.locator("#ticker")).to_have_count(1)
    assert page.locator("#facts").inner_text() == facts
    assert "at=" not in page.url


def test_what_needs_the_operator_is_of_now_also_beside_the_past(window: Eyes, seeded: Server) -> None:
    window.page.goto(seeded.url + screens(seeded.url)["live-replay"])
    expect(window.page.locator("#needs-head")).to_contain_text("Needs you now")
    parked = window.page.locator("#needs .need-parked")
    expect(parked).to_have_count(1)
    order = {name: parked.locator(f"[name={name}]").input_value() for name in ("message", "agent", "workspace")}
    assert "error" not in seeded.operator().post(f"messages/{order.pop('message')}/requeue", **order)
    expect(parked).to_have_count(0)
    expect(window.page.locator("#needs-head")).to_contain_text("Needs you now")
    with window.page.expect_response("**/*"):
        window.page.evaluate("window.dispatchEvent(new CustomEvent('nexus:resync'))")
    expect(window.page.locator("#ticker-past")).to_have_count(1)
    expect(window.page.locator("#needs-head")).to_contain_text("Needs you now")


def test_a_link_to_an_instant_shows_it_at_once(window: Eyes, seeded: Server) -> None:
    window.page.goto(seeded.url + screens(seeded.url)["live-replay"])
    expect(window.page.locator("#pill")).to_have_text("In the past")
    expect(window.page.locator("#graph")).to_have_class(re.compile("is-replay"))
    expect(window.page.locator("#latest-head")).to_contain_text("Up to")
    expect(window.page.get_by_role("button", name="Back to live")).to_be_visible()


def test_nothing_on_the_graph_of_the_seeded_story_touches_anything(window: Eyes) -> None:
    page = window.go("/")
    boxes = page.evaluate("document.getElementById('graph').nexus.boxes()")
    assert sum(box["kind"] == "node" for box in boxes) == page.evaluate(
        "document.getElementById('graph').nexus.stats().nodes"
    )
    crossed = [
        (a["name"], b["name"])
        for at, a in enumerate(boxes)
        for b in boxes[at + 1 :]
        if a["x"] < b["x"] + b["w"]
        and b["x"] < a["x"] + a["w"]
        and a["y"] < b["y"] + b["h"]
        and b["y"] < a["y"] + a["h"]
    ]
    assert boxes
    assert crossed == []
