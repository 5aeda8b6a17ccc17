"""Who looks at what: made once a request and passed to everything that builds a page."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, QueryDict

from bus.errors import InvalidInput
from bus.identity import Caller
from bus.phrases import UNSEEN

__all__ = ["ALL", "EARLIEST", "NUMBER", "Look", "look_at"]

ALL = "all"
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # no log begins before that
LONGEST = 200
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

    def text(self, name: str) -> str:
        """Return what somebody typed, without what nobody sees: the database takes a NUL for the end of what it looks for."""
        return UNSEEN.sub(" ", self.query.get(name, "")).strip()[:LONGEST]

    def number(self, name: str) -> int | None:
        """Return a whole number of the URL, or None where there is none."""
        text = self.query.get(name, "")
        return int(text) if NUMBER.fullmatch(text) else None

    def instant(self, name: str) -> datetime | None:
        """Return an instant of the URL in UTC, None where there is none; what is no time is refused."""
        text = self.query.get(name, "")
        if not text:
            return None
        try:
            at = datetime.fromisoformat(text)
            return max(EARLIEST, at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC))
        except (OverflowError, ValueError):
            hint = "Write it like 2026-01-31T14:06:41Z."
            raise InvalidInput(f"`{name}` is no time.", hint=hint, sent=text[:40]) from None


async def look_at(request: HttpRequest) -> Look:
    """Return the look behind a request; raises `Unauthorized` for strangers and `NotFound` for an unknown workspace."""
    person: Any = request
    caller: Caller = await person.nexus_caller()
    everywhere = request.GET.get("workspace") == ALL
    return Look(caller, None if everywhere else caller.workspace.id, request.GET, request.path)
