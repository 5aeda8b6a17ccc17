"""What a tool answers, as it goes over the wire."""

from typing import NamedTuple

__all__ = ["Reply"]


class Reply(NamedTuple):
    """The text block, the structured content as JSON, and whether it is an error."""

    text: str
    structured: str
    is_error: bool
