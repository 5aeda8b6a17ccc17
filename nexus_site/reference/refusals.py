"""Which refusals an operation may answer: those that its code, and the code it calls in the rooms, names."""

import dis
import inspect
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

from bus.errors import Refusal
from nexus_site.rest import problems

__all__ = ["every", "refusals"]

ROOMS = frozenset({"bus", "handoffs", "overview"})


def refusals(function: Callable[..., Any]) -> set[type[Refusal]]:
    """Return the refusals named by a function and by the functions of the rooms that it names."""
    found: set[type[Refusal]] = set()
    seen: set[Any] = set()
    left: list[Any] = [function]
    while left:
        each = left.pop()
        if inspect.isclass(each) and issubclass(each, Refusal):
            found.add(each)
        elif inspect.isfunction(each) and each not in seen and _room(each) in ROOMS:
            seen.add(each)
            left.extend(_named_in(each))
    return found - {Refusal}


def every() -> list[type[Refusal]]:
    """Return every refusal there is, one for each code: the class that the others of the code derive from."""
    left, codes = [Refusal], dict[str, type[Refusal]]()
    while left:
        each = left.pop(0)
        left.extend(sorted(each.__subclasses__(), key=lambda derived: derived.__name__))
        if each is not Refusal and (_room(each) in ROOMS or each.__module__ == problems.__name__):
            codes.setdefault(each.code, each)
    return sorted(codes.values(), key=lambda refusal: (refusal.status, refusal.code))


def _room(thing: Any) -> str:
    return str(thing.__module__).partition(".")[0]


def _named_in(function: Callable[..., Any]) -> Iterator[object]:
    """Yield the globals that a function's code loads, and what it takes out of the modules among them."""
    for code in _codes(function.__code__):
        module: object = None
        for step in dis.get_instructions(code):
            thing = None
            if step.opname == "LOAD_GLOBAL":
                thing = function.__globals__.get(step.argval)
            elif step.opname in ("LOAD_ATTR", "LOAD_METHOD") and inspect.ismodule(module):
                thing = getattr(module, step.argval, None)
            yield thing
            module = thing


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield a function's code and that of the functions inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
