"""Topics in a real browser: how the list and a thread grow while somebody looks, the map, the search and what is done."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.browser import NARROW, WIDE, Eyes
from tests.dashboard.threads import read, said

pytestmark = pytest.mark.slow
SCROLLER = "#thread-scroll"
IS_ON_TOP = """
each => {
  const box = each.getBoundingClientRect();
  return each.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
}
"""
FITS = "all => all.every(each => each.scrollWidth <= each.clientWidth)"
IS_AT_END = "box => box.scrollHeight - box.scrollTop - box.clientHeight < 60"


def last(page: Page) -> int:
    return int(page.locator("ol.posts > .post").last.get_attribute("data-seq") or 0)


def test_a_new_topic_and_its_posts_show_in_the_list(eyes: Eyes, opened, ann) -> None:
    first = opened("first of all", 1)
    page = eyes.go("/topics")
    topic = opened("quite new")
    row = page.locator(f"#topic-{topic}")
    expect(row).to_contain_text("No posts yet")
    expect(page.locator("#topic-rows > li").first).to_have_id(f"topic-{topic}")
    said(ann, first, "Once more.")
    expect(page.locator(f"#topic-{first}")).to_contain_text("ann: Once more.")
    expect(page.locator("#topic-rows > li").first).to_have_id(f"topic-{first}")
    row.locator("a").first.click()
    expect(page).to_have_url(re.compile(f"/topics/{topic}$"))
    expect(page.locator(".thread-blank")).to_contain_text("Nothing posted yet")


def test_new_posts_come_in_at_the_end(eyes: Eyes, opened, ann, ben) -> None:
    topic = opened("growing", 30)
    page = eyes.go(f"/topics/{topic}")
    (message,) = said(ben, topic, "I have **read** it.")
    expect(page.locator(f"#post-{message} strong")).to_have_text("read")
    expect(page.locator(f"#latest-{topic}")).to_have_text("31 posts")
    assert page.locator(SCROLLER).evaluate(IS_AT_END)
    expect(page.locator("#thread-new")).to_be_hidden()
    expect(page.locator(".map-bar")).to_have_count(31)


def test_new_posts_are_a_number_while_somebody_reads_above(eyes: Eyes, opened, ann) -> None:
    topic = opened("read above", 30)
    page = eyes.go(f"/topics/{topic}")
    page.locator(SCROLLER).evaluate("box => { box.scrollTop = 200; }")
    place = page.locator("ol.posts > .post").first.bounding_box()
    said(ann, topic, "One.", "Two.", "Three.")
    expect(page.locator("#thread-new")).to_have_text("3 new")
    assert page.locator("ol.posts > .post").first.bounding_box() == place
    page.locator("#thread-new").click()
    expect(page.locator("#thread-new")).to_be_hidden()
    assert last(page) == 33
    assert page.locator(SCROLLER).evaluate(IS_AT_END)


def test_earlier_posts_are_loaded_and_what_is_read_stays(eyes: Eyes, opened) -> None:
    topic = opened("long", 90)
    page = eyes.go(f"/topics/{topic}")
    first = page.locator("ol.posts > .post").first
    assert first.get_attribute("data-seq") == "51"
    shown = page.locator('.post[data-seq="51"]')
    page.locator(SCROLLER).evaluate("box => { box.scrollTop = 0; }")
    expect(first).to_have_attribute("data-seq", "11")
    assert shown.is_visible()
    box, frame = shown.bounding_box(), page.locator(SCROLLER).bounding_box()
    assert box is not None
    assert frame is not None
    assert frame["y"] - 40 < box["y"] < frame["y"] + frame["height"]
    assert page.locator(".post-day").count() == 1


def test_a_page_in_the_middle_leads_to_both_ends(eyes: Eyes, opened) -> None:
    topic = opened("middle", 90)
    page = eyes.go(f"/topics/{topic}?post=40")
    expect(page.locator('.post[data-seq="40"]')).to_be_in_viewport()
    page.locator('[data-more="later"]').click()
    expect(page.locator('.post[data-seq="90"]')).to_be_attached()
    expect(page.locator('[data-more="later"]')).to_have_count(0)
    expect(page.locator('.post[data-seq="59"]')).to_be_in_viewport()


def test_search_is_walked_by_keys_and_marked_on_the_map(eyes: Eyes, opened, ben) -> None:
    topic = opened("searched", 60)
    said(ben, topic, "The needle is here.")
    page = eyes.go(f"/topics/{topic}")
    page.keyboard.press("f")
    page.keyboard.type("post 1")
    page.keyboard.press("Enter")
    found = page.locator(".thread-number")
    expect(found).to_have_text("11 of 11")
    expect(page.locator(".map-hit")).to_have_count(11)
    expect(page.locator('.post[data-seq="19"]')).to_be_in_viewport()
    assert page.evaluate("CSS.highlights.get('found').size") > 0
    page.locator(SCROLLER).focus()
    page.keyboard.press("Shift+N")
    expect(found).to_have_text("10 of 11")
    expect(page).to_have_url(re.compile("post=18"))
    page.keyboard.press("n")
    expect(found).to_have_text("11 of 11")
    page.keyboard.press("n")
    expect(found).to_have_text("1 of 11")
    page.get_by_label("Clear the search").click()
    expect(found).to_have_count(0)


def test_the_map_leads_everywhere_by_pointer_and_by_keys(eyes: Eyes, opened) -> None:
    topic = opened("mapped", 90)
    page = eyes.go(f"/topics/{topic}")
    chart = page.locator("#thread-map")
    box = chart.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 17, box["y"] + box["height"] * 0.2)
    expect(page.locator('.post[data-seq="18"]')).to_be_in_viewport()
    expect(page).to_have_url(re.compile(r"post=1[789]$"))
    chart.focus()
    page.keyboard.press("End")
    expect(page.locator('.post[data-seq="90"]')).to_be_in_viewport()
    assert "of 90" in (chart.get_attribute("aria-valuetext") or "")
    page.mouse.move(box["x"] + 17, box["y"] + box["height"] * 0.99)
    page.mouse.down()
    page.mouse.move(box["x"] + 17, box["y"] + box["height"] * 0.7)
    expect(page.locator('.post[data-seq="63"]')).to_be_in_viewport()
    page.mouse.up()


def test_cursors_move_as_peers_read(eyes: Eyes, opened, ben) -> None:
    topic = opened("cursors", 6)
    read(ben, topic, 2)
    page = eyes.go(f"/topics/{topic}")
    mark = page.locator(".read-mark", has=page.locator('[title="ben"]'))
    expect(page.locator('.post[data-seq="2"] + .read-mark [title="ben"]')).to_be_visible()
    read(ben, topic, 5)
    expect(page.locator('.post[data-seq="5"] + .read-mark [title="ben"]')).to_be_visible()
    expect(mark).to_have_count(1)
    expect(page.locator(".peer", has_text="ben")).to_contain_text("read to 5")


def test_operator_posts_and_answers_from_the_thread(eyes: Eyes, opened, ann) -> None:
    topic = opened("answered", 2)
    page = eyes.go(f"/topics/{topic}")
    page.locator('.post[data-seq="1"]').hover()
    page.locator('.post[data-seq="1"] [data-reply]').click()
    expect(page.locator(".thread-answers")).to_contain_text("Answers ann")
    page.keyboard.type("Seen, thank you.")
    page.keyboard.press("Control+Enter")
    post = page.locator('.post[data-seq="3"]')
    expect(post).to_contain_text("Seen, thank you.")
    expect(post.locator(".post-quote")).to_contain_text("Post 1 of answered.")
    expect(page.locator(".thread-answers")).to_be_hidden()
    expect(page.locator(".peer", has_text="operator")).to_contain_text("read to 3")
    found = ann.get(f"topics/{topic}")["posts"][-1]
    assert (found["peer"], found["origin"], found["body"]) == ("operator", "operator", "Seen, thank you.")


def test_a_topic_is_opened_from_the_list(eyes: Eyes, opened) -> None:
    opened("there already", 1)
    page = eyes.go("/topics")
    page.locator(".topic-new summary").click()
    page.get_by_label("Name of the topic").fill("from the bridge")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Opened")
    expect(page.locator("#topic-rows")).to_contain_text("from the bridge")


def test_keys_walk_the_posts(eyes: Eyes, opened) -> None:
    page = eyes.go(f"/topics/{opened('walked', 4)}")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator('.post[data-seq="2"] .post-seq')).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#inspector")).to_contain_text("number 2")
    page.keyboard.press("Escape")
    expect(page.locator("#inspector")).to_be_hidden()


def test_a_post_marks_its_topic_in_the_talk_of_two(eyes: Eyes, opened) -> None:
    opened("talked about", 1)
    page = eyes.go("/?inspect=@ann&peer=ben")
    bubble = page.locator(".bubble.is-topic", has_text="talked about").last
    expect(bubble).to_contain_text("posted by ann")
    bubble.locator("a").first.click()
    expect(page.locator("#inspector h2").first).to_have_text("talked about")


def test_phone_shows_the_thread_without_scrolling_sideways(browser, served, opened) -> None:
    topic = opened("on a phone " + "with a long name " * 8, 12)
    eyes = Eyes(browser, served.url, viewport=NARROW)
    for path in ("/topics", f"/topics/{topic}"):
        page = eyes.go(path)
        assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
        assert page.locator("main").evaluate("each => each.scrollWidth <= each.clientWidth")
    assert page.locator(SCROLLER).evaluate("each => each.scrollWidth <= each.clientWidth")
    page.locator(".thread-about").click()
    expect(page.locator("#inspector")).to_contain_text("has read nothing")
    assert eyes.problems() == []
    eyes.close()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_long_name_without_spaces_hides_nothing(browser, served, opened, size) -> None:
    name = "x" * 120
    topic = opened(name, 2)
    eyes = Eyes(browser, served.url, viewport=size)
    page = eyes.go(f"/topics/{topic}")
    aside = ".thread-about" if size is NARROW else ".topic-side-head"
    for each in (".thread-composer .btn-primary", ".thread-text", "#thread-find", aside):
        assert page.locator(each).evaluate(IS_ON_TOP), each
    count = page.locator(f"#latest-{topic}").bounding_box()
    assert count is not None
    assert count["width"] > count["height"]
    paths = [
        "/topics",
        f"/topics/{topic}",
        f"/topics/{topic}?inspect={topic}",
        f"/search?q={name}",
        f"/search?q=un{name}",
    ]
    for path in paths:
        eyes.go(path)
        assert page.locator("html, main, .rail, #inspector, .topics-scroll, .found-row").evaluate_all(FITS), path
    assert eyes.problems() == []
    eyes.close()


def test_posting_and_searching_need_no_javascript(browser, served, opened) -> None:
    topic = opened("plain", 60)
    page = Eyes(browser, served.url, java_script_enabled=False).page
    page.goto(f"{served.url}/topics/{topic}")
    page.locator("textarea[name=body]").fill("Without scripts")
    page.get_by_role("button", name="Post").click()
    expect(page.locator('.post[data-seq="61"]')).to_contain_text("Without scripts")
    page.locator("#thread-find").fill("Post 3 of")
    page.keyboard.press("Enter")
    expect(page.locator(".post.is-hit")).to_have_count(1)
    page.goto(f"{served.url}/topics/{topic}")
    page.locator('[data-more="earlier"]').click()
    expect(page.locator('.post[data-seq="21"]')).to_be_attached()
