"""The Responses API, as Codex speaks it."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

from tests.clients.said import Call, Request, Said

USAGE = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}


def request(body: dict[str, Any]) -> Request:
    """Return what a request says."""
    said = [each for item in body["input"] for each in _said(item)]
    return Request(said, {tool["name"] for tool in body.get("tools", []) if "name" in tool}, body)


def _said(item: dict[str, Any]) -> Iterator[Said]:
    if item["type"] == "function_call":
        yield Said("call", item["name"])
    elif item["type"] == "function_call_output":
        yield Said("result", str(item["output"]))
    elif item["type"] == "message" and item["role"] == "user":
        for part in item["content"]:
            if part["type"] == "input_text":
                yield Said("text", part["text"])


def events(call: Call | None) -> Iterator[dict[str, Any]]:
    """Yield an answer as the API streams it: a call, or a text that ends the turn."""
    response = {"id": f"resp_{secrets.token_hex(8)}", "usage": USAGE}
    yield {"type": "response.created", "response": response}
    yield {"type": "response.output_item.done", "output_index": 0, "item": _item(call)}
    yield {"type": "response.completed", "response": response}


def _item(call: Call | None) -> dict[str, Any]:
    if call is None:
        content = [{"type": "output_text", "text": "Done.", "annotations": []}]
        return {"type": "message", "id": f"msg_{secrets.token_hex(8)}", "role": "assistant", "content": content}
    named = {"name": call.tool, "arguments": json.dumps(call.arguments), "call_id": f"call_{secrets.token_hex(8)}"}
    return {"type": "function_call", "id": f"fc_{secrets.token_hex(8)}", **named}
