"""Resources: one's own inbox and handoffs as they are now, and the reference, which costs nothing in the tool list.

Invariant: what is read goes through the door as the caller; foreign and unknown are answered alike.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, NoReturn

import mcp_types as types
from mcp.server import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS

from bus import door
from bus.errors import InvalidInput, NotFound, Refusal
from bus.identity import Caller
from nexus_site.mcp import kernel
from nexus_site.replies import REFUSED

__all__ = ["HANDOFF", "HANDOFFS", "INBOX", "handlers", "read", "refused"]

Context = ServerRequestContext[Any, Any]
Params = types.PaginatedRequestParams | None

INBOX, HANDOFFS, HANDOFF = "nexus://inbox", "nexus://handoffs", "nexus://handoff/"
REFERENCE = "nexus://reference/"
JSON, MARKDOWN = "application/json", "text/markdown"
NOT_FOUND = -32002  # of the era of handshakes; the modern one says that the params are invalid
OWN = (
    (INBOX, "inbox", "Your mail that waits, as inbox_peek gives it."),
    (HANDOFFS, "handoffs", "Handoffs that concern you (mine) and that you can claim (available)."),
)
ONE = {HANDOFF: ("handoff_get", "handoff"), "nexus://message/": ("message_get", "message")}
TEMPLATES = (
    ("nexus://handoff/{handoff}", "handoff", "One handoff in full."),
    ("nexus://message/{message}", "message", "One message in full."),
)


class NoResource(NotFound):
    """There is no such resource for you."""

    hint = "Use resources/list for what there is."


async def read(caller: Caller, uri: str) -> tuple[str, str]:
    """Return the media type and the text of a resource; raises `NotFound` for unknown and foreign ones alike."""
    if uri.startswith(REFERENCE):
        return MARKDOWN, _page(uri)
    if uri == INBOX:
        return JSON, (await door.call("inbox_peek", caller, {})).json_text()
    if uri == HANDOFFS:
        mine = await door.call("handoff_list", caller, {"mine": True})
        available = await door.call("handoff_list", caller, {"available": True})
        return JSON, f'{{"mine":{mine.json_text()},"available":{available.json_text()}}}'
    return JSON, await _one(caller, uri)


async def _one(caller: Caller, uri: str) -> str:
    for prefix, (operation, field) in ONE.items():
        if uri.startswith(prefix):
            try:
                text: str = (await door.call(operation, caller, {field: uri.removeprefix(prefix)})).json_text()
            except (InvalidInput, NotFound):
                raise NoResource(uri=uri[:200]) from None
            return text
    raise NoResource(uri=uri[:200])


@cache
def _reference() -> Mapping[str, str]:
    """Return the pages of the reference by their names."""
    from nexus_site.reference.pages import pages  # the pages describe this surface too

    return {name.removesuffix(".md"): text for name, text in pages().items()}


def _page(uri: str) -> str:
    text = _reference().get(uri.removeprefix(REFERENCE))
    if text is None:
        raise NoResource(uri=uri[:200])
    return text


def refused(refusal: Refusal, version: str) -> NoReturn:
    """Raise a refusal as the protocol error of this version."""
    number = REFUSED
    if isinstance(refusal, NotFound):
        number = INVALID_PARAMS if kernel.is_modern(version) else NOT_FOUND
    raise MCPError(number, refusal.message, {**refusal.shape()["error"], **refusal.details}) from None


async def _list(context: Context, params: Params) -> types.ListResourcesResult:
    _one_page(params)
    listed = [{"uri": uri, "name": name, "description": about, "mimeType": JSON} for uri, name, about in OWN]
    listed += [{"uri": REFERENCE + name, "name": f"reference/{name}", "mimeType": MARKDOWN} for name in _reference()]
    return types.ListResourcesResult.model_validate({"resources": listed})


async def _templates(context: Context, params: Params) -> types.ListResourceTemplatesResult:
    _one_page(params)
    listed = [
        {"uriTemplate": uri, "name": name, "description": about, "mimeType": JSON} for uri, name, about in TEMPLATES
    ]
    return types.ListResourceTemplatesResult.model_validate({"resourceTemplates": listed})


def _one_page(params: Params) -> None:
    if params is not None and params.cursor is not None:
        raise MCPError(INVALID_PARAMS, "Unknown cursor: the list has one page.")


async def _read(context: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
    request: Any = context.request
    try:
        kind, text = await read(request.scope["nexus.caller"], params.uri)
    except Refusal as refusal:
        refused(refusal, context.protocol_version)
    content = types.TextResourceContents(uri=params.uri, mime_type=kind, text=text)
    return types.ReadResourceResult(contents=[content])


def handlers() -> dict[str, Any]:
    """Return what the server answers about resources."""
    return {"on_list_resources": _list, "on_list_resource_templates": _templates, "on_read_resource": _read}
