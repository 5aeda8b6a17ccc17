"""The family's error codes, and which refusal is which of them."""

from collections.abc import Mapping
from typing import Any

from bus.errors import Refusal

__all__ = ["Fault", "invalid", "of"]

INVALID, BUSY, IN_USE = "INVALID_ARGUMENT", "DB_BUSY", "AGENT_NAME_IN_USE"
CODES = {
    "topic_not_found": "TOPIC_NOT_FOUND",
    "topic_closed": "TOPIC_CLOSED",
    "not_joined": "AGENT_NOT_JOINED",
    "name_in_use": IN_USE,
    "invalid_input": INVALID,
    "too_large": INVALID,
    "busy": BUSY,
    "rate_limited": BUSY,
}
MESSAGES = {
    "TOPIC_NOT_FOUND": "There is no such topic. topic_list shows those there are.",
    "TOPIC_CLOSED": "The topic is closed: it can be read and takes no more messages.",
    "AGENT_NOT_JOINED": "You have not joined this topic. Call topic_join first, with your reclaim_token after a restart.",
    IN_USE: (
        "Another peer has the agent_name {requested!r} in this topic. Send its reclaim_token, or take another name, such as "
        "{first!r}."
    ),
    BUSY: "The database is busy and nothing was written. Send it again in a moment.",
}
# How our operations call what the family calls otherwise.
NAMES = {
    "body": "content_markdown",
    "client_id": "client_message_id",
    "kind": "message_type",
    "limit": "max_items",
    "peer": "agent_name",
    "seq": "last_seq",
    "state": "status",
    "timeout_seconds": "wait_seconds",
    "topic": "topic_id",
}
OWN_WORDS = "Value error, "


class Fault(Exception):
    """A refusal in the family's words."""

    def __init__(self, code: str, message: str, **more: Any) -> None:
        """Keep the code, the message, and what else stands beside the error."""
        super().__init__(message)
        self.code, self.message, self.more = code, message, more


def invalid(message: str) -> Fault:
    """Return the fault for an argument that is wrong."""
    return Fault(INVALID, message)


def of(refusal: Refusal) -> Fault:
    """Return what the family says for one of our refusals; what it has no code for keeps ours, in capitals."""
    code = CODES.get(refusal.code, refusal.code.upper())
    if code == INVALID:
        return invalid(_what_is_wrong(refusal))
    if code == IN_USE:
        requested, suggested = refusal.details["requested"], refusal.details["suggested"]
        message = MESSAGES[IN_USE].format(requested=requested, first=suggested[0])
        return Fault(IN_USE, message, requested_agent_name=requested, suggested_agent_names=suggested)
    return Fault(code, MESSAGES.get(code, f"{refusal.message} {refusal.fix}"))


def _what_is_wrong(refusal: Refusal) -> str:
    """Return what is wrong with which argument, in the family's names."""
    details = refusal.details
    if fields := details.get("fields"):
        return " ".join(map(_of_field, fields))
    where, limit = _named(str(details.get("field", ""))), details.get("limit")
    if not where:
        return str(refusal.message).partition(":")[0].rstrip(".") + "."
    return f"{where}: {refusal.message}" if limit is None else f"{where} is more than the limit of {limit}."


def _of_field(field: Mapping[str, Any]) -> str:
    """Say what is wrong with one field: in our own words where these are ours, else only that it is wrong."""
    where, problem = _named(field["field"]), str(field["problem"])
    own = problem.removeprefix(OWN_WORDS)
    return f"{where} {own}." if own != problem else f"{where} is not what this tool takes."


def _named(field: str) -> str:
    """Return where it is, as in `outbox[0].content_markdown`."""
    first, *rest = field.split(".")
    steps = (f"[{step}]" if step.isdecimal() else f".{NAMES.get(step, step)}" for step in rest)
    return NAMES.get(first, first) + "".join(steps)
