"""Reads JSON with comments and trailing commas, and remembers where in the text each thing stands."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Item", "Node", "Unreadable", "parse"]

BLANK = re.compile(r"(?:[\s\ufeff]|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
WORD = re.compile(r"[^\s,\[\]{}/:\"]+")
CLOSING = {"{": "}", "[": "]"}


class Unreadable(Exception):
    """The file is not what its name says, or says it in a way that cannot be edited."""


@dataclass
class Node:
    """A value: from `start` to `end` in the text."""

    kind: str  # "{", "[" or "" for anything without parts
    start: int
    end: int
    items: list["Item"] = field(default_factory=list)
    scalar: Any = None

    @property
    def value(self) -> Any:
        """Return it as Python has it."""
        if self.kind == "{":
            return {item.key: item.node.value for item in self.items}
        return [item.node.value for item in self.items] if self.kind == "[" else self.scalar

    def get(self, key: str) -> "Item | None":
        """Return the member of an object; of two with one name the last counts, as for every reader of JSON."""
        return next((item for item in reversed(self.items) if item.key == key), None) if self.kind == "{" else None


@dataclass
class Item:
    """A member of an object (then with a key) or an element of an array, and where the comma after it is."""

    key: str
    start: int
    node: Node
    comma: int | None = None


def parse(text: str) -> Node:
    """Return the whole text's value, or raise `Unreadable` saying in which line it stops making sense."""
    try:
        node = _value(text, _after_blank(text, 0))
    except RecursionError:
        raise Unreadable("it is nested too deeply") from None
    if _after_blank(text, node.end) != len(text):
        raise _fault(text, node.end)
    return node


def _after_blank(text: str, at: int) -> int:
    blank = BLANK.match(text, at)
    return blank.end() if blank else at


def _fault(text: str, at: int) -> Unreadable:
    line = text.count("\n", 0, at) + 1
    return Unreadable(f"line {line} is no JSON")


def _value(text: str, at: int) -> Node:
    first = text[at : at + 1]
    if first in CLOSING and first:
        return _container(text, at)
    word = (STRING if first == '"' else WORD).match(text, at)
    if word is None:
        raise _fault(text, at)
    try:
        return Node("", at, word.end(), scalar=json.loads(word[0], strict=False))
    except ValueError:
        raise _fault(text, at) from None


def _container(text: str, start: int) -> Node:
    kind = text[start]
    node, at = Node(kind, start, start), _after_blank(text, start + 1)
    while text[at : at + 1] != CLOSING[kind]:
        if node.items and node.items[-1].comma is None:
            raise _fault(text, at)
        item = _member(text, at) if kind == "{" else Item("", at, _value(text, at))
        node.items.append(item)
        at = _after_blank(text, item.node.end)
        if text[at : at + 1] == ",":
            item.comma, at = at, _after_blank(text, at + 1)
    node.end = at + 1
    return node


def _member(text: str, start: int) -> Item:
    key = STRING.match(text, start)
    colon = _after_blank(text, key.end()) if key else start
    if key is None or text[colon : colon + 1] != ":":
        raise _fault(text, start)
    return Item(str(_value(text, start).scalar), start, _value(text, _after_blank(text, colon + 1)))
