"""The hooks of each harness: which of its events runs `nexus-hook`, in the form that it reads."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from nexus_site.connect.splice import Edit
from nexus_site.connect.wanted import Part, Wanted

__all__ = ["claude_code", "claude_shaped", "cline", "codex", "copilot", "cursor", "gemini", "own_file", "windsurf"]

SECONDS, DAY = 35, 86_400  # NEXUS_HOOK_SECONDS is 30 at most
CLAUDE = {"SessionStart": "start", "UserPromptSubmit": "prompt", "PostToolUse": "tool", "SessionEnd": "end"}
GEMINI = {"SessionStart": "start", "BeforeAgent": "prompt", "AfterTool": "tool", "SessionEnd": "end"}
# Copilot CLI runs the hooks of start and prompt at once, and in a resumed session it forgets what the older start told.
COPILOT = {"userPromptSubmitted": "prompt", "postToolUse": "tool", "sessionEnd": "end"}
CURSOR = {"sessionStart": "start", "beforeSubmitPrompt": "prompt", "postToolUse": "tool", "sessionEnd": "end"}
CLINE = {"TaskStart": "start", "TaskResume": "start", "UserPromptSubmit": "prompt", "PostToolUse": "tool"}


def _events(wanted: Wanted, events: dict[str, str], stop: str) -> dict[str, str]:
    if not wanted.hook:
        return {}
    return events | ({stop: "stop"} if wanted.wake else {})


def _handler(wanted: Wanted, event: str, limit: int = SECONDS, **more: Any) -> dict[str, Any]:
    return {"type": "command", "command": wanted.command(event), "timeout": limit, **more}


def claude_code(wanted: Wanted) -> tuple[Edit, ...]:
    """Return the hooks of Claude Code itself: where waking is wanted, one waits in the background while it is idle."""
    if not (wanted.hook and wanted.wake):
        return claude_shaped(wanted)
    waiter = _handler(wanted, "wait", DAY, asyncRewake=True)
    more: dict[tuple[str, ...], list[Any]] = {("hooks", "SessionStart"): [waiter], ("hooks", "Stop"): [waiter]}
    return tuple(
        replace(edit, value={"hooks": [*edit.value["hooks"], *more.get(edit.path, [])]})
        for edit in claude_shaped(wanted)
    )


def claude_shaped(wanted: Wanted) -> tuple[Edit, ...]:
    """Return the hooks as Claude Code has them, which others have taken over."""
    groups = {name: [_handler(wanted, event)] for name, event in _events(wanted, CLAUDE, "Stop").items()}
    return tuple(Edit(("hooks", name), {"hooks": handlers}, append=True) for name, handlers in groups.items())


def gemini(wanted: Wanted) -> tuple[Edit, ...]:
    """Return the hooks as Gemini CLI has them: it counts in milliseconds."""
    events = _events(wanted, GEMINI, "AfterAgent")
    return tuple(
        Edit(("hooks", name), {"hooks": [_handler(wanted, event, SECONDS * 1000, name=f"nexus-{event}")]}, append=True)
        for name, event in events.items()
    )


def codex(wanted: Wanted) -> str:
    """Return the hooks as tables of TOML."""
    tables = [
        f'[[hooks.{name}]]\n[[hooks.{name}.hooks]]\ntype = "command"\n'
        f"command = {json.dumps(wanted.command(event), ensure_ascii=False)}\ntimeout = {SECONDS}\n"
        for name, event in _events(wanted, CLAUDE, "Stop").items()
    ]
    return "\n".join(tables)


def copilot(wanted: Wanted) -> dict[str, Any]:
    """Return the whole hook file of Copilot CLI."""
    events = _events(wanted, COPILOT, "agentStop")
    hooks = {
        name: [{"type": "command", "bash": wanted.command(event), "timeoutSec": SECONDS}]
        for name, event in events.items()
    }
    return {"version": 1, "hooks": hooks}


def cursor(wanted: Wanted) -> tuple[Edit, ...]:
    """Return the hooks as Cursor has them."""
    hooks = [
        Edit(("hooks", name), {"command": wanted.command(event)}, append=True)
        for name, event in _events(wanted, CURSOR, "stop").items()
    ]
    return (Edit(("version",), 1), *hooks)


def windsurf(wanted: Wanted) -> tuple[Edit, ...]:
    """Return the one hook that says this agent is at work: Windsurf takes no text from hooks."""
    hook = {"command": wanted.command("prompt"), "show_output": False}
    return (Edit(("hooks", "pre_user_prompt"), hook, append=True),)


def cline(wanted: Wanted, folder: Path) -> list[Part]:
    """Return a small program for each event of Cline, whose tasks end without asking a hook."""
    return [
        Part(
            folder / name, "whole", body=f"#!/bin/sh\nexec {wanted.command(event)}\n", executable=True, only_hooks=True
        )
        for name, event in CLINE.items()
    ]


def own_file(path: Path, content: dict[str, Any]) -> Part:
    """Return a file that holds nothing else."""
    return Part(path, "whole", body=json.dumps(content, indent=2, ensure_ascii=False) + "\n", only_hooks=True)
