"""The door: the one way in for every surface. It finds the operation, checks the order, places and admits the caller,
and runs reads on reader threads, writes in the writer lane (once a idempotency key) and waits on the loop.
"""

import inspect
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from types import ModuleType
from typing import Any, get_type_hints

from asgiref.sync import async_to_sync
from django.db import connection, transaction
from pydantic import ValidationError
from pydantic_core import to_json

from bus import clock, events, idempotency, places, policy, presence
from bus.directory import directory
from bus.errors import Forbidden, InvalidInput, NotFound
from bus.gauges import gauges
from bus.identity import Caller, placed, seated
from bus.readers import readers
from bus.schemas.base import Answer, Order, WriteOrder
from bus.writer import lane

__all__ = [
    "OPERATOR_TOOLSET",
    "Published",
    "arrange",
    "call",
    "find",
    "publish",
    "published",
    "run",
    "run_work",
    "sweep",
]

KINDS = {"queries": "query", "operations": "operation", "waits": "wait"}
OPERATOR_TOOLSET = "operator"
DEEPEST = 200
STORABLE = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=str)


@dataclass(frozen=True, slots=True)
class Published:
    """One operation as every surface knows it."""

    name: str
    function: Callable[..., Any]
    kind: str
    order: type[Order]
    answer: type[Answer]
    room: str
    toolset: str
    first: str = ""

    @property
    def description(self) -> str:
        """Return the docstring: what an agent reads."""
        return inspect.getdoc(self.function) or ""

    @property
    def is_read_only(self) -> bool:
        """Say whether it changes nothing."""
        return not issubclass(self.order, WriteOrder)


_table: dict[str, Published] = {}


def publish(module: ModuleType, toolsets: Mapping[str, str], first: Mapping[str, str] | None = None) -> None:
    """Publish a module's `__all__`; `toolsets` names each operation's, `first` what must run before one."""
    room, _, kind = module.__name__.partition(".")
    for name in module.__all__:
        function = getattr(module, name)
        hints = get_type_hints(function)
        _table[name] = Published(
            name,
            function,
            KINDS[kind],
            hints["order"],
            hints["return"],
            room,
            toolsets[name],
            (first or {}).get(name, ""),
        )


def arrange(names: list[str]) -> None:
    """Put the table in the order of `names`, and refuse a name that no room publishes."""
    ordered = {name: _table[name] for name in names}
    _table.clear()
    _table.update(ordered)


def published() -> Mapping[str, Published]:
    """Return every operation by name."""
    return _table


def find(name: str) -> Published:
    """Return the operation of this name, or raise `NotFound`."""
    entry = _table.get(name)
    if entry is None:
        raise NotFound(f"There is no operation named {name[:64]!r}.", hint="Call `help` for the list.")
    return entry


def checked(entry: Published, arguments: Mapping[str, Any] | Order) -> Order:
    """Return the arguments as the operation's order, or raise `InvalidInput` naming each field that is wrong."""
    if isinstance(arguments, entry.order):
        return arguments
    try:
        text = _text(arguments)
    except ValueError as error:
        raise InvalidInput(
            f"The order holds what no text can: {error}.", hint="Send plain UTF-8 and finite numbers."
        ) from None
    except RecursionError:
        raise too_deep() from None
    if text.count(b"{") + text.count(b"[") > DEEPEST and _is_deep(arguments):
        raise too_deep()
    try:
        return entry.order.model_validate(arguments)
    except ValidationError as error:
        raise invalid(error, entry.name) from None


def _text(arguments: Mapping[str, Any] | Order) -> bytes:
    """Return the arguments as JSON text; raises `ValueError` for what no text can hold, or `RecursionError`."""
    with suppress(ValueError):
        text = to_json(arguments, fallback=str)
        if b"NaN" not in text and b"Infinity" not in text:
            return text
    return STORABLE.encode(arguments).encode()


def _is_deep(arguments: object) -> bool:
    """Say whether lists and objects are inside each other further than any reader of the answer follows."""
    level: list[Any] = [arguments]
    for _ in range(DEEPEST + 1):
        objects = (each.values() if isinstance(each, Mapping) else each for each in level)
        level = [inside for each in objects for inside in each if isinstance(inside, Mapping | list)]
        if not level:
            return False
    return True


def too_deep() -> InvalidInput:
    """Return the refusal of what is nested too deep."""
    return InvalidInput(f"The order is nested deeper than {DEEPEST} levels.", hint="Flatten it.", limit=DEEPEST)


def invalid(error: ValidationError, name: str) -> InvalidInput:
    """Return the refusal for what pydantic found: the fields, what is wrong with each, and what was sent."""
    fields = [_field(part) for part in error.errors(include_url=False, include_context=False)[:10]]
    first = fields[0]
    where = f"`{first['field']}`" if first["field"] else "The order"
    return InvalidInput(f"{where}: {first['problem']}.", hint=f"Call `help` about `{name}`.", fields=fields)


def _field(part: Mapping[str, Any]) -> dict[str, Any]:
    sent = repr(part.get("input"))
    where = ".".join(str(step) for step in part["loc"])
    return {"field": where, "problem": part["msg"].rstrip("."), "sent": sent if len(sent) <= 80 else sent[:77] + "..."}


def _admit(entry: Published, caller: Caller, order: Order) -> None:
    """Refuse what the caller's key, its kind or a policy does not allow."""
    if entry.toolset == OPERATOR_TOOLSET and not caller.is_operator:
        raise Forbidden(f"`{entry.name}` is for operators.")
    if _may_only_read(caller) and not entry.is_read_only:
        raise Forbidden("This key may only read.", hint="Use a key with the scope `agent`.")
    policy.check(entry.name, caller, order)


def _may_only_read(caller: Caller) -> bool:
    return caller.key is not None and caller.key.scope == "read"


async def call(name: str, caller: Caller, arguments: Mapping[str, Any] | Order) -> Any:
    """Run an operation for a caller on the event loop and return its answer; refusals are raised."""
    entry = find(name)
    order = checked(entry, arguments)
    if order.workspace:
        caller = await readers.look(partial(placed, caller, order.workspace))
    _admit(entry, caller, order)
    await presence.touch(caller)
    if entry.first:
        caller = await _first(entry, caller, order)
    elif path := getattr(order, "project_root", None):
        await places.look_aside(path)
    if entry.kind == "query":
        gauges.read()
        return await readers.run(partial(entry.function, caller, order))
    if entry.kind == "wait":
        return await entry.function(caller, order)
    owner = caller.key.id if caller.key else None
    return await lane.submit(owner, partial(_work, entry, caller, order))


async def _first(entry: Published, caller: Caller, order: Order) -> Caller:
    """Run what must come first (opening the session of a project root) and return the caller it leads to."""
    arguments = _first_order(entry, order)
    if "project_root" not in arguments or _may_only_read(caller):
        return caller
    opened = await call(entry.first, caller, arguments)
    there: Caller = await readers.run(partial(seated, caller, opened.session, opened.workspace))
    return there


def _first_order(entry: Published, order: Order) -> dict[str, Any]:
    fields = find(entry.first).order.model_fields
    return {name: value for name, value in order if value is not None and name in fields and name != "workspace"}


def _work(entry: Published, caller: Caller, order: Order) -> Any:
    if isinstance(order, WriteOrder) and order.idempotency_key:
        return idempotency.once(entry, caller, order)
    return entry.function(caller, order)


def run(name: str, caller: Caller, arguments: Mapping[str, Any] | Order) -> Any:
    """Run an operation from a thread: commands, admin actions, tests. Inside a transaction it runs inline."""
    entry = find(name)
    order = checked(entry, arguments)
    if order.workspace:
        caller = placed(caller, order.workspace)
    _admit(entry, caller, order)
    if entry.first and "project_root" in (arguments := _first_order(entry, order)) and not _may_only_read(caller):
        opened = run(entry.first, caller, arguments)
        caller = seated(caller, opened.session, opened.workspace)
    elif path := getattr(order, "project_root", None):
        places.look(path)
    if entry.kind == "wait":
        return async_to_sync(entry.function)(caller, order)
    if entry.kind == "query":
        return entry.function(caller, order)
    return run_work(partial(_work, entry, caller, order))


def run_work(work: Callable[[], Any]) -> Any:
    """Run `work` in the writer lane and wait; inside a transaction of this thread, inline with its events."""
    if not connection.in_atomic_block:
        return lane.run(work)
    with events.collected() as collected:
        with transaction.atomic():
            outcome = work()
            changed = collected.write()
        directory.forget(changed)
    return outcome


def sweep(caller: Caller, work: Callable[[Caller], int]) -> int:
    """Run background work as `caller` with the clock of this moment; return how many things it changed."""
    return int(run_work(lambda: work(replace(caller, now=clock.now()))))
