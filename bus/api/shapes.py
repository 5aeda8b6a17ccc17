"""How orders look in OpenAPI and in the reference: plain JSON schemas."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import GetJsonSchemaHandler

from bus.schemas.base import Order

__all__ = ["Described", "Schema", "plain"]

Schema = dict[str, Any]


@dataclass(frozen=True)
class Described:
    """Shows an order's schema, without the fields of the path, and checks nothing: the door does."""

    order: type[Order]
    path: frozenset[str]

    def __get_pydantic_json_schema__(self, _: Any, handler: GetJsonSchemaHandler) -> Schema:
        """Return the schema of what is left for the query or the body."""
        schema = dict(handler.resolve_ref_schema(handler(self.order.__pydantic_core_schema__)))
        left = {name: plain(field) for name, field in schema["properties"].items() if name not in self.path}
        required = [name for name in schema.pop("required", []) if name in left]
        return {**schema, "properties": left, **({"required": required} if required else {})}


def plain(field: Mapping[str, Any]) -> Schema:
    """Return a field's schema without title and null: what may be null may as well be left out."""
    shown = {key: value for key, value in field.items() if key != "title" and (key != "default" or value is not None)}
    branches = [branch for branch in shown.pop("anyOf", ()) if branch.get("type") != "null"]
    if len(branches) == 1:
        return {**branches[0], **shown}
    return {**shown, "anyOf": branches} if branches else shown
