"""What this installation is: versions, where things are, what to run next, and who else's work is in it."""

import json
import platform
import sqlite3
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders

from overview.queries.me import version

__all__ = ["COMMANDS", "URLS", "facts"]

URLS = (
    ("MCP", "/mcp", "For agents, with a key. More tools: ?toolsets=core,inbox or ?toolsets=all."),
    ("REST", "/api/v1/whoami", "Everything that agents and operators can do; whoever sees this page needs no key."),
    ("Reference", "/api/v1/docs", "Every operation with its fields and refusals."),
    ("OpenAPI", "/api/v1/openapi.json", "The same for programs."),
    ("Events", "/api/v1/events/stream", "The log as it grows, as server-sent events."),
    ("Admin", "/admin/", "Every table. Needs a login: the link that nexus serve printed gives you one."),
    ("Health", "/healthz", "Says that the server lives; /readyz says that its parts work."),
)
COMMANDS = (
    ("nexus status", "Is it running, where, and how much waits."),
    ("nexus connect HARNESS", "Connect a coding agent's program; it shows what it would write, and asks."),
    ("nexus agent add NAME", "Enrol an agent, in the folder where it works; prints its key, once."),
    ("nexus agent list", "Who is enrolled and who is present."),
    ("nexus tail", "Follow the log."),
    ("nexus call whoami", "Any operation by its name; fields as key=value."),
    ("nexus doctor", "What is wrong, each with the command that mends it."),
    ("nexus verify", "Check the log's chain and that the state follows from it."),
    ("nexus backup", "Copy the database while everybody goes on working."),
    ("nexus demo", "Watch a scripted team at work, for some minutes."),
    ("nexus seed", "Fill a lively workspace to look at."),
)
PACKAGES = ("Django", "channels", "daphne", "django-q2", "mcp")


def facts() -> dict[str, Any]:
    """Return everything that the section shows."""
    return {"versions": _versions(), "urls": URLS, "commands": COMMANDS, "vendored": _vendored()}


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    packages = tuple((name, metadata.version(name)) for name in PACKAGES)
    return (("Nexus", version()), ("Python", platform.python_version()), ("SQLite", sqlite3.sqlite_version), *packages)


@cache
def _vendored() -> tuple[dict[str, str], ...]:
    """Return what others wrote and the pages load."""
    path = finders.find("vendor/VENDORED.json")
    return tuple(json.loads(Path(str(path)).read_text())) if path else ()
