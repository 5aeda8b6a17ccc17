"""The first page in a browser: its commands work as they stand, and it turns when somebody calls."""

import shlex
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests.dashboard.browser import Eyes
from tests.live.servers import ROOT, Server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A server that nobody has called yet."""
    server = Server(tmp_path_factory.mktemp("fresh") / "home").start()
    yield server
    server.close()


def test_command_that_is_shown_connects_a_program_and_its_first_call_turns_the_page(browser, fresh, tmp_path) -> None:
    eyes = Eyes(browser, fresh.url)
    page = eyes.go("/welcome")
    line = page.locator("#add-codex").inner_text()
    program, *words = shlex.split(line)
    assert program == "nexus"
    environment = fresh.environment | {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "nexus_site.cli", *words, "--yes"]
    done = subprocess.run(command, cwd=fresh.project, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    key = (fresh.home / "keys" / "codex").read_text()
    where = {"project_root": str(fresh.project)}
    called = fresh.client().get(f"{fresh.url}/api/v1/whoami", params=where, headers={"Authorization": f"Bearer {key}"})
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
