"""The Handoffs screen in a browser: cards move as the log says, menus and keys act, refusals are shown in words."""

import re
from collections.abc import Iterator
from itertools import count

import pytest
from playwright.sync_api import APIResponse, Browser, Locator, Page, Route, expect

from tests.dashboard.browser import NARROW, Eyes
from tests.live.servers import Rest, Server

pytestmark = pytest.mark.slow
NUMBERS = count(1)
NOTE_FLIGHTS = """() => {
  window.flights = [];
  const animate = Element.prototype.animate;
  Element.prototype.animate = function (...how) {
    window.flights.push(this.id);
    return animate.apply(this, how);
  };
}"""


@pytest.fixture
def job(ann: Rest, ben: Rest) -> str:
    """A fresh job that only ben can take, who is here."""
    ben.get("inbox/count")
    return give(ann, f"Review part {next(NUMBERS)}")


@pytest.fixture
def phone(browser: Browser, served: Server) -> Iterator[Eyes]:
    """A narrow window."""
    eyes = Eyes(browser, served.url, viewport=NARROW)
    yield eyes
    problems = eyes.problems()
    eyes.close()
    assert problems == []


def give(by: Rest, title: str, **more: object) -> str:
    order = {"title": title, "to": {"capability": "review"}, "lease_seconds": 3600, **more}
    return str(by.post("handoffs", **order)["handoff"])


def card(page: Page, job: str, column: str = "") -> Locator:
    where = f"#column-{column} " if column else ""
    return page.locator(f"{where}#card-{job}")


def found(page: Page, job: str) -> Locator:
    return page.locator(f"#found-card-{job}")


def state(served: Server, job: str) -> str:
    return str(served.operator().get(f"handoffs/{job}")["state"])


def test_a_claim_moves_its_card_and_the_numbers(eyes: Eyes, ben: Rest, job: str) -> None:
    page = eyes.go("/handoffs")
    numbers = {name: int(page.locator(f"#number-{name}").inner_text()) for name in ("open", "claimed")}
    expect(card(page, job, "open")).to_contain_text("1 eligible")
    ben.post(f"handoffs/{job}/claim")
    expect(card(page, job, "claimed")).to_contain_text("ben")
    expect(card(page, job)).to_have_count(1)
    expect(card(page, job).locator("progress")).to_have_count(1)
    expect(page.locator("#number-open")).to_have_text(str(numbers["open"] - 1))
    expect(page.locator("#number-claimed")).to_have_text(str(numbers["claimed"] + 1))


def test_cards_that_come_in_keep_the_order_of_their_column(eyes: Eyes, ann: Rest, ben: Rest) -> None:
    page = eyes.go("/handoffs")
    calm, urgent = give(ann, "Calm"), give(ann, "Urgent", priority=9)
    expect(card(page, calm, "open")).to_be_visible()
    expect(card(page, urgent, "open")).to_be_visible()
    live = page.locator("#cards-open > .card").evaluate_all("cards => cards.map((card) => card.id)")
    page.reload()
    expect(card(page, calm, "open")).to_be_visible()
    assert page.locator("#cards-open > .card").evaluate_all("cards => cards.map((card) => card.id)") == live
    assert live.index(f"card-{urgent}") < live.index(f"card-{calm}")


def test_a_card_that_moved_opens_on_the_same_page(eyes: Eyes, ben: Rest, job: str) -> None:
    page = eyes.go("/handoffs?column=claimed")
    ben.post(f"handoffs/{job}/claim")
    card(page, job, "claimed").locator("a").first.click()
    expect(page.locator("#inspector h2")).to_contain_text("Review part")
    expect(page).to_have_url(f"{eyes.base}/handoffs?column=claimed&inspect={job}")
    expect(card(page, job)).to_have_class(re.compile("is-selected"))


def test_a_card_flies_for_those_who_like_movement(browser: Browser, served: Server, ben: Rest, job: str) -> None:
    eyes = Eyes(browser, served.url, reduced_motion="no-preference")
    page = eyes.go("/handoffs")
    page.evaluate(NOTE_FLIGHTS)
    ben.post(f"handoffs/{job}/claim")
    expect(card(page, job, "claimed")).to_be_visible()
    eyes.until(f"window.flights.includes('card-{job}')")
    assert eyes.problems() == []
    eyes.close()


def test_a_claim_that_runs_out_goes_back_before_the_eyes(eyes: Eyes, ann: Rest, ben: Rest) -> None:
    job = give(ann, "Short of breath", lease_seconds=2)
    page = eyes.go("/handoffs")
    ben.post(f"handoffs/{job}/claim")
    expect(card(page, job, "claimed")).to_be_visible()
    expect(card(page, job, "open")).to_be_visible(timeout=30_000)
    expect(card(page, job)).to_contain_text("attempt 2 of 5")


def test_the_menu_of_a_card_cancels_it_with_a_reason(eyes: Eyes, served: Server, job: str) -> None:
    page = eyes.go("/handoffs")
    card(page, job).hover()
    card(page, job).locator("summary").click()
    card(page, job).get_by_role("link", name="Cancel").click()
    box = page.locator("#inspector .act[open]")
    box.get_by_label("Why").fill("The parser goes")
    box.get_by_role("button", name="Cancel the handoff").click()
    expect(page.locator("#toasts")).to_contain_text("Cancelled")
    expect(card(page, job, "closed")).to_contain_text("The parser goes")
    expect(page.locator("#inspector .badge").first).to_have_text("CANCELLED")
    assert state(served, job) == "cancelled"


def test_an_operator_gives_it_to_another_by_keys_alone(eyes: Eyes, served: Server, ann: Rest, job: str) -> None:
    page = eyes.go("/handoffs")
    card(page, job).locator("a").first.focus()
    page.keyboard.press("m")
    expect(page.locator("#inspector .act[open] select").first).to_be_focused()
    page.keyboard.type("ann")
    page.keyboard.press("Tab")
    page.keyboard.type("She knows it")
    page.keyboard.press("Enter")
    expect(card(page, job, "open")).to_contain_text("ann")
    assert served.operator().get(f"handoffs/{job}")["to"] == "ann"
    expect(page.locator("#inspector .act[open]")).to_have_count(0)


def test_a_key_that_the_state_does_not_allow_says_so(eyes: Eyes, job: str) -> None:
    page = eyes.go("/handoffs")
    card(page, job).locator("a").first.focus()
    page.keyboard.press("v")
    expect(page.locator("#toasts")).to_contain_text("This handoff cannot be verified by you now")


def test_an_operator_breaks_a_lease(eyes: Eyes, served: Server, ben: Rest, job: str) -> None:
    ben.post(f"handoffs/{job}/claim")
    page = eyes.go(f"/handoffs?inspect={job}")
    page.locator("#inspector summary", has_text="Release").click()
    page.locator("#inspector").get_by_role("button", name="Back into the pool").click()
    expect(card(page, job, "open")).to_be_visible()
    assert state(served, job) == "open"


def test_a_verdict_sends_back_and_then_passes(eyes: Eyes, served: Server, ann: Rest, ben: Rest) -> None:
    job = give(ann, "Prove it", acceptance_criteria=["It is green"], verify_by="human")
    page = eyes.go("/handoffs")
    for verdict, column in (("Send back", "claimed"), ("Pass", "completed")):
        if column == "claimed":
            ben.post(f"handoffs/{job}/claim")
        ben.post(f"handoffs/{job}/complete", epoch=1, result="All green")
        expect(card(page, job, "verifying")).to_contain_text("Waits for your verdict")
        card(page, job).locator("a").first.focus()
        page.keyboard.press("v")
        box = page.locator("#inspector .act[open]")
        box.get_by_label("What is missing").fill(f"I say: {verdict}")
        box.get_by_role("button", name=verdict).click()
        expect(card(page, job, column)).to_be_visible()
    told = served.operator().get(f"handoffs/{job}")
    assert (told["state"], told["feedback"]) == ("completed", "I say: Send back")


def test_an_operator_claims_renews_and_completes_what_is_directed_to_it(eyes: Eyes, served: Server, ann: Rest) -> None:
    job = give(ann, "For a person", to="operator")
    page = eyes.go(f"/handoffs?inspect={job}")
    panel = page.locator("#inspector")
    panel.get_by_role("button", name="Claim").click()
    expect(card(page, job, "claimed")).to_be_visible()
    expect(panel.locator(".badge").first).to_have_text("CLAIMED")
    page.keyboard.press("r")
    panel.get_by_label("Progress that others see").fill("Half done")
    panel.locator(".act[open]").get_by_role("button", name="Renew").click()
    expect(card(page, job)).to_contain_text("Half done")
    expect(panel.locator(".act[open]")).to_have_count(0)
    panel.locator("summary", has_text="Complete").click()
    panel.get_by_label("Result").fill("Done by hand")
    panel.locator(".act[open]").get_by_role("button", name="Complete").click()
    expect(card(page, job, "completed")).to_contain_text("Done by hand")
    assert state(served, job) == "completed"


def test_a_refusal_is_shown_in_words_beside_the_form(
    eyes: Eyes, served: Server, ann: Rest, ben: Rest, job: str
) -> None:
    page = eyes.go(f"/handoffs?inspect={job}")
    page.locator("#inspector summary", has_text="Cancel").click()
    page.locator("#pill").click()
    expect(page.locator("#pill")).to_have_text("Paused")
    page.locator("#inspector summary", has_text="Cancel").click()
    ben.post(f"handoffs/{job}/claim")
    ben.post(f"handoffs/{job}/complete", epoch=1, result="I was faster")
    page.locator("#inspector").get_by_role("button", name="Cancel the handoff").click()
    expect(page.locator("#inspector .act[open] .refusal")).to_contain_text("The handoff is completed.")
    assert state(served, job) == "completed"


def test_filtered_boards_follow_the_log_too(eyes: Eyes, ann: Rest, ben: Rest) -> None:
    job, other = give(ann, "Needle"), give(ann, "Straw")
    page = eyes.go("/handoffs")
    page.locator("#find").fill("needle")
    page.keyboard.press("Enter")
    expect(found(page, other)).to_have_count(0)
    expect(found(page, job)).to_have_count(1)
    page.locator("#main").focus()
    ben.post(f"handoffs/{job}/claim")
    expect(page.locator("#column-claimed").locator(f"#found-card-{job}")).to_be_visible()
    expect(page).to_have_url(f"{eyes.base}/handoffs?q=needle")
    page.get_by_role("link", name="Clear").click()
    expect(card(page, other, "open")).to_be_visible()


def test_forms_work_without_scripts(browser: Browser, served: Server, ben: Rest, job: str) -> None:
    eyes = Eyes(browser, served.url, java_script_enabled=False)
    page = eyes.page
    page.goto(f"{served.url}/handoffs?inspect={job}&act=cancel")
    page.locator("#inspector .act[open]").get_by_label("Why").fill("By form alone")
    page.get_by_role("button", name="Cancel the handoff").click()
    expect(page.locator("#toasts")).to_contain_text("Cancelled")
    expect(card(page, job, "closed")).to_contain_text("By form alone")
    eyes.close()


def test_on_a_phone_columns_are_tabs(phone: Eyes, ben: Rest, job: str) -> None:
    page = phone.go("/handoffs")
    expect(card(page, job, "open")).to_be_visible()
    expect(page.locator("#column-claimed")).to_be_hidden()
    before = int(page.locator("#tab-claimed").inner_text())
    ben.post(f"handoffs/{job}/claim")
    expect(page.locator("#tab-claimed")).to_have_text(str(before + 1))
    page.get_by_role("link", name="Claimed").click()
    expect(card(page, job, "claimed")).to_be_visible()
    expect(page.locator("#column-open")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]


def test_markup_of_agents_stays_text(eyes: Eyes, ann: Rest) -> None:
    evil = "<img src=x onerror=alert(1)>\u202e"
    job = give(ann, f"Evil {evil}", body=f"{evil}\n\n[a](javascript:alert(1))")
    page = eyes.go(f"/handoffs?inspect={job}")
    expect(card(page, job)).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator("#inspector img, #main img, a[href^=javascript]").count() == 0


def test_five_columns_stay_in_sight_beside_the_inspector(eyes: Eyes, job: str) -> None:
    page = eyes.go(f"/handoffs?inspect={job}")
    boxes = page.locator(".column").evaluate_all("all => all.map((each) => each.getBoundingClientRect().toJSON())")
    inspector = page.locator("#inspector").bounding_box()
    assert inspector is not None
    assert len(boxes) == 5
    assert all(box["width"] >= 170 for box in boxes)
    assert boxes[-1]["right"] <= inspector["x"]


def test_a_slow_reading_of_the_page_does_not_take_back_what_came_meanwhile(eyes: Eyes, ben: Rest, job: str) -> None:
    page = eyes.go("/handoffs")
    held: list[tuple[Route, APIResponse]] = []
    page.route("**/handoffs", lambda route: held.append((route, route.fetch())))
    page.evaluate(
        "addEventListener('nexus:settled', () => { window.hasRead = true; }); void dispatchEvent(new Event('nexus:resync'))"
    )
    while not held:
        page.wait_for_timeout(20)
    ben.post(f"handoffs/{job}/claim")
    expect(card(page, job, "claimed")).to_be_visible()
    route, answer = held.pop()
    route.fulfill(response=answer)
    page.unroute("**/handoffs")
    eyes.until("window.hasRead")
    expect(card(page, job, "claimed")).to_be_visible()
    expect(card(page, job, "open")).to_have_count(0)
