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


def here(way: Way, named: str) -> Json:
    """Return the `workspace` field for what was named, else for the current folder where that is a workspace."""
    if named and not is_path(named):
        return {"workspace": named}
    try:
        found = way.call("workspace_resolve", {"project_root": os.path.abspath(named or os.curdir)})
    except Failed:
        if named:
            raise
        return {}
    return {"workspace": found["workspace"]}


def is_path(text: str) -> bool:
    """Say whether a text names a folder rather than an alias."""
    return os.sep in text or text in (os.curdir, os.pardir, "~") or Path(text).is_dir()
