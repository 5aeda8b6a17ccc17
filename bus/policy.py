"""The one place where a policy may allow, deny, limit or hold a call before it runs."""

from collections.abc import Callable
from typing import Any

from bus.errors import InvalidInput
from bus.identity import Caller
from bus.models.people import INSTALLATION

__all__ = ["Rule", "check", "rules"]

Rule = Callable[[str, Caller, Any], None]
# What an agent may call before it has said where it works.
ANYWHERE = frozenset({"help", "session_open", "wake", "whoami", "workspace_list", "workspace_resolve"})


def needs_workspace(name: str, caller: Caller, order: Any) -> None:
    """Refuse an agent that is in no workspace: what belongs to none is the installation's own."""
    if caller.workspace.public_id == INSTALLATION and not caller.is_operator and name not in ANYWHERE:
        raise InvalidInput("Say where you work.", hint="Call `whoami` with `project_root`.", field="project_root")


rules: list[Rule] = [needs_workspace]


def check(name: str, caller: Caller, order: Any) -> None:
    """Ask every rule; a rule refuses by raising a `Refusal`."""
    for rule in rules:
        rule(name, caller, order)
