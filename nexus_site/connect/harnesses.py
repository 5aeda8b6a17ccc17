"""What each of the twelve harnesses reads, and where."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nexus_site.connect import hookups
from nexus_site.connect.carried import extras, opencode_plugin
from nexus_site.connect.splice import Edit
from nexus_site.connect.wanted import Part, Wanted

__all__ = ["HARNESSES", "Harness", "parts", "scope_of", "who_wakes"]

MINE = "${NEXUS_KEY}"
USER, PROJECT, BOTH = ("user",), ("project",), ("user", "project")


@dataclass(frozen=True)
class Harness:
    """A harness: its name, what it wants written, what its person does next, and whether a project file will do.

    `wakes_in` are the scopes in which direct mail may begin a turn, `wakes_idle` whether also of a session that is idle.
    """

    title: str
    parts: Callable[[Wanted], list[Part]]
    next: str
    in_projects: bool = False
    wakes_in: tuple[str, ...] = ()
    wakes_idle: bool = False


def parts(wanted: Wanted) -> list[Part]:
    """Return everything that a connection writes, with skill and AGENTS.md where they are asked for."""
    its_own = HARNESSES[wanted.harness].parts(wanted)
    return [part for part in [*its_own, *extras(wanted)] if wanted.hook or not part.only_hooks]


def scope_of(harness: str, scope: str) -> str:
    """Return the scope that is possible: a project file that cannot name a variable would hold the key."""
    return scope if HARNESSES[harness].in_projects else "user"


def who_wakes() -> str:
    """Return which harnesses can be woken, for a person who asked it of one that cannot."""
    able = {name: each for name, each in HARNESSES.items() if each.wakes_in}
    idle = [name for name, each in able.items() if each.wakes_idle]
    only = [name if each.wakes_in != PROJECT else f"{name} with --scope project" for name, each in able.items()]
    others = [each for each in only if each not in idle]
    return f"Also while idle: {', '.join(idle)}. When they would stop: {', '.join(others)}."


def _server(path: Path, wanted: Wanted, keys: tuple[str, ...], entry: dict[str, Any]) -> Part:
    return Part(path, "json", (Edit((*keys, "nexus"), entry),), secret=wanted.is_user)


def _http(wanted: Wanted, own: str, project: str, **more: Any) -> dict[str, Any]:
    return {"type": "http", "url": wanted.url, "headers": wanted.bearer(own, project), **more}


def _claude_code(wanted: Wanted) -> list[Part]:
    place = wanted.place
    folder = place.moved("CLAUDE_CONFIG_DIR", ".claude")
    own = (folder if place.variables.get("CLAUDE_CONFIG_DIR") else place.home) / ".claude.json"
    server = own if wanted.is_user else place.project / ".mcp.json"
    hooks = folder / "settings.json" if wanted.is_user else place.project / ".claude" / "settings.local.json"
    entry = _http(wanted, f"${{NEXUS_KEY:-{wanted.key}}}", MINE)
    return [
        _server(server, wanted, ("mcpServers",), entry),
        Part(hooks, "json", hookups.claude_code(wanted), only_hooks=True),
    ]


def _codex(wanted: Wanted) -> list[Part]:
    folder = wanted.place.moved("CODEX_HOME", ".codex") if wanted.is_user else wanted.place.project / ".codex"
    key = f'http_headers = {{ Authorization = "Bearer {wanted.key}" }}'
    key = key if wanted.is_user else 'bearer_token_env_var = "NEXUS_KEY"'
    body = f"[mcp_servers.nexus]\nurl = {json.dumps(wanted.url)}\n{key}\n\n{hookups.codex(wanted)}".rstrip() + "\n"
    return [Part(folder / "config.toml", "toml", body=body, secret=wanted.is_user)]


def _gemini(wanted: Wanted) -> list[Part]:
    root = wanted.place.home if wanted.is_user else wanted.place.project
    server = Edit(("mcpServers", "nexus"), _http(wanted, f"${{NEXUS_KEY:-{wanted.key}}}", MINE))
    edits = (server, *hookups.gemini(wanted))
    return [Part(root / ".gemini" / "settings.json", "json", edits, secret=wanted.is_user)]


def _opencode(wanted: Wanted) -> list[Part]:
    place = wanted.place
    folder = place.config / "opencode" if wanted.is_user else place.project
    path = _first(folder / "opencode.jsonc", folder / "opencode.json")
    headers = wanted.bearer(f"{{file:{wanted.key_file}}}", "{env:NEXUS_KEY}")
    entry = {"type": "remote", "url": wanted.url, "headers": headers, "oauth": False}
    plugins = folder / "plugin" if wanted.is_user else folder / ".opencode" / "plugin"
    server = Part(path, "json", (Edit(("mcp", "nexus"), entry),))
    return [server, *opencode_plugin(wanted, plugins / "nexus.js")]


def _first(*paths: Path) -> Path:
    return next((path for path in paths if path.exists()), paths[-1])


def _copilot(wanted: Wanted) -> list[Part]:
    folder = wanted.place.moved("COPILOT_HOME", ".copilot")
    entry = _http(wanted, f"${{NEXUS_KEY:-{wanted.key}}}", MINE, tools=["*"])
    return [
        _server(folder / "mcp-config.json", wanted, ("mcpServers",), entry),
        hookups.own_file(folder / "hooks" / "nexus.json", hookups.copilot(wanted)),
    ]


def _cursor(wanted: Wanted) -> list[Part]:
    folder = (wanted.place.home if wanted.is_user else wanted.place.project) / ".cursor"
    entry = {"url": wanted.url, "headers": wanted.bearer(wanted.key, "${env:NEXUS_KEY}")}
    return [
        _server(folder / "mcp.json", wanted, ("mcpServers",), entry),
        Part(folder / "hooks.json", "json", hookups.cursor(wanted), only_hooks=True),
    ]


def _vscode(wanted: Wanted) -> list[Part]:
    place = wanted.place
    if wanted.is_user:
        mac = place.system == "darwin"
        base = place.home / "Library" / "Application Support" if mac else place.config
        return [_server(base / "Code" / "User" / "mcp.json", wanted, ("servers",), _http(wanted, wanted.key, ""))]
    asked = {"type": "promptString", "id": "nexus-key", "description": "Key of a Nexus agent", "password": True}
    entry = _http(wanted, "", "${input:nexus-key}")
    edits = (Edit(("inputs",), asked, append=True), Edit(("servers", "nexus"), entry))
    hooks = place.project / ".github" / "hooks" / "nexus-vscode.json"
    shaped = {edit.path[1]: [edit.value] for edit in hookups.claude_shaped(wanted)}
    flat = {name: [hook for group in groups for hook in group["hooks"]] for name, groups in shaped.items()}
    return [
        Part(place.project / ".vscode" / "mcp.json", "json", edits),
        hookups.own_file(hooks, {"hooks": flat}),
    ]


def _windsurf(wanted: Wanted) -> list[Part]:
    folder = wanted.place.home / ".codeium" / "windsurf"
    entry = {"serverUrl": wanted.url, "headers": wanted.bearer(wanted.key, "")}
    return [
        _server(folder / "mcp_config.json", wanted, ("mcpServers",), entry),
        Part(folder / "hooks.json", "json", hookups.windsurf(wanted), only_hooks=True),
    ]


def _cline(wanted: Wanted) -> list[Part]:
    folder = wanted.place.home / ".cline"
    path = wanted.place.moved("CLINE_MCP_SETTINGS_PATH", ".cline/data/settings/cline_mcp_settings.json")
    transport = {"type": "streamableHttp", "url": wanted.url, "headers": wanted.bearer(wanted.key, "")}
    server = _server(path, wanted, ("mcpServers",), {"transport": transport})
    return [server, *hookups.cline(wanted, folder / "hooks")]


def _goose(wanted: Wanted) -> list[Part]:
    body = (
        "nexus:\n  enabled: true\n  type: streamable_http\n  name: nexus\n  description: Messages and handoffs\n"
        f"  uri: {json.dumps(wanted.url)}\n  headers:\n    Authorization: {json.dumps(f'Bearer {wanted.key}')}\n"
        "  timeout: 300\n"
    )
    plugin = wanted.place.home / ".agents" / "plugins" / "nexus" / "hooks" / "hooks.json"
    groups = {edit.path[1]: [edit.value] for edit in hookups.claude_shaped(wanted)}
    return [
        Part(wanted.place.config / "goose" / "config.yaml", "yaml", body=body, secret=True),
        hookups.own_file(plugin, {"hooks": groups}),
    ]


def _zed(wanted: Wanted) -> list[Part]:
    entry = {"url": wanted.url, "headers": wanted.bearer(wanted.key, "")}
    return [_server(wanted.place.config / "zed" / "settings.json", wanted, ("context_servers",), entry)]


def _generic(wanted: Wanted) -> list[Part]:
    own = wanted.place.data / "connect" / "mcp.json"
    path = own if wanted.is_user else wanted.place.project / ".mcp.json"
    return [_server(path, wanted, ("mcpServers",), _http(wanted, wanted.key, MINE))]


HARNESSES: Mapping[str, Harness] = {
    "claude-code": Harness(
        "Claude Code",
        _claude_code,
        "Start claude; it asks once to trust the folder and a server of the project.",
        True,
        BOTH,
        True,
    ),
    "codex": Harness(
        "Codex", _codex, "Start codex; hooks that are new want your trust: /hooks lists them.", True, BOTH
    ),
    "gemini": Harness(
        "Gemini CLI", _gemini, "Start gemini and trust the folder, else it starts no server.", True, BOTH
    ),
    "opencode": Harness(
        "OpenCode", _opencode, "Start opencode anew: it reads its files at the start.", True, BOTH, True
    ),
    "copilot": Harness("Copilot CLI", _copilot, "Start copilot and trust the folder.", wakes_in=USER),
    "cursor": Harness("Cursor", _cursor, "Enable the server nexus in Cursor's settings, under MCP.", True, BOTH),
    "vscode": Harness("VS Code", _vscode, "Start the server from `MCP: List Servers` and trust it.", True, PROJECT),
    "windsurf": Harness("Windsurf", _windsurf, "Refresh the servers in Cascade's MCP settings."),
    "cline": Harness("Cline", _cline, "Switch hooks on in Cline's settings."),
    "goose": Harness("goose", _goose, "Start a new goose session.", wakes_in=USER),
    "zed": Harness("Zed", _zed, "Allow the server in the agent panel's settings."),
    "generic": Harness("Any MCP client", _generic, "Point the client at the file, or copy its one server.", True),
}
