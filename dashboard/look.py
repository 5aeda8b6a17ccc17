"""Who looks at what: made once a request and passed to everything that builds a page."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, QueryDict

from bus.identity import Caller

__all__ = ["ALL", "Look", "look_at"]

ALL = "all"
NUMBER = re.compile("[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Look:
    """An operator, the workspace looked at (row id; None for all) and the state that the URL asks for."""

    caller: Caller
    workspace: int | None
    query: QueryDict
    path: str

    @property
    def now(self) -> datetime:
        """Return the instant of the request."""
        return self.caller.now

    @property
    def place(self) -> str:
        """Return the workspace as URLs name it: its alias or id, or `all`."""
        here = self.caller.workspace
        return ALL if self.workspace is None else here.alias or here.public_id

    def number(self, name: str) -> int | None:
        """Return a whole number of the URL, or None where there is none."""
        text = self.query.get(name, "")
        return int(text) if NUMBER.fullmatch(text) else None


async def look_at(request: HttpRequest) -> Look:
    """Return the look behind a request; raises `Unauthorized` for strangers and `NotFound` for an unknown workspace."""
    person: Any = request
    caller: Caller = await person.nexus_caller()
    everywhere = request.GET.get("workspace") == ALL
    return Look(caller, None if everywhere else caller.workspace.id, request.GET, request.path)
