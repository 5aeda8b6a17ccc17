"""Shows what changes in files, without the keys and without the lines around, which are nobody's business."""

import difflib
import re
from collections.abc import Iterable

from nexus_site.connect.files import FileChange

__all__ = ["shown"]

KEY = re.compile(r"nxs_[A-Za-z0-9]+_[A-Za-z0-9_-]+")
BEARER = re.compile(r"(?i:bearer) [\w.~+/=-]{8,}")  # of another server on a line that gets a comma


def shown(changes: Iterable[FileChange]) -> list[str]:
    """Return the changes as lines, each file with its path and what happens to it."""
    return [line for change in changes for line in _file(change)]


def _file(change: FileChange) -> list[str]:
    before, after = (_masked(text or "").splitlines() for text in (change.before, change.after))
    what = (
        f"new, mode {change.mode:o}"
        if change.before is None
        else "removed"
        if change.after is None
        else f"changed, mode {change.mode:o}"
    )
    lines = list(difflib.unified_diff(before, after, lineterm="", n=0))[2:]
    return [f"  {change.path} ({what})", *(f"    {line}" for line in lines)]


def _masked(text: str) -> str:
    return BEARER.sub("Bearer …", KEY.sub("nxs_…", text))
