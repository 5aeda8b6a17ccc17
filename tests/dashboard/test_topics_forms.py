"""Forms of a thread in a real browser: what is open, written or pressed stays while the page is read again."""

import re

import pytest
from playwright.sync_api import expect

from tests.dashboard.browser import WIDE, Eyes, held

pytestmark = pytest.mark.slow


def test_what_is_being_written_stays_when_the_page_is_read_again(eyes: Eyes, opened, served) -> None:
    topic = opened("drafted", 3)
    page = eyes.go(f"/topics/{topic}")
    page.get_by_label("Post in drafted, Markdown").fill("Half a sent")
    served.operator().http.patch(f"topics/{topic}", json={"name": "drafted anew"})
    expect(page.locator(".thread-head h2")).to_have_text("drafted anew")
    expect(page.locator(".thread-text")).to_have_value("Half a sent")


def test_a_form_stays_open_with_what_it_holds_when_the_page_is_read_again(eyes: Eyes, opened, served) -> None:
    topic = opened("filled in", 3)
    page = eyes.go(f"/topics/{topic}")
    side = page.locator(".topic-side")
    side.locator("summary", has_text="Close topic").click()
    why = side.get_by_label("Why")
    why.fill("Done w")
    served.operator().http.patch(f"topics/{topic}", json={"name": "filled in anew"})
    expect(page.locator(".thread-head h2")).to_have_text("filled in anew")
    expect(why).to_be_focused()
    page.keyboard.type("ith it")
    expect(why).to_have_value("Done with it")
    side.get_by_role("button", name="Close the topic").click()
    expect(page.locator(".thread-foot")).to_contain_text("Done with it")
    expect(side.locator(".act[open]")).to_have_count(0)


def test_a_form_that_nobody_has_begun_says_what_is_new_and_the_composer_too(eyes: Eyes, opened, served) -> None:
    topic = opened("untouched", 3)
    page = eyes.go(f"/topics/{topic}")
    summary = page.locator(".topic-side summary", has_text="Rename")
    summary.click()
    served.operator().http.patch(f"topics/{topic}", json={"name": "untouched anew"})
    expect(page.locator(".thread-head h2")).to_have_text("untouched anew")
    expect(page.get_by_label("New name")).to_have_value("untouched anew")
    expect(summary).to_be_focused()
    expect(page.get_by_label("Post in untouched anew, Markdown")).to_be_visible()


def test_an_answer_that_was_taken_back_is_none_after_the_page_was_read_again(eyes: Eyes, opened, served) -> None:
    topic = opened("taken back", 2)
    page = eyes.go(f"/topics/{topic}?reply=1")
    expect(page.locator(".thread-answers")).to_contain_text("Answers ann")
    page.locator("[data-unreply]").click()
    served.operator().http.patch(f"topics/{topic}", json={"name": "taken back anew"})
    expect(page.locator(".thread-head h2")).to_have_text("taken back anew")
    expect(page.locator(".thread-answers")).to_be_hidden()


def test_a_post_that_is_answered_late_takes_nothing_from_another_thread(eyes: Eyes, opened) -> None:
    first, second = opened("answered late", 1), opened("elsewhere", 1)
    page = eyes.go(f"/topics/{first}")
    asked = held(page, f"**/topics/{first}/post")
    page.get_by_label("Post in answered late, Markdown").fill("On its way")
    page.keyboard.press("Control+Enter")
    route = asked()
    page.locator(f"#topic-rows a[data-topic='{second}'], #topic-{second} a").first.click()
    page.get_by_label("Post in elsewhere, Markdown").fill("Half a sent")
    route.continue_()
    expect(page.locator("#toasts .toast")).to_be_visible()
    expect(page.locator(".thread-text")).to_have_value("Half a sent")


def test_a_form_whose_act_is_over_goes_when_the_page_is_read_again(eyes: Eyes, opened, served) -> None:
    topic = opened("closed by another", 1)
    page = eyes.go(f"/topics/{topic}")
    page.locator(".topic-side summary", has_text="Close topic").click()
    served.operator().post(f"topics/{topic}/close", reason="Enough")
    expect(page.locator(".thread-foot")).to_contain_text("Enough")
    expect(page.get_by_label("Why")).to_have_count(0)


def test_what_is_pressed_stays_until_it_is_let_go(eyes: Eyes, opened, served) -> None:
    """Else the click would be lost: it belongs to what was pressed."""
    topic = opened("pressed", 2)
    page = eyes.go(f"/topics/{topic}")
    asked = held(page, f"**/topics/{topic}")
    served.operator().http.patch(f"topics/{topic}", json={"name": "pressed anew"})
    route = asked()
    page.locator(".topic-side summary", has_text="Rename").hover()
    page.mouse.down()
    with page.expect_response(f"**/topics/{topic}") as coming:
        route.continue_()
    coming.value.finished()
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.mouse.up()
    expect(page.locator(".topic-side .act[open]")).to_contain_text("New name")
    expect(page.locator(".thread-head h2")).to_have_text("pressed anew")


def test_a_topic_is_closed_and_deleted_by_its_name(eyes: Eyes, opened) -> None:
    topic = opened("short lived", 2)
    page = eyes.go(f"/topics/{topic}")
    side = page.locator(".topic-side")
    side.locator("summary", has_text="Close topic").click()
    side.get_by_label("Why").fill("Done with it")
    side.get_by_role("button", name="Close the topic").click()
    expect(page.locator("#toasts")).to_contain_text("Closed")
    expect(page.locator(".thread-foot")).to_contain_text("Done with it")
    side.locator("summary", has_text="Delete").click()
    side.get_by_label("Type its name").fill("something else")
    side.get_by_role("button", name="Delete the topic").click()
    expect(side.locator(".act[open] .refusal")).to_contain_text("must repeat the topic's name")
    side.get_by_label("Type its name").fill("short lived")
    side.get_by_role("button", name="Delete the topic").click()
    expect(page).to_have_url(re.compile("/topics$"))
    expect(page.locator(f"#topic-{topic}")).to_have_count(0)


@pytest.mark.parametrize("label", ["Export", "Rename", "Close topic"])
@pytest.mark.parametrize("path", ["/topics/{topic}", "/topics?inspect={topic}"], ids=["side", "inspector"])
def test_what_opens_at_the_foot_is_in_sight_whole(eyes: Eyes, opened, path, label) -> None:
    page = eyes.go(path.format(topic=opened(f"in sight {label} {path[7]}", 1)))
    foot = page.locator(".acts-foot")
    foot.locator("summary", has_text=label).click()
    box = foot.locator(".act[open] .act-box").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= WIDE["width"]
    assert box["y"] >= 0
    for button in foot.locator(".act[open] .act-box :is(button, a)").all():
        button.click(trial=True)
