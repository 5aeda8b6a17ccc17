"""Debian's Chromium on real pages; it notes whatever a page complains of."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

__all__ = ["Eyes", "chromium", "held"]

PROGRAM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
expect.set_options(timeout=30_000)
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a browser, and end it afterwards."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def held(page: Page, url: str) -> Callable[[], Route]:
    """Hold the next request for a URL back; the function waits until it was made and returns it, to go on or not."""
    asked: list[Route] = []
    page.route(url, lambda route: asked.append(route), times=1)

    def wait() -> Route:
        while not asked:
            page.wait_for_timeout(20)
        return asked[0]

    return wait


class Eyes:
    """One window, and what its pages complained of."""

    def __init__(self, browser: Browser, base: str, **settings: Any) -> None:
        """Open a window of 1440 by 900 unless told otherwise."""
        self.base = base
        self.context = browser.new_context(**{"viewport": WIDE, "reduced_motion": "reduce", **settings})
        self.context.add_init_script(VIOLATIONS)
        self.complaints: list[str] = []
        self.page: Page = self.tab()

    def tab(self) -> Page:
        """Open one more tab."""
        page = self.context.new_page()
        page.on("console", lambda said: self._note(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self._note(str(error)))
        return page

    def _note(self, said: str) -> None:
        self.complaints.append(said)

    def go(self, path: str) -> Page:
        """Show a page and wait until its live socket is there."""
        self.page.goto(self.base + path)
        self.page.locator('#pill:is([data-state="live"], [data-state="replay"])').wait_for()
        return self.page

    def until(self, script: str, patience: float = 30.0) -> None:
        """Wait until a script says true; the pages' policy lets Playwright's own way of waiting not in."""
        end = time.monotonic() + patience
        while not self.page.evaluate(script):
            assert time.monotonic() < end, script
            self.page.wait_for_timeout(50)

    def problems(self) -> list[str]:
        """Return what the pages complained of, and what the policy stopped."""
        return [*self.complaints, *self.page.evaluate("window.violations ?? []")]

    def close(self) -> None:
        """Close the window."""
        self.context.close()
