"""The live graph in a browser, with made-up states: nothing overlaps, nothing moves by itself, everything is reachable by keys."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import combinations
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.dashboard.browser import VIOLATIONS
from tests.dashboard.still import site

pytestmark = pytest.mark.slow

AT = "2026-11-26T14:06:41Z"
Open = Callable[..., Page]


def until(page: Page, condition: str) -> None:
    """Wait for a condition; the policy lets no page evaluate text by itself."""
    poll = "new Promise((done) => { const look = () => (CONDITION ? done() : setTimeout(look, 15)); look(); })"
    page.evaluate(poll.replace("CONDITION", condition))


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with site() as base:
        yield base


@pytest.fixture
def show(browser: Browser, base: str) -> Iterator[Open]:
    """Return what opens the page with a number of agents; whatever it complains of fails the test."""
    complaints: list[str] = []
    contexts = []

    def opened(agents: int = 6, query: str = "", **settings: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1184, "height": 636}, **settings})
        context.add_init_script(VIOLATIONS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{base}/index.html?agents={agents}{query}")
        until(page, "document.documentElement.dataset.ready === 'yes' && graph.stats().paints > 0")
        return page

    yield opened
    stopped = [page.evaluate("window.violations") for context in contexts for page in context.pages]
    for context in contexts:
        context.close()
    assert complaints == []
    assert [each for each in stopped if each] == []


def touching(boxes: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [
        (f"{a['kind']} {a['name']}", f"{b['kind']} {b['name']}")
        for a, b in combinations(boxes, 2)
        if a["x"] < b["x"] + b["w"]
        and b["x"] < a["x"] + a["w"]
        and a["y"] < b["y"] + b["h"]
        and b["y"] < a["y"] + a["h"]
    ]


def message(to: list[str], kind: str = "direct", number: int = 1) -> dict[str, Any]:
    data = {"to": to, "kind": kind}
    return {"type": "message.created", "at": AT, "actor": "claude-impl", "message": f"msg_{number}", "data": data}


def places(page: Page) -> dict[str, tuple[float, float]]:
    boxes = page.evaluate("graph.boxes().filter((box) => box.kind === 'node')")
    return {box["name"]: (box["x"] + box["w"] / 2, box["y"] + box["h"] / 2) for box in boxes}


@contextmanager
def counted_frames(page: Page) -> Iterator[list[int]]:
    """Count the animation frames that the page asks for."""
    page.evaluate("""() => {
      window.asked = 0;
      const real = window.requestAnimationFrame;
      window.requestAnimationFrame = (act) => { window.asked += 1; return real.call(window, act); };
    }""")
    found: list[int] = []
    yield found
    found.append(page.evaluate("window.asked"))


@pytest.mark.parametrize(
    ("agents", "level", "query"),
    [(6, "card", ""), (6, "card", "&topics=1"), (12, "card", ""), (20, "big", ""), (30, "tile", ""), (60, "tile", "")],
)
def test_nothing_touches_anything_else(show: Open, agents: int, level: str, query: str) -> None:
    page = show(agents, query)
    boxes = page.evaluate("graph.boxes()")
    assert page.evaluate("graph.stats().level") == level
    assert sum(box["kind"] == "node" for box in boxes) == agents
    assert touching(boxes) == []


@pytest.mark.parametrize("agents", [30, 60])
def test_every_tile_has_its_name(show: Open, agents: int) -> None:
    assert show(agents).evaluate("graph.stats().labels") == agents


def test_all_work_of_a_small_workspace_has_its_title(show: Open) -> None:
    boxes = show(6).evaluate("graph.boxes()")
    assert sum(box["kind"] == "work" for box in boxes) == 4
    assert sum(box["kind"] == "label" for box in boxes) == 4
    assert all(box["x"] >= 0 and box["x"] + box["w"] <= 1184 for box in boxes)


def test_nothing_touches_anything_else_on_a_phone(show: Open) -> None:
    page = show(6, viewport={"width": 390, "height": 400})
    boxes = page.evaluate("graph.boxes()")
    assert page.evaluate("graph.stats().labels") == 6
    assert touching(boxes) == []
    assert all(box["x"] >= 0 and box["x"] + box["w"] <= 390 for box in boxes)


def test_five_hundred_agents_are_discs(show: Open) -> None:
    page = show(500)
    assert page.evaluate("graph.stats().level") == "disc"
    page.evaluate("graph.zoom(4)")
    assert page.evaluate("graph.stats().level") == "tile"
    page.evaluate("graph.fit()")
    assert page.evaluate("graph.stats().level") == "disc"


def test_nobody_moves_when_messages_come(show: Open) -> None:
    page = show(30)
    before = places(page)
    names = list(before)
    page.evaluate("events => graph.apply(events)", [message(names[:9], number=number) for number in range(20)])
    assert places(page) == before


def test_a_newcomer_moves_nobody_and_lies_on_nobody(show: Open) -> None:
    page = show(30)
    before = places(page)
    profile = {
        "name": "zoe",
        "kind": "agent",
        "harness": "aider",
        "presence": "present",
        "capabilities": [],
        "role": "",
    }
    joined = {"type": "workspace.joined", "at": AT, "actor": "operator", "agent": "zoe", "data": {}, "profile": profile}
    page.evaluate("event => graph.apply([event])", joined)
    after = places(page)
    assert {name: after[name] for name in before} == before
    assert "zoe" in after
    assert touching(page.evaluate("graph.boxes()")) == []


def test_the_same_names_stand_at_the_same_places(show: Open) -> None:
    assert places(show(30)) == places(show(30))


def test_a_dragged_agent_stays_where_it_was_dropped(show: Open) -> None:
    page = show(6)
    x, y = places(page)["operator"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y + 90, steps=4)
    page.mouse.up()
    dropped = places(page)["operator"]
    assert dropped == pytest.approx((x - 60, y + 90), abs=6)
    assert page.evaluate("picked") == []
    page.reload()
    until(page, "document.documentElement.dataset.ready === 'yes'")
    assert places(page)["operator"] == pytest.approx(dropped, abs=1)


def test_no_frame_is_drawn_while_nothing_moves(show: Open) -> None:
    page = show(6)
    with counted_frames(page) as at_rest:
        page.wait_for_timeout(1500)
    assert at_rest == [0]


def test_particles_fly_and_the_graph_is_at_rest_again(show: Open) -> None:
    page = show(6)
    page.evaluate("event => graph.apply([event])", message(["codex-review", "cursor-ui"]))
    assert page.evaluate("graph.stats().moving") == 2
    until(page, "graph.stats().moving === 0")
    flown = page.evaluate("graph.stats().frames")
    assert flown > 5
    with counted_frames(page) as at_rest:
        page.wait_for_timeout(500)
    assert at_rest == [0]


def test_one_particle_an_edge_at_a_time(show: Open) -> None:
    page = show(6)
    page.evaluate("events => graph.apply(events)", [message(["codex-review"], number=number) for number in range(30)])
    assert page.evaluate("graph.stats().moving") == 1


def test_a_broadcast_opens_a_ring_and_reaches_everyone(show: Open) -> None:
    page = show(6)
    told = message(["codex-review", "cursor-ui", "operator"], "broadcast")
    assert page.evaluate("event => { graph.apply([event]); return graph.stats().moving; }", told) == 4


def test_reduced_motion_washes_the_edge_and_moves_nothing(show: Open) -> None:
    page = show(6, reduced_motion="reduce")
    kinds = page.evaluate("event => { graph.apply([event]); return graph.effects.kinds(); }", message(["codex-review"]))
    assert kinds == ["wash"]
    until(page, "graph.stats().moving === 0")
    claimed = {"state": "claimed", "claimant": "opencode-ci", "epoch": 1, "attempts": 0}
    page.evaluate(
        "data => graph.apply([{type: 'handoff.claimed', at: state.at, actor: 'opencode-ci', handoff: 'hnd_4', data}])",
        claimed,
    )
    assert page.evaluate("graph.stats().moving") == 0


def test_a_claim_pulls_the_work_to_its_winner(show: Open) -> None:
    page = show(6)
    claimed = {"state": "claimed", "claimant": "gemini-research", "epoch": 1, "attempts": 0}
    spot = "graph.boxes().find((box) => box.name === 'hnd_4')"
    before = page.evaluate(spot)
    page.evaluate(
        "data => graph.apply([{type: 'handoff.claimed', at: state.at, actor: 'gemini-research', handoff: 'hnd_4', data}])",
        claimed,
    )
    until(page, "graph.stats().moving === 0")
    after, winner = page.evaluate(spot), places(page)["gemini-research"]
    assert (after["x"], after["y"]) != (before["x"], before["y"])
    assert ((after["x"] + 21 - winner[0]) ** 2 + (after["y"] + 21 - winner[1]) ** 2) ** 0.5 < 210


def test_keys_walk_from_agent_to_agent_and_open_one(show: Open) -> None:
    page = show(6)
    page.locator("#graph").focus()
    page.keyboard.press("ArrowRight")
    first = page.locator(".graph-voice").inner_text()
    page.keyboard.press("ArrowLeft")
    second = page.locator(".graph-voice").inner_text()
    assert first
    assert second
    assert first != second
    page.keyboard.press("Enter")
    [picked] = page.evaluate("picked")
    assert picked in second or picked.startswith("hnd_")


def test_a_click_selects_and_a_click_beside_lets_go(show: Open) -> None:
    page = show(6)
    x, y = places(page)["codex-review"]
    page.mouse.click(x, y)
    page.mouse.click(590, 20)
    assert page.evaluate("picked") == ["codex-review", None]


def test_what_the_graph_shows_is_said_to_screen_readers(show: Open) -> None:
    label = show(6).locator("#graph").get_attribute("aria-label")
    assert label is not None
    assert "6 agents, 5 here, 4 handoffs, 7 unread" in label


@pytest.mark.parametrize(
    ("wanted", "nodes", "work"),
    [
        ({"presence": "stale"}, ["opencode-ci"], 1),
        ({"capability": "review"}, ["codex-review"], 1),
        ({"verbs": "messages"}, None, 0),
        ({}, None, 4),
    ],
)
def test_filters_leave_what_was_asked_for(
    show: Open, wanted: dict[str, str], nodes: list[str] | None, work: int
) -> None:
    page = show(6)
    page.evaluate("wanted => graph.filter(wanted)", wanted)
    boxes = page.evaluate("graph.boxes()")
    found = [box["name"] for box in boxes if box["kind"] == "node"]
    assert len(found) == 6 if nodes is None else found == nodes
    assert sum(box["kind"] == "work" for box in boxes) == work


def test_the_theme_is_read_again_when_it_changes(show: Open) -> None:
    page = show(6, color_scheme="light")
    pixel = """() => {
      const [x, y] = (({x, y}) => [x, y])(graph.boxes().find((box) => box.name === 'operator'));
      return [...graph.still.getImageData((x + 100) * graph.ratio, (y + 45) * graph.ratio, 1, 1).data.subarray(0, 3)];
    }"""
    light = page.evaluate(pixel)
    page.emulate_media(color_scheme="dark")
    assert min(light) > 240
    until(page, f"Math.max(...({pixel})()) < 60")
