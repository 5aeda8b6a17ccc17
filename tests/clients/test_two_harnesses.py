"""The tutorial of two harnesses, played by Claude Code and Gemini CLI with a stand-in for their models."""

import html
import re
import sys
from pathlib import Path

import pytest

from nexus_site.serving.banner import Found, show
from nexus_site.serving.lock import Running
from tests.clients.model import order
from tests.clients.programs import Home, claude_code, gemini_cli
from tests.live.servers import ROOT, Server

pytestmark = pytest.mark.slow

PAGE = ROOT / "docs" / "tutorial" / "two-harnesses-talk.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MESSAGE = re.compile(r"msg_[0-9a-z]{22}")
SLOWLY = re.compile("(ok|warning) hook start")  # what doctor thinks of a slow machine is not what the page is about
SEND, PULL = "mcp__nexus__message_create", "mcp_nexus_inbox_pull"
LETTER = {"to": "gemini", "subject": "The parser is green", "body": "All 214 tests pass. Could you look at parse.py?"}
FREELY = ("--approval-mode", "yolo", "-m", "gemini-2.5-pro")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A server that nobody has used yet."""
    running = Server(tmp_path_factory.mktemp("two") / "home").start()
    yield running
    running.close()


@pytest.fixture
def desk(tmp_path: Path, fresh: Server, model) -> Home:
    """A home with both programs on the PATH, and a repository that both trust."""
    keys = {"ANTHROPIC_API_KEY": "none", "GEMINI_API_KEY": "none"}
    urls = {"ANTHROPIC_BASE_URL": model.url, "GOOGLE_GEMINI_BASE_URL": model.url}
    home = Home(tmp_path, NEXUS_HOME=str(fresh.home), PYTHONPATH=str(ROOT), NEXUS_HOOK_SECONDS="20", **keys, **urls)
    home.repository = fresh.project
    (home.folder / "bin").mkdir()
    for name, command in {"claude": claude_code(), "gemini": gemini_cli()}.items():
        script = home.folder / "bin" / name
        script.write_text(f'#!/bin/sh\nexec {" ".join(command)} "$@"\n')
        script.chmod(0o755)
    home.environment["PATH"] = f"{home.folder}/bin:{Path(gemini_cli()[0]).parent}:{home.environment['PATH']}"
    home.write(".claude.json", {"projects": {str(fresh.project): {"hasTrustDialogAccepted": True}}})
    home.write(".gemini/trustedFolders.json", {str(fresh.project): "TRUST_FOLDER"})
    home.write(".gemini/settings.json", {"security": {"auth": {"selectedType": "gemini-api-key"}}})
    return home


def nexus(home: Home, command: str) -> str:
    program = [sys.executable, "-m", "nexus_site.cli", *command.split()[1:]]
    return str(home.run(program).stdout)


def check(expected: str, printed: str) -> None:
    """Check that the parts between the dots are printed in their order; columns may be wider, and ids are others."""

    def plain(text: str) -> str:
        return SLOWLY.sub("ok hook start", re.sub(" +", " ", MESSAGE.sub("msg", text)))

    reached, whole = 0, plain(printed)
    for piece in (each.strip() for each in plain(expected).split("…")):
        for line in filter(None, map(str.strip, piece.splitlines())):
            found = whole.find(line, reached)
            assert found >= 0, f"{line!r} is not in\n{printed}"
            reached = found + len(line)


def test_three_commands_and_the_first_message_is_there(desk, fresh, model):
    blocks = BLOCK.findall(PAGE.read_text())
    (digest,) = [text for kind, text in blocks if kind == "digest"]
    steps = {text.strip(): blocks[at + 1][1] for at, (kind, text) in enumerate(blocks) if kind == "sh"}
    first, second, inbox, tail = steps
    for command in (first, second):
        check(steps[command].replace("http://127.0.0.1:8642", fresh.url), nexus(desk, command))
    desk.run(claude_code(), "-p", order(SEND, **LETTER), "--allowedTools", SEND)
    check(steps[inbox], nexus(desk, inbox))
    desk.run(gemini_cli(), *FREELY, "-p", order(PULL, limit=5))
    told = next(request.texts for request in model.asked if "You are gemini in" in request.texts)
    check(digest, html.unescape(told))  # Gemini CLI hands it on as HTML
    check(steps[tail], nexus(desk, tail))


def test_the_banner_names_what_the_page_says(capsys, monkeypatch, desk):
    monkeypatch.setenv("PATH", f"{desk.folder}/bin")
    show(Found(Running(1, "http://127.0.0.1:1", "0", "daphne", "now"), "/data", "/login/token"), as_json=False)
    printed = capsys.readouterr().out
    (named,) = [text for kind, text in BLOCK.findall(PAGE.read_text()) if text.startswith("  Connect")]
    assert named in printed
