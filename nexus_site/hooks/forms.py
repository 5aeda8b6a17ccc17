"""What each harness sends to a hook, and the one form in which it takes an answer."""

import json
import os
from typing import Any, NamedTuple

__all__ = ["Asked", "answer", "asked", "goes_on", "is_borrowed", "takes"]

# The harness's own name of the event, as it wants it back.
CLAUDE = {"start": "SessionStart", "prompt": "UserPromptSubmit", "tool": "PostToolUse", "stop": "Stop"}
GEMINI = {"start": "SessionStart", "prompt": "BeforeAgent", "tool": "AfterTool"}
SESSION = ("session_id", "sessionId", "conversation_id", "taskId", "trajectory_id")
ROOTS = ("workspace_roots", "workspaceRoots")
LONGEST = 200
# What a harness takes no text at.
DEAF = {"windsurf": {"start", "prompt", "tool", "stop"}, "cursor": {"prompt"}, "cline": {"stop"}}


class Asked(NamedTuple):
    """What a harness said: its session, where it works, its name of the event, and whether a hook asked for this turn."""

    session: str
    folder: str
    is_again: bool
    event: str = ""


def asked(text: str) -> Asked:
    """Return what a harness wrote to the hook; what it left out is empty, its folder is then the current one."""
    try:
        said = json.loads(text) if text.strip() else {}
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    session = next((said[name] for name in SESSION if isinstance(said.get(name), str)), "")
    again = any(said.get(name) for name in ("stop_hook_active", "stopHookActive", "loop_count"))
    event = said.get("hook_event_name")
    return Asked(session[:LONGEST], _folder(said), bool(again), event if isinstance(event, str) else "")


def _folder(said: dict[str, Any]) -> str:
    roots = next((said[name] for name in ROOTS if isinstance(said.get(name), list) and said[name]), [""])
    named = said.get("cwd") or roots[0]
    return named if isinstance(named, str) and os.path.isabs(named) else os.getcwd()


def takes(harness: str, event: str) -> bool:
    """Say whether a harness shows its model what a hook prints at an event."""
    return event not in DEAF.get(harness, ())


def goes_on(harness: str) -> bool:
    """Say whether a session may go on after its end: Copilot CLI without its screen ends it after every turn."""
    return harness == "copilot"


def is_borrowed(harness: str) -> bool:
    """Say whether Copilot CLI runs a hook of another harness, as it does in a folder that it trusts.

    It says so to its hooks by two variables, of which what its tools start is given only one.
    """
    return harness != "copilot" and {"COPILOT_CLI", "COPILOT_PROJECT_DIR"} <= os.environ.keys()


def answer(harness: str, event: str, text: str) -> str:
    """Return the JSON that gives a text to the model, or at a stop begins one more turn with it."""
    if event == "stop" and harness != "claude-code":  # which would repeat a reason to its model as words of the system
        return json.dumps(_turn(harness, text))
    if harness == "copilot":
        return json.dumps({"additionalContext": text})
    if harness == "cursor":
        return json.dumps({"additional_context": text})
    if harness == "cline":
        return json.dumps({"cancel": False, "contextModification": text})
    name = (GEMINI if harness == "gemini" else CLAUDE)[event]
    return json.dumps({"hookSpecificOutput": {"hookEventName": name, "additionalContext": text}})


def _turn(harness: str, text: str) -> dict[str, Any]:
    if harness == "cursor":
        return {"followup_message": text}
    return {"decision": "deny" if harness == "gemini" else "block", "reason": text}
