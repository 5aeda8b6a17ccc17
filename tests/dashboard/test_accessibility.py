"""axe-core finds nothing serious on any screen in either theme, wide or narrow."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.dashboard.browser import NARROW, WIDE, Eyes
from tests.dashboard.screens import EMPTY, screens
from tests.live.servers import Server

pytestmark = pytest.mark.slow
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = {"serious", "critical"}
RUN = "axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations)"


def grave(eyes: Eyes, path: str) -> list[str]:
    """Return what axe-core holds to be serious on a page."""
    page = eyes.go(path)
    # The policy of the page lets no foreign script in; the test's own comes past it, through the debugger.
    page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate(RUN)
    return [
        f"{path}: {each['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for each in found
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_no_screen_has_a_serious_fault(browser: Browser, seeded: Server, theme: str, size: dict[str, int]) -> None:
    eyes = Eyes(browser, seeded.url, viewport=size, color_scheme=theme)
    faults = [fault for path in screens(seeded.url).values() for fault in grave(eyes, path)]
    problems = eyes.problems()
    eyes.close()
    assert faults == []
    assert problems == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_first_page_of_a_new_installation_has_none(browser: Browser, served: Server, theme: str) -> None:
    eyes = Eyes(browser, served.url, color_scheme=theme)
    faults = [fault for path in EMPTY.values() for fault in grave(eyes, path)]
    eyes.close()
    assert faults == []
