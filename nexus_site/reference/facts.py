"""What there is to know about an operation, from its function, its order and its answer."""

from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json

from bus import door
from bus.api.routes import Route
from bus.api.shapes import Schema, plain
from bus.errors import InvalidInput
from nexus_site.reference.refusals import refusals
from nexus_site.rest import ROUTES

__all__ = ["Fact", "Field", "Shape", "facts", "toolsets"]

COMMON = frozenset({"workspace", "idempotency_key", "duplicate"})
TIMES = ("_at", "_until")
LIMITS = (("minimum", "maximum", ""), ("minLength", "maxLength", " characters"), ("minItems", "maxItems", " items"))


@dataclass(frozen=True)
class Field:
    """One line of a table of fields."""

    name: str
    type: str
    limits: str
    default: str
    about: str


@dataclass(frozen=True)
class Shape:
    """An object: its name, what it is, and its fields."""

    name: str
    about: str
    fields: list[Field]


@dataclass(frozen=True)
class Fact:
    """One operation."""

    name: str
    toolset: str
    kind: str
    description: str
    routes: list[Route]
    takes: Shape
    gives: Shape
    refusals: list[str]
    parts: dict[str, Shape] = field(default_factory=dict)


@cache
def facts() -> tuple[Fact, ...]:
    """Return every operation, in the order of the toolsets."""
    return tuple(_fact(entry) for entry in door.published().values())


def toolsets() -> dict[str, list[Fact]]:
    """Return the operations by toolset."""
    return {name: list(some) for name, some in groupby(facts(), key=lambda fact: fact.toolset)}


def _fact(entry: door.Published) -> Fact:
    takes, asked = _shapes(entry.order, "validation")
    gives, told = _shapes(entry.answer, "serialization")
    return Fact(
        name=entry.name,
        toolset=entry.toolset,
        kind=entry.kind,
        description=" ".join(entry.description.split()),
        routes=[route for route in ROUTES if route.operation == entry.name],
        takes=takes,
        gives=gives,
        refusals=sorted({refusal.code for refusal in refusals(entry.function)} - {InvalidInput.code}),
        parts=asked | told,
    )


def _shapes(model: type[BaseModel], mode: Any) -> tuple[Shape, dict[str, Shape]]:
    """Return the shape of a model and, by name, those of the objects in it."""
    schema = model.model_json_schema(mode=mode)
    parts = schema.pop("$defs", {})
    must = "required" if mode == "validation" else ""
    return _shape(model.__name__, schema, must), {name: _shape(name, part, must) for name, part in parts.items()}


def _shape(name: str, schema: Schema, must: str) -> Shape:
    required = schema.get("required", ())
    hidden = COMMON if must == "required" else {"duplicate"}
    properties = {each: part for each, part in schema.get("properties", {}).items() if each not in hidden}
    fields = [_field(each, part, must if each in required else "optional") for each, part in properties.items()]
    return Shape(name, schema.get("description", ""), fields)


def _field(name: str, schema: Schema, default: str) -> Field:
    shown = plain(schema)
    kind = "time" if name.endswith(TIMES) else _type(shown)
    given = _json(shown["default"]) if "default" in shown else default
    return Field(name, kind, _limits(shown), given, shown.get("description", ""))


def _type(schema: Schema) -> str:
    """Return a schema's type in words."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema or "const" in schema:
        return " or ".join(_json(value) for value in schema.get("enum", [schema.get("const")]))
    if "anyOf" in schema:
        return " or ".join(_type(branch) for branch in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}" if schema.get("items") else "list"
    if schema.get("format") == "date-time":
        return "time"
    return str(schema.get("type", "any JSON"))


def _limits(schema: Schema) -> str:
    """Return the range of a number, a text or a list in words."""
    for low, high, unit in LIMITS:
        if low in schema and high in schema:
            return f"{schema[low]:,} to {schema[high]:,}{unit}"
        if high in schema:
            return f"at most {schema[high]:,}{unit}"
    return ""


def _json(value: Any) -> str:
    return to_json(value).decode()
