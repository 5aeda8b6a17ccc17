"""Where the data directory, the server and an agent's key are, as the rest of Nexus has it."""

import json
import os
import sys
from pathlib import Path

__all__ = ["data", "key", "url"]

USUAL = "http://127.0.0.1:8642"
EXPANDING = ("claude-code", "gemini", "copilot")  # their own files name NEXUS_KEY before the key


def data() -> Path:
    """Return the data directory: NEXUS_HOME, else the usual one of this system."""
    named = os.environ.get("NEXUS_HOME")
    return Path(named or _usual()).expanduser()


def _usual() -> str:
    if sys.platform == "darwin":
        return "~/Library/Application Support/nexus"
    if sys.platform == "win32":
        return os.path.join(os.environ.get("LOCALAPPDATA", "~/AppData/Local"), "nexus", "nexus")
    root = os.environ.get("XDG_DATA_HOME", "")
    return os.path.join(root if root.strip() else "~/.local/share", "nexus")


def url() -> str:
    """Return where the server is: NEXUS_URL, else what it wrote down, else the usual address."""
    if named := os.environ.get("NEXUS_URL"):
        return named.rstrip("/")
    try:
        return str(json.loads((data() / "serve.lock").read_text())["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return USUAL


def key(harness: str, agent: str) -> str:
    """Return the key by which the harness itself calls; empty where there is none.

    That is NEXUS_KEY, else the file of this agent; the file alone where the person's own files of the harness hold the key.
    """
    given = os.environ.get("NEXUS_KEY", "").strip()
    if given and not _is_written(harness, agent):
        return given
    try:
        return (data() / "keys" / agent).read_text().strip()
    except OSError:
        return given


def _is_written(harness: str, agent: str) -> bool:
    """Say whether `nexus connect` wrote this agent's key where NEXUS_KEY does not go before it."""
    if harness in EXPANDING:
        return False
    try:
        made = json.loads((data() / "connect" / "connections.json").read_text())["connections"]
        return (harness, "user", agent) in [(each["harness"], each["scope"], each["agent"]) for each in made]
    except (OSError, ValueError, KeyError, TypeError):
        return False
