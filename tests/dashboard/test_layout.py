"""What there is to press stays inside what it belongs to, wide and narrow."""

import pytest
from playwright.sync_api import Browser

from tests.dashboard.browser import NARROW, WIDE, Eyes
from tests.live.servers import Server

pytestmark = pytest.mark.slow
STICKING_OUT = """
() => {
  const form = document.querySelector(".talk-composer"), edge = form.getBoundingClientRect();
  const inside = (box) => box.left >= edge.left && box.right < edge.right && box.bottom < edge.bottom;
  const seen = [...form.querySelectorAll("button, a, label")].filter((each) => each.checkVisibility());
  return [seen.length, seen.filter((each) => !inside(each.getBoundingClientRect())).map((each) => each.textContent.trim())];
}
"""


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_composer_of_a_talk_holds_its_buttons(browser: Browser, seeded: Server, size: dict[str, int]) -> None:
    eyes = Eyes(browser, seeded.url, viewport=size)
    found = eyes.go("/agents?inspect=@ada").evaluate(STICKING_OUT)
    eyes.close()
    assert found == [5, []]
