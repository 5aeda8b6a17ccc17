"""What comes with a connection besides configuration: the skill, the lines for AGENTS.md, and OpenCode's plugin."""

import json
from importlib import resources
from pathlib import Path

from nexus_site.connect.wanted import Part, Wanted

__all__ = ["extras", "opencode_plugin"]

SKILL = "nexus"


def extras(wanted: Wanted) -> list[Part]:
    """Return the skill and the lines for AGENTS.md, where they are asked for."""
    found = []
    if wanted.skill:
        found.append(Part(_skills(wanted) / SKILL / "SKILL.md", "whole", body=_text("skill/SKILL.md")))
    if wanted.agents_md:
        found.append(Part(wanted.place.project / "AGENTS.md", "markdown", body=_text("skill/agents.md")))
    return found


def _skills(wanted: Wanted) -> Path:
    """Return the folder of skills: Claude Code has its own, the others read a shared one."""
    root = wanted.place.home if wanted.is_user else wanted.place.project
    if wanted.harness != "claude-code":
        return root / ".agents" / "skills"
    return (wanted.place.moved("CLAUDE_CONFIG_DIR", ".claude") if wanted.is_user else root / ".claude") / "skills"


def opencode_plugin(wanted: Wanted, path: Path) -> list[Part]:
    """Return the plugin, filled in; none where this Nexus comes without one."""
    template = resources.files("nexus_site") / "hooks" / "opencode.js"
    if not template.is_file():
        return []
    words = {"@HOOK@": wanted.hook, "@AGENT@": wanted.agent, "@WAKE@": ["--wake"] if wanted.wake else []}
    body = template.read_text(encoding="utf-8")
    for word, value in words.items():
        body = body.replace(f'"{word}"', json.dumps(value))
    return [Part(path, "whole", body=body, only_hooks=True)]


def _text(name: str) -> str:
    return (resources.files("nexus_site.connect") / name).read_text(encoding="utf-8")
