"""What operators and agents do together, on open pages of a real server, with agents over MCP."""

import json
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.dashboard.browser import Eyes
from tests.live.servers import Rest, Server, mcp_tools, play

pytestmark = pytest.mark.slow


BESIDE = ThreadPoolExecutor(4)  # the browser's own event loop runs in the main thread


def beside(served: Server, agent: Rest, *calls: tuple[str, dict[str, Any]]) -> "Future[list[Any]]":
    """Let an agent call tools over MCP meanwhile."""

    async def call() -> list[Any]:
        async with mcp_tools(served, agent.key) as tools:
            return [await tools(name, **arguments) for name, arguments in calls]

    return BESIDE.submit(play, call())


def over_mcp(served: Server, agent: Rest, *calls: tuple[str, dict[str, Any]]) -> list[Any]:
    """Let an agent call tools over MCP, and wait for the answers."""
    return beside(served, agent, *calls).result()


def test_a_message_comes_up_on_table_thread_and_graph_without_a_reload(
    browser: Browser, served: Server, ann: Rest, ben: Rest
) -> None:
    over_mcp(served, ann, ("message_create", {"to": "ben", "subject": "The first", "body": "Hello."}))
    windows = {
        path: Eyes(browser, served.url) for path in ("/messages", "/agents?inspect=@ann&peer=ben", "/?view=table", "/")
    }
    for path, eyes in windows.items():
        eyes.go(path)
        eyes.page.evaluate("window.isTheSame = true")
    body = "Parser is **green** at last."
    over_mcp(served, ann, ("message_create", {"to": "ben", "subject": "Parser is green", "body": body}))
    table, thread, twin, graph = (eyes.page for eyes in windows.values())
    expect(table.locator("#mail-rows")).to_contain_text("Parser is green")
    expect(thread.locator("#inspector")).to_contain_text("Parser is green at last.")
    expect(twin.locator("#ticker")).to_contain_text("Parser is green")
    expect(graph.locator("#ticker")).to_contain_text("Parser is green")
    windows["/"].until("document.getElementById('graph').nexus?.stats().unread >= 2")
    for eyes in windows.values():
        assert eyes.page.evaluate("window.isTheSame") is True
        assert eyes.problems() == []
        eyes.close()


def test_a_claim_moves_its_card_and_its_node(browser: Browser, served: Server, ann: Rest, ben: Rest) -> None:
    order = {"title": "Review the parser", "to": {"capability": "review"}}
    (made,) = over_mcp(served, ann, ("handoff_create", order))
    name = made["handoff"]
    board, live = Eyes(browser, served.url), Eyes(browser, served.url)
    board.go("/handoffs"), live.go("/")
    expect(board.page.locator(f"#column-open #card-{name}")).to_be_visible()
    over_mcp(served, ben, ("handoff_claim", {"handoff": name}))
    expect(board.page.locator(f"#column-claimed #card-{name}")).to_be_visible()
    expect(board.page.locator(f"#card-{name}")).to_have_count(1)
    live.until(f"document.getElementById('graph').nexus?.work('{name}')?.claimant === 'ben'")
    for eyes in (board, live):
        assert eyes.problems() == []
        eyes.close()


def test_an_operators_reply_ends_the_agents_wait(browser: Browser, served: Server, ben: Rest) -> None:
    cat = served.agent("cat")
    over_mcp(served, cat, ("message_create", {"to": "ben", "subject": "May I merge?", "body": "All is green."}))
    message = cat.get("messages")["messages"][0]["message"]
    eyes = Eyes(browser, served.url)
    page = eyes.go(f"/messages?inspect={message}")

    waiting = beside(served, cat, ("inbox_wait", {"timeout_seconds": 60}))
    page.locator("#inspector .act summary", has_text="Reply").click()
    page.locator("#inspector textarea[name=body]").fill("Yes. And tell the others.")
    page.locator("#inspector .act[open] button.btn-primary").click()
    expect(page.locator("#toasts")).to_contain_text("Sent to cat")
    (told,) = waiting.result()
    assert told["messages"][0]["origin"] == "operator"
    assert "And tell the others." in json.dumps(told)
    assert eyes.problems() == []
    eyes.close()


def test_two_operators_agree(browser: Browser, served: Server, ann: Rest, ben: Rest) -> None:
    order = {"title": "Tidy the changelog", "to": "ben"}
    (made,) = over_mcp(served, ann, ("handoff_create", order))
    name = made["handoff"]
    one, two = Eyes(browser, served.url), Eyes(browser, served.url)
    one.go(f"/handoffs?inspect={name}"), two.go("/handoffs")
    served.operator().post(f"handoffs/{name}/cancel", reason="Not now")
    for eyes in (one, two):
        expect(eyes.page.locator(f"#column-closed #card-{name}")).to_be_visible()
        assert eyes.problems() == []
        eyes.close()
