"""The one error shape and the refusals that every room shares.

A refusal is a class: its docstring is the default message, `code` and `status` are what surfaces answer.
"""

import inspect
from typing import Any, ClassVar

from bus.gauges import gauges
from bus.text import without_secrets

__all__ = [
    "Busy",
    "Conflict",
    "DatabaseDamaged",
    "DiskFull",
    "Forbidden",
    "Gone",
    "Internal",
    "InvalidInput",
    "NotFound",
    "RateLimited",
    "Refusal",
    "TooLarge",
    "Unauthorized",
    "UnsupportedMedia",
    "WrongHost",
    "WrongOrigin",
]


class Refusal(Exception):
    """The request was refused."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    hint: ClassVar[str] = "Call `help` for the manual."
    patience: ClassVar[float | None] = None

    def __init__(
        self, message: str = "", /, *, hint: str = "", retry_after: float | None = None, **details: Any
    ) -> None:
        """Keep what to answer: the message (default: the docstring), how to mend it, and the facts.

        A key that was sent in a wrong place is not shown again.
        """
        said = message or (inspect.getdoc(type(self)) or "").split("\n\n")[0].replace("\n", " ")
        self.message = without_secrets(said)
        self.fix = hint or self.hint
        self.retry_after = self.patience if retry_after is None else retry_after
        self.details = without_secrets(details)
        super().__init__(self.message)

    def shape(self) -> dict[str, Any]:
        """Return `{"error": {"code", "message", "details", "hint", "retry_after"?}}`; `retry_after` in seconds.

        Every surface answers through here, so here it is counted.
        """
        gauges.refused(self.code)
        error: dict[str, Any] = {"code": self.code, "message": self.message, "details": self.details, "hint": self.fix}
        if self.retry_after is not None:
            error["retry_after"] = self.retry_after
        return {"error": error}


class InvalidInput(Refusal):
    """An argument is missing, unknown or out of range."""

    code, status = "invalid_input", 422
    hint = "Compare the arguments with the operation's schema: call `help` with its name."


class Unauthorized(Refusal):
    """No valid key was given."""

    code, status = "unauthorized", 401
    hint = "Send `Authorization: Bearer nxs_…`; an operator mints a key with `nexus agent add NAME`."


class Forbidden(Refusal):
    """This caller may not do that."""

    code, status = "forbidden", 403
    hint = "Ask an operator, or use a key whose scope allows it."


class WrongOrigin(Refusal):
    """The request comes from another web origin."""

    code, status = "wrong_origin", 403
    hint = "Call from the dashboard itself, or without Origin and Sec-Fetch-Site headers."


class NotFound(Refusal):
    """There is no such thing, or it is not visible to you."""

    code, status = "not_found", 404
    hint = "Check the id; list calls show what you can see."


class Conflict(Refusal):
    """The state does not allow that any more."""

    code, status = "conflict", 409
    hint = "Read the thing again and decide anew."


class Gone(Refusal):
    """It existed and was removed by retention."""

    code, status = "gone", 410
    hint = "Start again without the cursor."


class TooLarge(Refusal):
    """The request is larger than the limit."""

    code, status = "too_large", 413
    hint = "Send less in one request; large content belongs in a file that a reference names."


class UnsupportedMedia(Refusal):
    """The content type or encoding is not supported."""

    code, status = "unsupported_media", 415
    hint = "Send `Content-Type: application/json`, uncompressed."


class WrongHost(Refusal):
    """The Host header does not name this server."""

    code, status = "wrong_host", 421
    hint = "Use the URL that `nexus serve` printed, or list the host in NEXUS_ALLOWED_HOSTS."


class RateLimited(Refusal):
    """Too many requests."""

    code, status, patience = "rate_limited", 429, 1.0
    hint = "Wait `retry_after` seconds and send it again."


class Internal(Refusal):
    """Something failed inside Nexus."""

    code, status = "internal", 500
    hint = "It is in the server's log. Send it again, or tell the operator."


class Busy(Refusal):
    """The writer is busy."""

    code, status, patience = "busy", 503, 1.0
    hint = "Nothing was written. Wait `retry_after` seconds and send it again."


class DiskFull(Refusal):
    """The disk is full."""

    code, status = "disk_full", 507
    hint = "Nothing was written. Free disk space; reads go on meanwhile."


class DatabaseDamaged(Refusal):
    """The database is damaged."""

    code, status = "database_damaged", 500
    hint = "Stop the server and put a backup back with `nexus restore FILE`."
