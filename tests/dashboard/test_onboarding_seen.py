"""The first page in a browser: its commands work as they stand, and it turns when somebody calls."""

import json
import shlex

import pytest
from playwright.sync_api import expect

from tests.dashboard.browser import Eyes
from tests.live.servers import Server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A server that nobody has called yet."""
    server = Server(tmp_path_factory.mktemp("fresh") / "home").start()
    yield server
    server.close()


def test_command_that_is_shown_enrols_an_agent_and_its_first_call_turns_the_page(browser, fresh) -> None:
    eyes = Eyes(browser, fresh.url)
    page = eyes.go("/welcome")
    line = page.locator("#add-codex").inner_text()
    program, *words = shlex.split(line)
    assert program == "nexus"
    done = fresh.command(*words, "--workspace", str(fresh.project), "--json")
    assert done.returncode == 0, done.stderr
    expect(page.locator("#connecting")).to_contain_text("waits for the first call")
    key = json.loads(done.stdout)["key"]
    called = fresh.client().get(f"{fresh.url}/api/v1/whoami", headers={"Authorization": f"Bearer {key}"})
    assert called.status_code == 200
    expect(page.locator(".harness-state.is-connected")).to_contain_text("connected")
    expect(page.get_by_role("link", name="See the graph")).to_be_visible()
    assert eyes.problems() == []
    eyes.close()


def test_a_click_copies_the_command(browser, fresh) -> None:
    eyes = Eyes(browser, fresh.url, permissions=["clipboard-read", "clipboard-write"])
    page = eyes.go("/welcome")
    page.get_by_role("button", name="Copy nexus seed").click()
    expect(page.locator("#toasts")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "nexus seed"
    eyes.close()
