"""The commands by which a client adds the server itself, as the guide shows them."""

import re
import shlex

import pytest

from tests.clients.programs import claude_code, codex, gemini_cli, opencode

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("name", "program", "file"),
    [
        ("claude", claude_code, ".claude.json"),
        ("codex", codex, ".codex/config.toml"),
        ("gemini", gemini_cli, ".gemini/settings.json"),
        ("opencode", opencode, ".config/opencode/opencode.jsonc"),
    ],
)
def test_command_adds_the_server_and_leaves_the_key_in_the_environment(home, guided, alice, name, program, file):
    home.write(".gemini/trustedFolders.json", {str(home.repository): "TRUST_FOLDER"})
    line = re.search(rf"^{name} (mcp add .*)$", guided, re.MULTILINE)
    assert line
    home.run(program(), *shlex.split(line[1]))
    assert alice.key not in (home.folder / file).read_text()
    listed = home.run(program(), "mcp", "list")
    assert re.search(r"nexus.*(connected|enabled)", listed.stdout + listed.stderr, re.IGNORECASE)
