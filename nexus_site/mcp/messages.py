"""What a request carries: whether its sender reads JSON, and the one JSON-RPC message of its body."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from mcp_types import INVALID_REQUEST, PARSE_ERROR
from pydantic_core import from_json

from nexus_site.mcp.faults import Fault

__all__ = ["ONE_MESSAGE", "accepts_json", "is_id", "parsed"]

ONE_MESSAGE = "The body must be one JSON-RPC request or notification object."


@lru_cache(maxsize=256)
def accepts_json(accept: bytes) -> bool:
    """Say whether an Accept header allows a JSON document."""
    kinds = {part.partition(b";")[0].strip().lower() for part in accept.split(b",")}
    return not kinds.isdisjoint({b"application/json", b"application/*", b"*/*"})


def parsed(body: bytes) -> dict[str, Any]:
    """Return the one JSON-RPC message of a body: a request, a notification or a response."""
    try:
        message = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Fault(PARSE_ERROR, f"Parse error: {error}") from None
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        raise Fault(INVALID_REQUEST, ONE_MESSAGE)
    if not (_is_call(message) if "method" in message else _is_response(message)):
        raise Fault(INVALID_REQUEST, ONE_MESSAGE)
    return message


def _is_call(message: Mapping[str, Any]) -> bool:
    """Say whether the envelope of a request or notification is right."""
    params = message.get("params")
    right = isinstance(message["method"], str) and (params is None or isinstance(params, dict))
    return right and ("id" not in message or is_id(message["id"]))


def _is_response(message: Mapping[str, Any]) -> bool:
    return ("result" in message or "error" in message) and "id" in message


def is_id(value: object) -> bool:
    """Say whether a value may be the id of a request."""
    return isinstance(value, str) or (type(value) is int and value.bit_length() < 64)
