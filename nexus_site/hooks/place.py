"""Where the data directory, the server and an agent's key are, as the rest of Nexus has it."""

import json
import os
import sys
from pathlib import Path

__all__ = ["data", "key", "url"]

USUAL = "http://127.0.0.1:8642"


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


def key(agent: str) -> str:
    """Return the key: NEXUS_KEY, else the file of this agent; empty where there is none."""
    if given := os.environ.get("NEXUS_KEY"):
        return given.strip()
    try:
        return (data() / "keys" / agent).read_text().strip()
    except OSError:
        return ""
