"""A conversation with a model, apart from the words of any API."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple


class Said(NamedTuple):
    """One piece of a conversation: what the user wrote, the name of a tool that was called, or what a tool answered."""

    kind: Literal["text", "call", "result"]
    text: str


class Call(NamedTuple):
    """A tool call that the model answers with."""

    tool: str
    arguments: dict[str, Any]


@dataclass
class Request:
    """What a client asks its model: the conversation, the tools on offer, the whole request, and the tools held back.

    What is held back is named, and the real model is not shown it before it has searched for it.
    """

    said: list[Said]
    offered: set[str]
    body: dict[str, Any]
    withheld: set[str] = field(default_factory=set)

    @property
    def results(self) -> list[str]:
        """Return what tools answered, in order."""
        return [each.text for each in self.said if each.kind == "result"]

    @property
    def texts(self) -> str:
        """Return every text of the request, one after the other."""
        return "\n".join(_strings(self.body))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)
