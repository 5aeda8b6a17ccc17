"""How smoothly the graph moves: the time between frames while messages fly between 60 and between 500 agents.

It draws made-up agents in a headless browser, without a graphics card, so a desk does better.
"""

import statistics
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.async_api import Page, async_playwright

from benchmarks.seen import FLAGS, PROGRAM

__all__ = ["MOST_MS", "are_smooth", "frames", "show"]

ROOT = Path(__file__).resolve().parent.parent
PAGE = "tests/dashboard/graph_page/index.html"
AGENTS = (60, 500)
MOST_MS = 34.0  # thirty frames a second
SECONDS = 4
FLY = """
async (seconds) => {
  const names = window.state.agents.map((agent) => agent.name);
  const pick = () => names[Math.floor(Math.random() * names.length)];
  const send = () => {
    const at = new Date().toISOString();
    const sent = Array.from({ length: 15 }, (_, index) => ({
      cursor: `cur_${at}${index}`, at, type: "message.created", actor: pick(), origin: "agent", message: `msg_${Math.random()}`,
      agent: null, data: { to: [pick()], kind: "direct" }, kind: "direct", title: "Note",
    }));
    window.graph.apply(sent.filter((event) => event.actor !== event.data.to[0]));
  };
  const timer = setInterval(send, 250);
  const deltas = [];
  let last = performance.now();
  await new Promise((resolve) => {
    const end = last + seconds * 1000;
    const tick = (now) => {
      deltas.push(now - last);
      last = now;
      if (now < end) requestAnimationFrame(tick);
      else resolve();
    };
    requestAnimationFrame(tick);
  });
  clearInterval(timer);
  return deltas.slice(5);
}
"""
Times = dict[int, list[float]]


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


async def frames() -> Times:
    """Return the milliseconds between frames for each number of agents, sorted."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(ROOT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=PROGRAM, args=FLAGS)
            page = await browser.new_page(viewport={"width": 1440, "height": 900})
            return {number: await _measured(page, server.server_port, number) for number in AGENTS}
    finally:
        server.shutdown()


async def _measured(page: Page, port: int, agents: int) -> list[float]:
    await page.goto(f"http://127.0.0.1:{port}/{PAGE}?agents={agents}")
    await page.locator("html[data-ready=yes]").wait_for()
    found: list[float] = await page.evaluate(FLY, SECONDS)
    return sorted(found)


def show(found: Times) -> None:
    """Print what was measured."""
    for agents, times in found.items():
        slow = times[int(len(times) * 0.95)]
        print(f"The graph of {agents} agents moves a frame every {statistics.median(times):.1f} ms", end=" ")
        print(f"(median of {len(times)}; 95 % under {slow:.1f} ms) while messages fly.", flush=True)


def are_smooth(found: Times, slowness: float) -> bool:
    """Say whether every median is short enough on a machine that is this slow."""
    return all(statistics.median(times) <= MOST_MS * slowness for times in found.values())
