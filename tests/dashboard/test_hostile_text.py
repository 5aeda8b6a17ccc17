"""Text that agents control is inert on every screen and in the admin, in a real browser."""

import re
from collections.abc import Iterator
from itertools import cycle
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.contrib import admin
from playwright.sync_api import Browser

from tests.dashboard.browser import Eyes
from tests.dashboard.payloads import PAYLOADS
from tests.dashboard.scribbling import EMPTY, columns, scribbled
from tests.live.servers import Server
from tests.routes import routes

pytestmark = pytest.mark.slow
TRAP = "window.caught = []; window.pwned = window.alert = (mark) => { window.caught.push(mark); };"
# What no text may have become: an element that loads, runs or asks for something.
FOREIGN = """
() => [...document.querySelectorAll("iframe, object, embed, base, form, a, img, script, link, [srcdoc]")]
  .filter((each) => {
    const where = each.src || each.href || each.data || each.action || "";
    return each.hasAttribute("srcdoc") || /^(\\w+:)?\\/\\/[^/?]*evil\\.example/.test(where) && each.tagName !== "A"
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
# What text shows of itself: a control or bidi character that is not written out.
HIDING = """
() => {
  const hiding = /[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]/;
  const marked = [...document.querySelectorAll("[title], [aria-label], [placeholder], [alt]")];
  const texts = marked.flatMap((each) => [each.title, each.ariaLabel, each.placeholder, each.alt]);
  return [document.title, document.body.innerText, ...texts].filter((text) => text && hiding.test(text))
    .map((text) => text.slice(Math.max(0, text.search(hiding) - 60)).slice(0, 120));
}
"""
# How many rows of a table are looked at one by one; in the others every cell of a list is the same cell of a page.
ROWS, FEW = 41, 3
WHERE = {"msg_": "/messages?inspect={}", "hnd_": "/handoffs?inspect={}", "top_": "/topics/{0}?q=pwned&inspect={0}"}
BODIES = ("message", "handoff")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, list[str]]]:
    """A server on which mallory has written every payload into every field that takes text."""
    server = Server(tmp_path_factory.mktemp("hostile") / "home", NEXUS_WAKE_GAP="0", NEXUS_WAKE_BUDGET="240").start()
    things = list(scribbled(server))
    yield server, things
    server.close()


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
            "hid": self.page.evaluate(HIDING),
        }
        assert not any(found.values()), (path, found)


# The URLs that show each page, by its route.
SCREENS: dict[str, tuple[str, ...]] = {
    "": ("/", "/?view=table", "/?workspace=all"),
    "messages": ("/messages", "/messages?workspace=all"),
    "handoffs": ("/handoffs",),
    "agents": (
        *("/agents", "/agents?view=cards", "/agents?inspect=@mallory", "/agents?inspect=@settler"),
        *("/agents?inspect=@victim&peer=mallory", "/agents?inspect=@mallory&peer=victim"),
    ),
    "agents/new": ("/agents/new",),
    "agents/<str:name>/keys": ("/agents/mallory/keys",),
    "topics": ("/topics?state=all", "/topics?state=closed&workspace=all"),
    "events": ("/events", "/events?workspace=all"),
    "search": ("/search?q=pwned", "/search?q=pwned&workspace=all", "/search?q=evil+example&kind=message"),
    "settings": ("/settings",),
    "settings/<slug:slug>": tuple(
        f"/settings/{slug}" for slug in ("presence", "limits", "retention", "backup", "about")
    ),
    "welcome": ("/welcome",),
    "compose": ("/compose", "/compose?kind=handoff"),
}
# What is put into pages.
FRAGMENTS = {
    "agents/<str:name>/keys/<slug:prefix>/connection": "/agents/mallory/keys/{prefix}/connection",
    "settings/figures": "/settings/figures",
    "topics/<slug:name>": "/topics/{topic}?state=all&q=pwned&reply=1",
}
# What is no page: files, data and forms, of which other tests here look at what they give.
DATA = ("live/state", "live/events", "live/traffic")
FILES = {
    "messages/<slug:name>.json",
    "events/export",
    "topics/<slug:name>/export",
    "agents/<str:name>/with/<str:peer>",
}
NO_PAGES = {*DATA, *FILES, "compose/preview", "topics/<slug:name>/post", "do/<slug:operation>"}
QUERY = (
    *(
        "q",
        "from",
        "to",
        "agent",
        "find",
        "inspect",
        "peer",
        "kind",
        "lane",
        "type",
        "subject",
        "capability",
        "presence",
    ),
    *("time", "since", "until", "sort", "view", "who", "act", "column", "after", "before", "workspace", "at", "back"),
)


def test_every_text_of_every_table_was_written_by_mallory(hostile: tuple[Server, list[str]]) -> None:
    server, _ = hostile
    texts = columns(server)
    assert {column for column, is_hostile in texts.items() if not is_hostile} == set(EMPTY)


def test_every_page_of_the_list_of_urls_is_looked_at() -> None:
    pages = {
        route for route in routes() if not route.startswith(("admin/", "api/", "login/", "healthz", "readyz", "^"))
    }
    assert pages == set(SCREENS) | set(FRAGMENTS) | NO_PAGES


def test_every_screen_shows_hostile_text_as_text(browser: Browser, hostile: tuple[Server, list[str]]) -> None:
    server, things = hostile
    trap = Trap(browser, server.url)
    for path in (path for paths in SCREENS.values() for path in paths):
        trap.look(path)
        trap.page.wait_for_timeout(200)
    for thing in things:
        trap.look(WHERE[thing[:4]].format(thing))
    assert trap.eyes.complaints == []
    trap.eyes.close()


def test_every_fragment_shows_hostile_text_as_text(browser: Browser, hostile: tuple[Server, list[str]]) -> None:
    server, _ = hostile
    trap = Trap(browser, server.url)
    prefix = server.operator().get("agents/mallory")["keys"][0]["key"]
    topic = server.operator().get("topics")["topics"][0]["topic"]
    for path in FRAGMENTS.values():
        trap.look(path.format(prefix=prefix, topic=topic))
    trap.eyes.close()


def test_what_a_url_says_is_text_too(browser: Browser, hostile: tuple[Server, list[str]]) -> None:
    server, _ = hostile
    trap, payloads = Trap(browser, server.url), cycle(PAYLOADS)
    for route in SCREENS:
        if "<" not in route:
            for names in (QUERY[::2], QUERY[1::2]):
                query = urlencode({name: next(payloads) for name in names})
                trap.page.goto(f"{server.url}/{route}?{query}")
                trap.check(f"/{route}?{query}")
    trap.eyes.close()


def test_the_data_of_the_graph_hides_nothing(hostile: tuple[Server, list[str]]) -> None:
    server, _ = hostile
    cursor = server.operator().get("events/cursor")["cursor"]
    for path in DATA:
        found = server.operator().http.get(f"{server.url}/{path}", params={"workspace": "all", "after": cursor})
        assert not re.search(r"\\u(202|206|00[01])", found.text.replace("\\\\", "")), path


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


def test_live_posts_are_inert_too(browser: Browser, hostile: tuple[Server, list[str]]) -> None:
    server, _ = hostile
    sender = server.agent("rory")
    topic = sender.post("topics", name="live")["topic"]
    sender.post("topics/join", topic=topic)
    trap = Trap(browser, server.url)
    trap.look(f"/topics/{topic}?q=pwned")
    trap.page.locator('#pill[data-state="live"]').wait_for()
    for number, payload in enumerate(PAYLOADS):
        outgoing = {"body": f"{payload} post{number}", "kind": payload[:32]}
        sender.post(f"topics/{topic}/sync", outbox=[outgoing], timeout_seconds=0)
        trap.page.locator(f'.post[data-seq="{number + 1}"]').wait_for(state="attached")
    trap.check(f"/topics/{topic}")
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
    for model in admin.site._registry:
        place = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        trap.look(place)
        rows = trap.page.locator("#result_list tbody th a, #result_list tbody td a[href*='/change/']")
        paths = sorted({str(row.get_attribute("href")) for row in rows.all()})
        for path in paths[: ROWS if model._meta.model_name in BODIES else FEW]:
            trap.look(path.partition("?")[0] if path.startswith("/") else f"{place}{path}")
    for page in ("", "bus/agent/create/", "bus/key/mint/", "bus/", "handoffs/"):
        trap.look(f"/admin/{page}")
    trap.eyes.close()
