"""The one place where a policy may allow, deny, limit or hold a call before it runs."""

from collections.abc import Callable
from typing import Any

from bus.identity import Caller

__all__ = ["Rule", "check", "rules"]

Rule = Callable[[str, Caller, Any], None]
rules: list[Rule] = []


def check(name: str, caller: Caller, order: Any) -> None:
    """Ask every rule; a rule refuses by raising a `Refusal`."""
    for rule in rules:
        rule(name, caller, order)
