"""The table of clients names the versions that are installed and run."""

import json
import re
from importlib import metadata
from pathlib import Path

import pytest

from tests.clients.programs import Home, claude_code, codex, copilot_cli, gemini_cli, inspector, opencode
from tests.live.servers import ROOT

TABLES = (ROOT / "docs" / "reference" / "clients.md", ROOT / "README.md")
ROW = re.compile(r"^\| ([^|]+?) \| (\d[\w.-]*) \|.*\((?:\.\./\.\./)?tests/clients/test_\w+\.py\)\)? \|$", re.MULTILINE)
PACKAGES = {
    "Claude Code": "@anthropic-ai/claude-code",
    "Codex": "@openai/codex",
    "Gemini CLI": "@google/gemini-cli",
    "OpenCode": "opencode-ai",
    "Copilot CLI": "@github/copilot",
    "MCP Inspector": "@modelcontextprotocol/inspector",
}
PROGRAMS = {
    "Claude Code": claude_code,
    "Codex": codex,
    "Gemini CLI": gemini_cli,
    "OpenCode": opencode,
    "Copilot CLI": copilot_cli,
    "MCP Inspector": inspector,
}


def table(page: Path = TABLES[0]) -> dict[str, str]:
    """Return the version of each client of a page's table."""
    return dict(ROW.findall(page.read_text()))


@pytest.mark.parametrize("page", TABLES, ids=lambda page: page.name)
def test_table_names_the_versions_that_are_pinned(page):
    pinned = json.loads((ROOT / "tests" / "clients" / "package.json").read_text())["dependencies"]
    ours = {client: pinned[package] for client, package in PACKAGES.items()}
    assert table(page) == ours | {"Python `mcp.Client`": metadata.version("mcp")}


@pytest.mark.slow
@pytest.mark.parametrize("client", PROGRAMS)
def test_program_says_the_version_of_the_table(tmp_path, client):
    said = Home(tmp_path).run(PROGRAMS[client](), "--version").stdout
    assert table()[client] in [word.rstrip(".") for word in said.split()]
