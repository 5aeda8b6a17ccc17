"""Messages that are too long to be read: each is refused under its own id, so that no client waits for ever.

A message has one long member at most, its params. What stands before and behind it is short and tells the id, wherever
the client writes it.
"""

import re
from typing import Any

from pydantic_core import from_json

from bus.errors import TooLarge
from nexus_site.guard import LIMIT
from nexus_site.mcp.faults import Fault
from nexus_site.mcp.messages import is_id
from nexus_site.replies import REFUSED
from nexus_site.serving.pipes import Cut

__all__ = ["answer"]

TOO_LARGE = f"The request is larger than the limit of {LIMIT >> 20} MB. Send fewer or shorter items in one call."
STRING = rb'"(?:[^"\\]|\\.)*+"'
MEMBER = rb"%s\s*+:\s*+(?:%s|[-+.\w]++)\s*+" % (STRING, STRING)
BEFORE = re.compile(rb"\s*+\{\s*+((?:%s,\s*+)*+)" % MEMBER)
BEHIND = re.compile(rb"((?:,\s*+%s)++)\}\s*+\Z" % MEMBER)


def answer(line: Cut) -> bytes:
    """Return the refusal of a line, under its id where it is a request."""
    said = _members(BEFORE.match(line.first)) | _members(BEHIND.search(line.last))
    answers = said.get("id") if "method" in said else None
    shape = TooLarge(TOO_LARGE, limit=LIMIT).shape()["error"]
    return Fault(REFUSED, TOO_LARGE, given=shape).body(answers if is_id(answers) else None)


def _members(found: re.Match[bytes] | None) -> dict[str, Any]:
    """Return the members of an object that were found in a row."""
    try:
        return dict(from_json(b"{%s}" % found[1].strip(b", \t\r"))) if found else {}
    except ValueError:
        return {}
