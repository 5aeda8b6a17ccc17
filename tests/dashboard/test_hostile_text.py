"""Text that agents control is inert on every screen and in the admin, in a real browser."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from tests.dashboard.browser import Eyes
from tests.dashboard.payloads import PAYLOADS
from tests.live.servers import Rest, Server

pytestmark = pytest.mark.slow
TRAP = "window.caught = []; window.pwned = window.alert = (mark) => { window.caught.push(mark); };"
# What no text may have become: an element that loads, runs or asks for something.
FOREIGN = """
() => [...document.querySelectorAll("iframe, object, embed, base, form, a, img, script, link, [srcdoc]")]
  .filter((each) => {
    const where = each.src || each.href || each.data || each.action || "";
    return each.hasAttribute("srcdoc") || /evil\\.example/.test(where) && each.tagName !== "A"
      || /^(javascript|vbscript|data):/i.test(String(where)) || /^(IFRAME|OBJECT|EMBED|BASE)$/.test(each.tagName);
  })
  .map((each) => each.outerHTML.slice(0, 200))
"""
ASKING = """
() => [...document.querySelectorAll("*")]
  .filter((each) => [...each.attributes].some(({ name, value }) => /^on[a-z]+$/i.test(name) && /pwned/.test(value)
    || /^(data-)?hx-(on|get|post)/.test(name) && /backup_create|pwned/.test(value)))
  .map((each) => each.outerHTML.slice(0, 200))
"""
ADMIN = (
    *("bus/message", "bus/event", "bus/agent", "bus/session", "bus/delivery", "bus/workspace"),
    *("handoffs/handoff", "handoffs/pathclaim", "bus/capability"),
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, list[str]]]:
    """A server on which mallory has written every payload into every field that takes text."""
    server = Server(tmp_path_factory.mktemp("hostile") / "home").start()
    mallory = server.agent("mallory", harness="codex", capabilities=["review"])
    victim = server.agent("victim", harness="claude-code", capabilities=["review"])
    things = [thing for payload in PAYLOADS for thing in write(mallory, victim, payload)]
    yield server, things
    server.close()


def write(mallory: Rest, victim: Rest, text: str) -> Iterator[str]:
    """Write a text into whatever takes it; yield the ids of what came of it."""
    mallory.http.patch("agents/mallory", json={"role": text[:60], "description": text})
    mallory.post("sessions", machine=text, session_ref=text, harness=text[:40])
    reference = {"kind": "file", "id": text, "label": text}
    letter = mallory.post(
        "messages", to="victim", subject=text, body=text, references=[reference], metadata={"a": text}
    )
    yield letter["message"]
    reply = victim.post(
        "messages", to="mallory", subject=text, body=f"> {text}\n\n`{text}`", reply_to=letter["message"]
    )
    yield reply["message"]
    job = {
        "title": text,
        "to": {"capability": "review"},
        "body": text,
        "payload": {text: text},
        "acceptance_criteria": [text],
    }
    handoff = mallory.post("handoffs", **job)["handoff"]
    epoch = victim.post(f"handoffs/{handoff}/claim")["epoch"]
    victim.post(f"handoffs/{handoff}/renew", epoch=epoch, note=text)
    victim.post(f"handoffs/{handoff}/complete", epoch=epoch, result={text: text})
    mallory.post(f"handoffs/{handoff}/verify", epoch=epoch, verdict="fail", feedback=text)
    yield handoff
    other = mallory.post("handoffs", title=text, to="victim")["handoff"]
    victim.post(f"handoffs/{other}/reject", reason=text)
    yield other
    victim.post("paths", globs=["docs/*"], reason=text)


class Trap:
    """A window that notes whatever runs, loads or is stopped."""

    def __init__(self, browser: Browser, base: str) -> None:
        self.eyes = Eyes(browser, base)
        self.eyes.context.add_init_script(TRAP)
        self.page = self.eyes.page
        self.host = urlsplit(base).netloc
        self.strayed: list[str] = []
        self.page.on("request", lambda request: self._note(request.url))
        self.page.on("dialog", lambda dialog: (self.strayed.append(dialog.message), dialog.dismiss()))

    def _note(self, url: str) -> None:
        if urlsplit(url).netloc not in ("", self.host):
            self.strayed.append(url)

    def look(self, path: str) -> None:
        """Show a page and move the pointer and the focus over what is on it."""
        answer: Any = self.page.goto(self.eyes.base + path)
        assert answer.status == 200, path
        self.check(path)

    def check(self, path: str) -> None:
        """Assert that nothing on the page ran, was stopped, strayed or became more than text."""
        found = {
            "ran": self.page.evaluate("window.caught"),
            "stopped": self.page.evaluate("window.violations"),
            "strayed": self.strayed,
            "became": self.page.evaluate(FOREIGN) + self.page.evaluate(ASKING),
        }
        assert not any(found.values()), (path, found)


SCREENS = (
    *("/", "/?view=table", "/messages", "/handoffs", "/agents", "/agents?view=cards", "/events", "/compose"),
    *(
        "/settings",
        "/agents?inspect=@mallory",
        "/agents?inspect=@victim&peer=mallory",
        "/agents?inspect=@mallory&peer=victim",
    ),
)


def test_every_screen_shows_hostile_text_as_text(browser: Browser, hostile: tuple[Server, list[str]]) -> None:
    server, things = hostile
    trap = Trap(browser, server.url)
    for path in SCREENS:
        trap.look(path)
        trap.page.wait_for_timeout(200)
    for thing in things:
        trap.look(f"{'/messages' if thing.startswith('msg_') else '/handoffs'}?inspect={thing}")
    assert trap.eyes.complaints == []
    trap.eyes.close()


def test_live_fragments_are_inert_too(browser: Browser, hostile: tuple[Server, list[str]]) -> None:
    server, _ = hostile
    sender = server.agent("eve")
    trap = Trap(browser, server.url)
    for path, selector in (("/messages", "#mail-rows"), ("/events", "#event-rows"), ("/", "#ticker")):
        trap.look(path)
        trap.page.locator('#pill[data-state="live"]').wait_for()
        for number, payload in enumerate(PAYLOADS):
            sender.post("messages", to="victim", subject=f"{payload[:150]} {path}{number}", body=payload)
        trap.page.locator(selector, has_text=f"{path}39").wait_for()
        trap.check(path)
    trap.eyes.close()


def test_live_cards_are_inert_too(browser: Browser, hostile: tuple[Server, list[str]]) -> None:
    server, _ = hostile
    sender = server.agent("mara")
    trap = Trap(browser, server.url)
    trap.look("/handoffs")
    trap.page.locator('#pill[data-state="live"]').wait_for()
    for number, payload in enumerate(PAYLOADS):
        order = {"title": f"{payload[:150]} card{number}", "to": "victim", "priority": 9, "body": payload}
        made = sender.post("handoffs", **order)["handoff"]
        trap.page.locator("#cards-open", has_text=f"card{number}").wait_for()
        sender.post(f"handoffs/{made}/cancel", reason=payload)
        trap.page.locator("#cards-cancelled", has_text=f"card{number}").wait_for()
    trap.check("/handoffs")
    trap.eyes.close()


def test_the_admin_shows_hostile_text_as_text(browser: Browser, hostile: tuple[Server, list[str]]) -> None:
    server, _ = hostile
    trap = Trap(browser, server.url)
    said = (server.home.parent / f"{server.home.name}.log").read_text()
    trap.page.goto(re.findall(r"http\S+/login/\S+", said)[-1])
    for model in ADMIN:
        trap.look(f"/admin/{model}/")
        rows = trap.page.locator("#result_list tbody th a, #result_list tbody td a[href*='/change/']")
        paths = sorted({str(row.get_attribute("href")) for row in rows.all()})
        for path in paths[:45]:
            trap.look(path.partition("?")[0] if path.startswith("/") else f"/admin/{model}/{path}")
    trap.eyes.close()
