"""How soon a message is seen: from its sender's answer to the row on an open page of a real browser.

At most 300 ms on the machine where that was set, and by the yardstick more on a slower one.
"""

import asyncio
import json
import random
import statistics
import time
from functools import partial
from pathlib import Path

from playwright.async_api import Page, async_playwright

from benchmarks.cast import on, recruit
from benchmarks.server import Served

__all__ = ["MOST_MS", "is_prompt", "seen", "show"]

MOST_MS = 300.0
MESSAGES = 20
PATIENCE = 20.0
PROGRAM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PAGES = {"table": "/messages", "thread": "/agents?inspect=@{}&peer={}", "graph": "/"}
WATCH = """
(attempt) => {
  window.seenAt = {};
  const look = () => {
    for (const found of document.body.innerText.matchAll(new RegExp(`bench-news-${attempt}-([0-9]+)`, "g"))) window.seenAt[found[1]] ??= Date.now();
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
  look();
}
"""
Times = dict[str, list[float]]


async def seen(served: Served, project: Path, attempt: int = 1) -> Times:
    """Return the milliseconds of each message on each kind of page, sorted."""
    project.mkdir(exist_ok=True)
    names = [f"bench-seen-{attempt}-a", f"bench-seen-{attempt}-b"]
    members = await recruit(served, project, names)
    async with on("MCP", served, members) as clients, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=PROGRAM, args=FLAGS)
        say = partial(_order, attempt, names[1])
        await clients[0].surface.call("message_create", say(0))
        pages = {
            name: await _opened(await browser.new_page(), served, path.format(*names), attempt)
            for name, path in PAGES.items()
        }
        answered: dict[int, float] = {}
        for number in range(1, MESSAGES + 1):
            await asyncio.sleep(random.uniform(0.3, 0.6))
            await clients[0].surface.call("message_create", say(number))
            answered[number] = time.time() * 1000
        found = {name: await _times(page, answered) for name, page in pages.items()}
        await browser.close()
    return found


def _order(attempt: int, to: str, number: int) -> bytes:
    news = f"bench-news-{attempt}-{number}"
    return json.dumps({"subject": news, "body": news, "to": to}).encode()


async def _opened(page: Page, served: Served, path: str, attempt: int) -> Page:
    joint = "&" if "?" in path else "?"
    await page.goto(f"http://127.0.0.1:{served.port}{path}{joint}workspace=all")
    await page.locator('#pill[data-state="live"]').wait_for()
    await page.evaluate(WATCH, attempt)
    return page


async def _times(page: Page, answered: dict[int, float]) -> list[float]:
    waited = time.perf_counter() + PATIENCE
    at: dict[str, float] = await page.evaluate("window.seenAt")
    while not {*map(str, answered)} <= at.keys() and time.perf_counter() < waited:
        await asyncio.sleep(0.1)
        at = await page.evaluate("window.seenAt")
    return sorted(at[str(number)] - moment for number, moment in answered.items() if str(number) in at)


def show(found: Times) -> None:
    """Print what was measured."""
    for name, some in found.items():
        middle = statistics.median(some) if some else float("inf")
        print(
            f"A message is on the {name} {middle:.0f} ms after its sender's answer (median of {len(some)}).", flush=True
        )


def is_prompt(found: Times, slowness: float) -> bool:
    """Say whether every message came up on every page, at a median that is short enough on a machine this slow."""
    most = MOST_MS * slowness
    return all(len(some) == MESSAGES and statistics.median(some) <= most for some in found.values())
