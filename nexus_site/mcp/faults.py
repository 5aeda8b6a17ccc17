"""Protocol errors: JSON-RPC errors whose `data` carries the one error shape."""

from collections.abc import Mapping
from typing import Any

from mcp_types.jsonrpc import (
    HEADER_MISMATCH,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    UNSUPPORTED_PROTOCOL_VERSION,
)
from pydantic_core import from_json, to_json

from bus.errors import Internal, Refusal, UnsupportedMedia
from bus.text import without_secrets

__all__ = ["BadMethod", "Fault", "NotAcceptable", "data", "reshaped"]

ONE_MESSAGE = "Send one JSON-RPC 2.0 request or notification: an object with `jsonrpc`, `id`, `method` and `params`."
HINTS = {
    PARSE_ERROR: "Send valid JSON in UTF-8.",
    INVALID_REQUEST: ONE_MESSAGE,
    INVALID_PARAMS: "Compare `params` with the protocol's schema of this method.",
    METHOD_NOT_FOUND: "Nexus serves tools: use tools/list and tools/call.",
    INTERNAL_ERROR: Internal.hint,
    HEADER_MISMATCH: "The Mcp-* headers must say what the body says, each once.",
    UNSUPPORTED_PROTOCOL_VERSION: "Use one of the `supported` versions.",
}
CODES = {METHOD_NOT_FOUND: "not_found", INTERNAL_ERROR: "internal"}
# What the SDK refuses by HTTP status: our code, and how to mend it.
STATUSES = {
    404: ("not_found", "Send `initialize` for a new session."),
    405: ("method_not_allowed", "Use POST; GET opens a session's stream and DELETE ends a session."),
    406: ("unsupported_media", "Send `Accept: application/json, text/event-stream`."),
    409: ("conflict", "This session has a stream already; close it first."),
    503: ("busy", "End sessions that are not used with DELETE, then send it again."),
}


class NotAcceptable(UnsupportedMedia):
    """The client does not accept what this answers."""

    status = 406
    hint = STATUSES[406][1]


class BadMethod(Refusal):
    """This HTTP method is not served here."""

    code, status = STATUSES[405][0], 405
    hint = STATUSES[405][1]


class Fault(Exception):
    """A protocol error that is answered before any operation runs."""

    def __init__(self, number: int, message: str, *, given: object = None, status: int = 400, hint: str = "") -> None:
        """Keep the JSON-RPC error number, its message, what the protocol puts into its data, and the HTTP status."""
        super().__init__(message)
        self.number, self.message, self.given, self.status, self.hint = number, message, given, status, hint

    def body(self, answers: object = None) -> bytes:
        """Return the JSON-RPC error for the request with the id `answers`."""
        shape = data(self.number, self.message, self.given)
        if self.hint:
            shape["hint"] = self.hint
        return to_json(
            {"jsonrpc": "2.0", "id": answers, "error": {"code": self.number, "message": self.message, "data": shape}}
        )


def data(number: int, message: str, given: Any = None) -> dict[str, Any]:
    """Return `error.data` for a JSON-RPC error: the error shape, beside what the protocol itself puts there."""
    given = without_secrets(given)
    kept = given if isinstance(given, Mapping) else {}
    if "hint" in kept:
        return dict(kept)
    details = {"about": given} if given and not kept else {}
    shape = {"code": CODES.get(number, "invalid_input"), "message": message, "details": details}
    return {**kept, **shape, "hint": HINTS.get(number, "Call the tool `help` for the manual.")}


def reshaped(status: int, body: bytes) -> bytes:
    """Return the body of an HTTP error of the SDK with the error shape in `error.data`."""
    try:
        answer = from_json(body)
        error = answer["error"]
        number, message, given = error["code"], error["message"], error.get("data")
    except (ValueError, KeyError, TypeError):
        number, message, given = INVALID_REQUEST, body.decode("utf-8", "replace")[:200] or f"HTTP {status}.", None
        answer = {"jsonrpc": "2.0", "id": None}
    shape = data(number, message, given)
    if status in STATUSES and shape != given:
        shape["code"], shape["hint"] = STATUSES[status]
    return to_json({**answer, "error": {"code": number, "message": message, "data": shape}})
