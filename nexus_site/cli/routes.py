"""Where the server's OpenAPI description says that an operation is: its method and path, by its name."""

import difflib
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from nexus_site.cli.command import REFUSED, Failed, Json

__all__ = ["Route", "route_of"]

IN_PATH = re.compile(r"{(\w+)}")


@dataclass(frozen=True)
class Route:
    """A method and a path with places for arguments."""

    method: str
    path: str

    @property
    def places(self) -> set[str]:
        """Return the names of the arguments that go into the path."""
        return set(IN_PATH.findall(self.path))

    def filled(self, arguments: Json) -> tuple[str, str, Json | None]:
        """Return the path, the query and the body that carry the arguments."""
        path = IN_PATH.sub(lambda found: quote(str(arguments[found[1]]), safe=""), self.path)
        left = {name: value for name, value in arguments.items() if name not in self.places}
        if self.method == "GET":
            return path, urlencode({name: _text(value) for name, value in left.items()}), None
        return path, "", left


def route_of(description: Json, name: str, arguments: Json) -> Route:
    """Return the operation's route whose every place in the path has an argument, the one with most places first."""
    routes = _by_operation(description)
    exact_first = sorted(routes, key=lambda each: each[0] != name)
    wanted = [route for operation, route in exact_first if operation == name or operation.startswith(f"{name}_")]
    fitting = [route for route in wanted if route.places <= arguments.keys()]
    if fitting and any(operation == name for operation, _ in routes):
        return max(fitting, key=lambda route: len(route.places))
    names = sorted(operation for operation, _ in routes)
    if name in names:
        missing = ", ".join(sorted(next(route for found, route in routes if found == name).places - arguments.keys()))
        raise Failed.because(f"`{name}` needs {missing}.", f"nexus call help about={name}", REFUSED, "invalid_input")
    near = difflib.get_close_matches(name, names, n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else "`nexus call help` lists the operations."
    raise Failed.because(f"There is no operation named {name!r}.", hint, REFUSED, "not_found")


def _by_operation(description: Json) -> list[tuple[str, Route]]:
    return [
        (operation["operationId"], Route(method.upper(), path))
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
        if "operationId" in operation
    ]


def _text(value: Any) -> str:
    """Return a value as a query shows it; lists are comma-separated."""
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return value if isinstance(value, str) else json.dumps(value)
