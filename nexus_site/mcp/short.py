"""Short calls: one request, one JSON document, no stream and no task group."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from mcp_types import ListToolsResult

from bus import door
from nexus_site.agent_bus import tools as agent_bus
from nexus_site.mcp import calls, kernel, tools
from nexus_site.mcp.server import server
from nexus_site.replies import Scope

__all__ = ["answer", "is_long"]

CALL, LIST = "tools/call", "tools/list"
PLAIN = {CALL: frozenset({"name", "arguments", "_meta"}), LIST: frozenset({"_meta"})}


def is_long(message: Mapping[str, Any]) -> bool:
    """Say whether a request may take long and needs a stream: waits, and subscriptions."""
    if message["method"] == CALL:
        name = (message.get("params") or {}).get("name")
        entry = door.published().get(name) if isinstance(name, str) else None
        return name == agent_bus.WAIT or (entry is not None and entry.kind == "wait")
    return bool(message["method"] == "subscriptions/listen")


async def answer(version: str, message: Mapping[str, Any], scope: Scope) -> tuple[int, bytes]:
    """Return the HTTP status and the body for a request; what is plain skips the kernel, and answers the same bytes."""
    method = message["method"]
    params: Any = message.get("params")
    if method not in PLAIN or not _is_plain(method, version, params):
        return await kernel.serve(server(), version, message, scope)
    if method == LIST:
        listed = _listed(version, scope["nexus.choice"].toolsets)
        return 200, b'{"jsonrpc":"2.0","id":%s,"result":%s}' % (kernel.dumped(version, message["id"]), listed)
    reply = await calls.call(params["name"], params.get("arguments") or {}, scope)
    return 200, kernel.tool_reply(server(), version, message["id"], reply)


def _is_plain(method: str, version: str, params: Any) -> bool:
    """Say whether the params are what they are in nearly every call, so that the kernel would find nothing wrong."""
    if params is None:
        return method == LIST and not kernel.is_modern(version)
    if not params.keys() <= PLAIN[method]:
        return False
    if method == CALL and not (isinstance(params.get("name"), str) and isinstance(params.get("arguments", {}), dict)):
        return False
    return kernel.well_formed(method, version, params) if "_meta" in params else not kernel.is_modern(version)


@cache
def _listed(version: str, toolsets: tuple[str, ...]) -> bytes:
    """Return the result of tools/list as it goes over the wire."""
    result = ListToolsResult.model_validate({"tools": tools.listed(toolsets)})
    return kernel.result_bytes(server(), version, LIST, result)
