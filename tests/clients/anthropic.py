"""The Messages API, as Claude Code, OpenCode and Copilot CLI speak it."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

from tests.clients.said import Call, Request, Said

USAGE = {"input_tokens": 1, "output_tokens": 1}


def request(body: dict[str, Any]) -> Request:
    """Return what a request says."""
    said = [each for message in body["messages"] for each in _said(message)]
    tools = body.get("tools", [])
    withheld = {tool["name"] for tool in tools if tool.get("defer_loading")}
    return Request(said, {tool["name"] for tool in tools}, body, withheld)


def _said(message: dict[str, Any]) -> Iterator[Said]:
    content = message["content"]
    for block in content if isinstance(content, list) else [{"type": "text", "text": content}]:
        if block["type"] == "tool_use":
            yield Said("call", block["name"])
        elif block["type"] == "tool_result":
            yield Said("result", _text(block["content"]))
        elif block["type"] == "text" and message["role"] == "user":
            yield Said("text", block["text"])


def _text(content: Any) -> str:
    """Return the text of a tool's result."""
    return content if isinstance(content, str) else "".join(block.get("text", "") for block in content)


def events(call: Call | None) -> Iterator[dict[str, Any]]:
    """Yield an answer as the API streams it: a call, or a text that ends the turn."""
    message = {
        "id": f"msg_{secrets.token_hex(8)}",
        "type": "message",
        "role": "assistant",
        "model": "scripted",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": USAGE,
    }
    yield {"type": "message_start", "message": message}
    yield {"type": "content_block_start", "index": 0, "content_block": _block(call)}
    yield {"type": "content_block_delta", "index": 0, "delta": _delta(call)}
    yield {"type": "content_block_stop", "index": 0}
    ended = {"stop_reason": "tool_use" if call else "end_turn", "stop_sequence": None}
    yield {"type": "message_delta", "delta": ended, "usage": USAGE}
    yield {"type": "message_stop"}


def _block(call: Call | None) -> dict[str, Any]:
    if call is None:
        return {"type": "text", "text": ""}
    return {"type": "tool_use", "id": f"toolu_{secrets.token_hex(8)}", "name": call.tool, "input": {}}


def _delta(call: Call | None) -> dict[str, Any]:
    if call is None:
        return {"type": "text_delta", "text": "Done."}
    return {"type": "input_json_delta", "partial_json": json.dumps(call.arguments)}
