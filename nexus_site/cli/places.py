"""Which workspace a command means."""

import argparse
import os
from pathlib import Path

from nexus_site.cli.command import Failed, Json
from nexus_site.cli.ways import Way

__all__ = ["add_workspace", "here"]


def add_workspace(parser: argparse.ArgumentParser) -> None:
    """Add the option that names a workspace."""
    parser.add_argument("--workspace", default="", help="path, alias or id; default: that of the current folder")


def here(way: Way, named: str, agent: str = "") -> Json:
    """Return the `workspace` field for what was named, else for the current folder, else for where `agent` works."""
    if named and not is_path(named):
        return {"workspace": named}
    try:
        found = way.call("workspace_resolve", {"project_root": os.path.abspath(named or os.curdir)})
    except Failed:
        if named:
            raise
        return _home_of(way, agent) if agent else {}
    return {"workspace": found["workspace"]}


def _home_of(way: Way, agent: str) -> Json:
    found = way.call("agent_list", {"query": agent, "limit": 200})["agents"]
    homes = [each["workspace"] for each in found if each["agent"].lower() == agent.lower() and "workspace" in each]
    return {"workspace": homes[0]} if homes else {}


def is_path(text: str) -> bool:
    """Say whether a text names a folder rather than an alias."""
    return os.sep in text or text in (os.curdir, os.pardir, "~") or Path(text).is_dir()
