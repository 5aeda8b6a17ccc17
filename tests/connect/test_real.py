"""The real programs read what `nexus connect` writes, in homes of their own."""

import json
import re
import sys
from pathlib import Path

import pytest

from tests.clients.programs import Home, claude_code, codex, copilot_cli, found, gemini_cli, opencode
from tests.live.servers import ROOT, Server

pytestmark = pytest.mark.slow

PROGRAMS = {
    "claude-code": claude_code,
    "codex": codex,
    "gemini": gemini_cli,
    "opencode": opencode,
    "copilot": copilot_cli,
}
SAID = {
    ("claude-code", "user"): r"nexus: .*Connected",
    ("claude-code", "project"): r"nexus: .*Pending approval",
    ("codex", "user"): r"nexus .*enabled +Bearer token",
    ("codex", "project"): r"nexus .*NEXUS_KEY +enabled",
    ("gemini", "user"): r"nexus: .*Connected",
    ("gemini", "project"): r"nexus: .*Connected",
    ("opencode", "user"): r"nexus .*connected",
    ("opencode", "project"): r"nexus .*connected",
    ("copilot", "user"): r"nexus \(http\)",
}
CONFIGS = {
    ".claude.json": '{ "mcpServers" :\n{"other": {"command": "false"}}\n ,"numStartups":3 }\n',
    ".claude/settings.json": '{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "true"}]}]}}',
    ".codex/config.toml": '# mine\nmodel = "m"\n\n[mcp_servers.other]\ncommand = "false"   # why\n[projects."REPOSITORY"]\ntrust_level = "trusted"',
    ".gemini/settings.json": '{\n\t"ui": {"theme": "GitHub"}, // mine\n\t"mcpServers": {\n\t\t"other": {"command": "false"}\n\t}\n}\n',
    ".gemini/trustedFolders.json": '{"REPOSITORY": "TRUST_FOLDER"}',
    ".config/opencode/opencode.jsonc": '{\n    // mine\n    "$schema": "https://opencode.ai/config.json",\n    "mcp": {},\n}',
    ".copilot/mcp-config.json": '{"mcpServers": { "other":\n  {"type": "local", "command": "false", "args": [], "tools": ["*"]} } }\n',
    ".copilot/config.json": '// mine\n{ "trustedFolders": ["REPOSITORY"] }',
    "repository/AGENTS.md": "# Rules",
}


@pytest.fixture
def home(tmp_path: Path, server: Server) -> Home:
    """A home with files as people keep them."""
    node = Path(found("node-linux-*/bin/node")).parent
    home = Home(tmp_path, NEXUS_HOME=str(server.home), PYTHONPATH=str(ROOT))
    home.environment["PATH"] = f"{node}:{home.environment['PATH']}"
    (home.repository / ".git").mkdir()
    for name, text in CONFIGS.items():
        home.write(name, text.replace("REPOSITORY", str(home.repository)))
    return home


def nexus(home: Home, *words: str) -> list[dict]:
    done = json.loads(home.run([sys.executable, "-m", "nexus_site.cli"], *words, "--yes", "--json").stdout)
    return next(iter(done.values()))


def everything(home: Home) -> dict[str, tuple[int, bytes]]:
    found = [path for path in home.folder.rglob("*") if not path.is_symlink()]
    return {str(path): (path.stat().st_mode, path.read_bytes() if path.is_file() else b"") for path in found}


@pytest.mark.parametrize(("harness", "scope"), SAID)
def test_the_program_lists_it_until_it_is_disconnected(home, server, harness, scope):
    before = everything(home)
    order = ("connect", harness, "--scope", scope, "--wake", "--skill", "--agents-md")
    (made,) = nexus(home, *order)
    assert len(made["files"]) >= 3
    connected = everything(home)
    assert nexus(home, *order)[0]["files"] == []
    assert everything(home) == connected
    nexus(home, "disconnect", harness)
    assert everything(home) == before

    nexus(home, *order)
    if scope == "project":
        home.environment["NEXUS_KEY"] = (server.home / "keys" / harness).read_text()
    listed = home.run(PROGRAMS[harness](), "mcp", "list")
    assert re.search(SAID[harness, scope], re.sub(r"\x1b\[[\d;]*m", "", listed.stdout + listed.stderr))
    assert nexus(home, *order)[0]["files"] == []
    nexus(home, "disconnect", harness)
    left = everything(home)
    written_anew = {name for name in before if left.get(name) != before[name]}
    assert written_anew <= {str(home.folder / ".claude.json")}
    assert not any("nexus" in (home.folder / name).read_text() for name in CONFIGS)
