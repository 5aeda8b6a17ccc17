"""What the arguments of a tool may be, how they are listed, and how they are read.

Reading is forgiving as the family's clients expect: numbers and flags may come as text, objects as JSON text, and null is as
good as nothing. Whatever is wrong is said in one plain sentence.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nexus_site.agent_bus.faults import invalid

__all__ = ["REQUIRED", "Argument", "Choice", "Flag", "Object", "Outbox", "Text", "Whole", "parsed", "read", "schema"]

REQUIRED: Any = object()
FLAGS = {"true": True, "1": True, "false": False, "0": False}
Schema = dict[str, Any]


@dataclass(frozen=True)
class Argument(ABC):
    """One argument of a tool."""

    default: Any = None
    about: str = ""

    @abstractmethod
    def kind(self) -> Schema:
        """Return the JSON schema of a value."""

    @abstractmethod
    def value(self, name: str, given: Any) -> Any:
        """Return what was meant, or raise a fault."""


@dataclass(frozen=True)
class Text(Argument):
    """Some text; `strips` takes spaces around it away."""

    longest: int = 0
    strips: bool = False

    def kind(self) -> Schema:
        """Return the schema of a text."""
        return {"type": "string"}

    def value(self, name: str, given: Any) -> str:
        """Return the text; an empty one is refused."""
        text = given.strip() if self.strips and isinstance(given, str) else given
        if not isinstance(text, str) or not text:
            raise invalid(f"{name} must be a text that is not empty.")
        if self.longest and len(text) > self.longest:
            raise invalid(f"{name} has at most {self.longest} characters.")
        return text


@dataclass(frozen=True)
class Whole(Argument):
    """A whole number; above `most` it counts as `most`."""

    least: int = 0
    most: int = 2**53

    def kind(self) -> Schema:
        """Return the schema of a number."""
        return {"type": "integer", "minimum": self.least}

    def value(self, name: str, given: Any) -> int:
        """Return the number."""
        number = _whole(given)
        if number is None or number < self.least:
            raise invalid(f"{name} must be a whole number of at least {self.least}.")
        return min(number, self.most)


@dataclass(frozen=True)
class Flag(Argument):
    """True or false."""

    def kind(self) -> Schema:
        """Return the schema of a flag."""
        return {"type": "boolean"}

    def value(self, name: str, given: Any) -> bool:
        """Return the flag."""
        found = given if isinstance(given, bool) else FLAGS.get(str(given).lower())
        if found is None:
            raise invalid(f"{name} must be true or false.")
        return found


@dataclass(frozen=True)
class Choice(Argument):
    """One of some words."""

    words: tuple[str, ...] = ()

    def kind(self) -> Schema:
        """Return the schema of the words."""
        return {"type": "string", "enum": list(self.words)}

    def value(self, name: str, given: Any) -> str:
        """Return the word."""
        if given not in self.words:
            raise invalid(f"{name} must be one of {', '.join(self.words)}.")
        return str(given)


@dataclass(frozen=True)
class Object(Argument):
    """A JSON object."""

    def kind(self) -> Schema:
        """Return the schema of an object."""
        return {"type": "object"}

    def value(self, name: str, given: Any) -> dict[str, Any]:
        """Return the object."""
        found = parsed(given)
        if not isinstance(found, dict):
            raise invalid(f"{name} must be a JSON object.")
        return found


@dataclass(frozen=True)
class Outbox(Argument):
    """Messages to send: a list, one alone, or either as JSON text."""

    def kind(self) -> Schema:
        """Return the schema of the three forms."""
        return {"anyOf": [{"type": "array", "items": {"type": "object"}}, {"type": "object"}, {"type": "string"}]}

    def value(self, name: str, given: Any) -> list[dict[str, Any]]:
        """Return the list."""
        found = parsed(given)
        items = [found] if isinstance(found, dict) else found
        if not isinstance(items, list):
            raise invalid(f"{name} must be a list of objects, not a text: send it without quotes.")
        for at, each in enumerate(items):
            if not isinstance(each, dict):
                raise invalid(f"{name}[{at}] must be an object with content_markdown.")
        return items


def parsed(given: Any) -> Any:
    """Return a text as the JSON that it is, None where it is none; everything else as it is."""
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given, parse_constant=_refused)
    except (ValueError, RecursionError):
        return None


def _refused(constant: str) -> None:
    raise ValueError(constant)


def _whole(given: Any) -> int | None:
    if isinstance(given, str) and len(given) <= 20 and given.strip().removeprefix("-").isdecimal():
        return int(given)
    if isinstance(given, float) and given.is_integer():
        return int(given)
    return given if isinstance(given, int) and not isinstance(given, bool) else None


def schema(arguments: Mapping[str, Argument]) -> Schema:
    """Return the JSON schema of a tool's arguments."""
    shaped: Schema = {"type": "object", "properties": {name: _listed(each) for name, each in arguments.items()}}
    if required := [name for name, each in arguments.items() if each.default is REQUIRED]:
        shaped["required"] = required
    return shaped


def _listed(argument: Argument) -> Schema:
    shown = argument.kind()
    if argument.default is not REQUIRED and argument.default is not None:
        shown["default"] = argument.default
    return {**shown, "description": argument.about} if argument.about else shown


def read(arguments: Mapping[str, Argument], given: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return every argument by name, with its default where nothing was given; raises a fault."""
    found = {}
    for name, argument in arguments.items():
        sent = given.get(name)
        if sent is not None:
            found[name] = argument.value(prefix + name, sent)
        elif argument.default is REQUIRED:
            raise invalid(f"{prefix}{name} is missing.")
        else:
            found[name] = argument.default
    return found
