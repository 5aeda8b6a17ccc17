"""One line of a body: what is said, without the marks of Markdown."""

import re

__all__ = ["READ", "line"]

READ = 600
LONGEST = 180
FENCE = re.compile(r"^\s*(```|~~~).*$", re.MULTILINE)
LEAD = re.compile(r"^\s*(?:#{1,6}|>|[-+*]|\d+[.)])\s+", re.MULTILINE)
LINK = re.compile(r"!?\[([^\]\n]{0,200})\]\([^)\n]{0,400}\)")
# Notices tell agents which call to make with which id; people see the handoff's title already.
CALL = re.compile(r"[^.!?\n]*\bhnd_[0-9a-z]{22}\b[^.!?\n]*[.!?]?[ \t]*")
STRONG = re.compile(r"\*\*|__|`")


def line(body: str) -> str:
    """Return the beginning of a body as one line."""
    text = FENCE.sub(" ", body[:READ])
    for pattern, kept in ((CALL, ""), (LEAD, ""), (LINK, r"\1"), (STRONG, "")):
        text = pattern.sub(kept, text)
    return " ".join(text.split())[:LONGEST]
