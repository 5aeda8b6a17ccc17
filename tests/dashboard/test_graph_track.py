"""Time travel in a browser: the track is moved by pointer and keys, the page follows, and the address remembers."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dashboard.browser import VIOLATIONS
from tests.dashboard.still import site

pytestmark = pytest.mark.slow

UNREAD = "page.graph.state.agents.find((agent) => agent.name === 'ben').unread"
NEWS = {
    "type": "message.created",
    "at": "2026-11-26T14:00:05.000Z",
    "actor": "ann",
    "message": "msg_9",
    "kind": "direct",
    "data": {"to": ["ben"]},
}


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with site() as base:
        yield base


@pytest.fixture
def window(browser: Browser) -> Iterator[Page]:
    """A tab in UTC that must have nothing to complain of at the end."""
    context = browser.new_context(viewport={"width": 1184, "height": 700}, timezone_id="UTC", reduced_motion="reduce")
    context.add_init_script(VIOLATIONS)
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    complaints += page.evaluate("window.violations")
    context.close()
    assert complaints == []


def opened(page: Page, url: str) -> Page:
    page.goto(url)
    page.locator("html[data-ready=yes]").wait_for()
    page.locator(".track-speech").first.wait_for(state="attached")
    return page


@pytest.fixture
def track(window: Page, base: str) -> Page:
    """The track alone, with an hour of made-up traffic."""
    return opened(window, f"{base}/index.html")


@pytest.fixture
def live(window: Page, base: str) -> Page:
    """The Live page over a log of four messages from ann to ben, at 13:36, 13:42, 13:48 and 13:54."""
    return opened(window, f"{base}/live.html")


def asked(page: Page) -> list[list[Any]]:
    return list(page.evaluate("asked"))


def news(page: Page) -> None:
    page.evaluate("event => window.dispatchEvent(new CustomEvent('nexus:events', {detail: {events: [event]}}))", NEWS)


def click_at(page: Page, share: float) -> None:
    expect(page.locator(".track-speech")).to_have_count(96)
    box, before = page.locator(".track-line").bounding_box(), None
    while box is None or box != before:  # until nothing shifts any more
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        box, before = page.locator(".track-line").bounding_box(), box
    page.mouse.click(box["x"] + box["width"] * share, box["y"] + 20)


def test_the_track_shows_ninety_six_bars_and_its_marks(track: Page) -> None:
    expect(track.locator(".track-speech")).to_have_count(96)
    expect(track.locator(".track-work")).to_have_count(96)
    assert [each.get_attribute("class") for each in track.locator(".track-mark").all()] == [
        "track-mark failed",
        "track-mark completed",
        "track-mark asked",
    ]
    expect(track.locator(".track-clock")).to_have_text("14:06:41")
    expect(track.locator(".track-back")).to_be_hidden()


def test_the_track_is_a_slider_for_screen_readers(track: Page) -> None:
    line = track.get_by_role("slider", name="Time")
    assert line.get_attribute("aria-valuetext") == "14:06:41, now"
    past = "{live: false, playing: false, at: Date.parse('2026-11-26T13:41:20Z')}"
    track.evaluate(f"track.show({past})")
    assert line.get_attribute("aria-valuetext") == "13:41:20, 25 min ago"
    assert line.get_attribute("aria-valuemax") == "3600"


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("ArrowLeft", ["step", -1]),
        ("ArrowRight", ["step", 1]),
        ("Shift+ArrowLeft", ["seek", "2026-11-26T14:05:41.000Z"]),
        ("PageDown", ["seek", "2026-11-26T14:01:41.000Z"]),
        ("Home", ["seek", "2026-11-26T13:06:41.000Z"]),
        ("End", ["live", None]),
        ("Shift+ArrowRight", ["live", None]),
        (" ", ["pause", None]),
    ],
)
def test_keys_on_the_track(track: Page, key: str, wanted: list[Any]) -> None:
    track.locator(".track-line").press(key)
    assert asked(track) == [wanted]


def test_a_click_on_the_track_goes_to_that_instant(track: Page) -> None:
    click_at(track, 0.5)
    act, instant = asked(track)[-1]
    assert act == "seek"
    assert instant.startswith("2026-11-26T13:36:4")


def test_a_slow_click_goes_to_the_same_instant(track: Page) -> None:
    box = track.locator(".track-line").bounding_box()
    assert box is not None
    track.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    track.mouse.down()
    track.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    track.mouse.up()
    expect(track.locator(".track-back")).to_be_visible()
    assert asked(track)[-1][1].startswith("2026-11-26T13:36:4")


def test_what_is_later_than_the_head_is_pale(track: Page) -> None:
    track.evaluate("track.show({live: false, at: Date.parse('2026-11-26T13:36:41Z'), since: null})")
    expect(track.locator(".track-future rect.track-speech")).to_have_count(48)
    expect(track.locator(".track-mark.track-future")).to_have_count(2)


def test_an_address_with_an_instant_shows_that_instant(window: Page, base: str) -> None:
    page = opened(window, f"{base}/live.html?at=2026-11-26T13:45:00Z")
    expect(page.locator("#facts")).to_have_text("as it was at 13:45:00")
    assert page.evaluate(UNREAD) == 2
    expect(page.locator("#graph")).to_have_class(re.compile("is-replay"))


def test_seeking_changes_the_graph_and_the_address(live: Page) -> None:
    click_at(live, 0.5)
    expect(live).to_have_url(re.compile(r"at=2026-11-26T13:45:0\dZ"))
    expect(live.locator("#pill")).to_have_text("In the past")
    assert live.evaluate(UNREAD) == 2


def test_arrows_step_from_event_to_event(live: Page) -> None:
    click_at(live, 0.5)
    expect(live.locator("#pill")).to_have_text("In the past")
    line = live.locator(".track-line")
    line.press("ArrowRight")
    expect(live.locator(".track-clock")).to_have_text("13:48:00")
    assert live.evaluate(UNREAD) == 3
    line.press("ArrowLeft")
    expect(live.locator(".track-clock")).to_have_text("13:42:00")
    assert live.evaluate(UNREAD) == 2
    line.press("ArrowLeft")
    expect(live.locator(".track-clock")).to_have_text("13:36:00")
    assert live.evaluate(UNREAD) == 1


def test_a_replay_plays_to_the_end_and_is_live_again(live: Page) -> None:
    click_at(live, 0.02)
    expect(live.locator("#pill")).to_have_text("In the past")
    assert live.evaluate(UNREAD) == 0
    live.locator(".track-speed").select_option("100")
    live.locator(".track-play").click()
    expect(live.locator("#pill")).to_have_text("Replay 100x")
    expect(live.locator("#pill")).to_have_text("Live", timeout=15_000)
    assert live.evaluate(UNREAD) == 4
    assert "at=" not in live.url


def test_live_events_wait_outside_while_the_past_is_shown(live: Page) -> None:
    click_at(live, 0.5)
    expect(live.locator("#pill")).to_have_text("In the past")
    news(live)
    assert live.evaluate(UNREAD) == 2
    live.get_by_role("button", name="Back to live").click()
    expect(live.locator("#facts")).to_have_text("2 here")
    assert live.evaluate(UNREAD) == 4
    news(live)
    assert live.evaluate(UNREAD) == 5


def test_a_paused_graph_catches_up_when_it_goes_on(live: Page) -> None:
    live.locator("[data-graph=pause]").click()
    news(live)
    assert live.evaluate(UNREAD) == 4
    live.locator("[data-graph=pause]").click()
    assert live.evaluate(UNREAD) == 5


def test_a_click_on_an_agent_opens_the_inspector(live: Page) -> None:
    ben = live.evaluate("page.graph.boxes().find((box) => box.name === 'ben')")
    box = live.locator("#graph").bounding_box()
    assert box is not None
    live.mouse.click(box["x"] + ben["x"] + 20, box["y"] + ben["y"] + 20)
    assert ["nexus:inspect", "@ben"] in live.evaluate("heard")


def test_filters_are_read_from_the_address(window: Page, base: str) -> None:
    page = opened(window, f"{base}/live.html?verbs=handoffs")
    boxes = page.evaluate("page.graph.boxes()")
    assert sorted(box["name"] for box in boxes if box["kind"] == "node") == ["ann", "ben"]
    news(page)
    assert page.evaluate("page.graph.boxes().filter((box) => box.kind === 'pill')") == []


def test_back_takes_the_page_back_to_now(live: Page) -> None:
    live.evaluate(
        "history.pushState(null, '', '?at=2026-11-26T13:45:00Z'); dispatchEvent(new PopStateEvent('popstate'))"
    )
    expect(live.locator("#facts")).to_have_text("as it was at 13:45:00")
    live.go_back()
    expect(live.locator("#facts")).to_have_text("2 here")
    assert live.evaluate(UNREAD) == 4


def test_the_link_to_an_instant_is_copied(live: Page) -> None:
    live.context.grant_permissions(["clipboard-read", "clipboard-write"])
    click_at(live, 0.5)
    expect(live.locator("#pill")).to_have_text("In the past")
    live.get_by_role("button", name="Copy a link to this instant").click()
    expect(live.locator(".track [role=status]")).to_have_text("Link copied")
    assert "at=2026-11-26T13:45" in live.evaluate("navigator.clipboard.readText()")
