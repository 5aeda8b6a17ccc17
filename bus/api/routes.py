"""What a REST route is: a method, a path and the operation behind it, nothing else.

The door checks what was sent, so that every surface refuses in the same words; the order and the answer of the operation
only describe the route to OpenAPI.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple, get_type_hints

from django.http import HttpRequest, HttpResponse
from ninja import Body, Query, Router
from ninja.signature.utils import get_path_param_names

from bus import door
from bus.api.shapes import Described
from bus.errors import InvalidInput, Refusal
from bus.schemas.base import Order

__all__ = ["REFUSED", "MethodNotAllowed", "Route", "Routes"]

Function = Callable[..., Any]
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
JSON = "application/json"
REFUSED = {"default": {"$ref": "#/components/responses/Refused"}}


class MethodNotAllowed(Refusal):
    """This path does not take that method."""

    code, status = "method_not_allowed", 405
    hint = "Use one of the methods in `details.allowed`."


class Route(NamedTuple):
    """One line of a room's table."""

    method: str
    path: str
    operation: str
    status: int


class Routes:
    """The routes of a room, in the order in which paths are tried."""

    def __init__(self) -> None:
        """Start empty."""
        self.router = Router()
        self.table: list[Route] = []

    def get(self, path: str, function: Function) -> None:
        """Read by query parameters."""
        self._add(Route("GET", path, function.__name__, 200), function)

    def post(self, path: str, function: Function, *, status: int = 200, operation_id: str = "") -> None:
        """Do something with a JSON body."""
        self._add(Route("POST", path, function.__name__, status), function, operation_id)

    def put(self, path: str, function: Function) -> None:
        """Set something."""
        self._add(Route("PUT", path, function.__name__, 200), function)

    def patch(self, path: str, function: Function) -> None:
        """Change parts of something."""
        self._add(Route("PATCH", path, function.__name__, 200), function)

    def delete(self, path: str, function: Function) -> None:
        """End something."""
        self._add(Route("DELETE", path, function.__name__, 200), function)

    def closed(self) -> Router:
        """Return the router, every other method of its paths refused in the one error shape."""
        for path in dict.fromkeys(route.path for route in self.table):
            allowed = {route.method for route in self.table if route.path == path}
            others = sorted(METHODS - allowed)
            self.router.api_operation(others, path, include_in_schema=False, auth=None)(_refusal_of(path, allowed))
        return self.router

    def _add(self, route: Route, function: Function, operation_id: str = "") -> None:
        self.table.append(route)
        hints = get_type_hints(function)
        order = hints["order"]
        view = _view(route, order)
        self.router.api_operation(
            [route.method],
            route.path,
            response={route.status: hints["return"]},
            operation_id=operation_id or route.operation,
            summary=route.operation.replace("_", " ").capitalize(),
            description=inspect.getdoc(function),
            tags=[route.path.split("/")[1]],
            by_alias=True,
            openapi_extra=_extra(route, order),
        )(view)


def _view(route: Route, order: type[Order]) -> Callable[..., Any]:
    """Return the view: what was sent, as one order, through the door."""
    name, status, in_path = route.operation, route.status, get_path_param_names(route.path)
    lists = frozenset(field for field, info in order.model_fields.items() if "list[" in str(info.annotation))

    async def view(request: HttpRequest, sent: Any = None, **path: str) -> HttpResponse:
        body = {} if route.method == "GET" else _object(sent, path)
        arguments = {**_query(request, lists), **body, **path}
        answer = await door.call(name, request.auth, arguments)  # type: ignore[attr-defined]
        return HttpResponse(answer.json_text(), status=status, content_type=JSON)

    source = Query if route.method == "GET" else Body
    described = Annotated[Any, Described(order, frozenset(in_path))]
    parameters = [
        inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=HttpRequest),
        *(inspect.Parameter(each, inspect.Parameter.KEYWORD_ONLY, annotation=str) for each in sorted(in_path)),
        inspect.Parameter("sent", inspect.Parameter.KEYWORD_ONLY, annotation=described, default=source(None)),
    ]
    view.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return view


def _query(request: HttpRequest, lists: frozenset[str]) -> dict[str, Any]:
    """Return the query's parameters; a list is repeated or comma-separated. Authentication has used `workspace`."""
    query = request.GET
    return {
        name: [part for text in query.getlist(name) for part in text.split(",")] if name in lists else query[name]
        for name in query
        if name != "workspace"
    }


def _object(sent: Any, path: Mapping[str, str]) -> dict[str, Any]:
    """Return the body as an object that does not contradict the path."""
    if sent is None:
        return {}
    if not isinstance(sent, dict):
        raise InvalidInput(
            "The body must be a JSON object.", hint='Send {"field": value, …}.', sent=type(sent).__name__
        )
    for name, value in path.items():
        if sent.get(name, value) != value:
            raise InvalidInput(f"`{name}` in the body is not the one in the path.", field=name)
    return sent


def _extra(route: Route, order: type[Order]) -> dict[str, Any]:
    """Return what ninja cannot know: how a refusal looks, and whether a body must be sent."""
    left = set(order.model_fields) - get_path_param_names(route.path)
    required = route.method != "GET" and any(order.model_fields[name].is_required() for name in left)
    return {"responses": REFUSED} | ({"requestBody": {"required": True}} if required else {})


def _refusal_of(path: str, allowed: set[str]) -> Callable[..., Any]:
    async def refuse(request: HttpRequest, **_: str) -> HttpResponse:
        raise MethodNotAllowed(method=request.method, allowed=sorted(allowed))

    names = sorted(get_path_param_names(path))
    parameters = [inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=HttpRequest)]
    parameters += [inspect.Parameter(each, inspect.Parameter.KEYWORD_ONLY, annotation=str) for each in names]
    refuse.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return refuse
