"""A tool call through the door: its answer, or its refusal as data that a model can read and recover from.

A URL with the toolset `agent-bus` finds a tool there first.
"""

import logging
from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json

from bus import door
from bus.errors import Internal, Refusal
from bus.identity import Caller
from nexus_site.agent_bus import tools as agent_bus
from nexus_site.mcp.reply import Reply
from nexus_site.mcp.sittings import Sitting, sittings

__all__ = ["call"]

log = logging.getLogger(__name__)
OPENING = frozenset({"session_open", "wake", "whoami"})


async def call(name: str, arguments: Mapping[str, Any], scope: Any) -> Reply:
    """Return what the tool of this name answers to whoever is in the ASGI scope."""
    caller: Caller = scope["nexus.caller"]
    if agent_bus.TOOLSET in scope["nexus.choice"].toolsets and name in agent_bus.TOOLS:
        return await agent_bus.call(name, caller, arguments)
    text, is_error = await _answered(name, caller, arguments, scope["nexus.sitting"])
    return Reply(text, text, is_error)


async def _answered(
    name: str, caller: Caller, arguments: Mapping[str, Any], sitting: Sitting | None
) -> tuple[str, bool]:
    """Return the compact JSON to answer, and whether it is an error."""
    opening = sitting if name in OPENING else None
    try:
        answer = await door.call(name, caller, opening.named(arguments) if opening else arguments)
    except Refusal as refusal:
        return to_json(refusal.shape()).decode(), True
    except Exception:
        log.exception("the tool %s failed", name)
        return to_json(Internal().shape()).decode(), True
    if opening:
        await sittings.follow(opening, answer, is_named="session_ref" in arguments)
    return answer.json_text(), False
