"""The Gemini API, as Gemini CLI speaks it."""

from collections.abc import Iterator
from typing import Any

from tests.clients.said import Call, Request, Said


def request(body: dict[str, Any]) -> Request:
    """Return what a request says."""
    said = [each for content in body["contents"] for part in content["parts"] for each in _said(content, part)]
    declared = [each for tool in body.get("tools", []) for each in tool.get("functionDeclarations", [])]
    return Request(said, {each["name"] for each in declared}, body)


def _said(content: dict[str, Any], part: dict[str, Any]) -> Iterator[Said]:
    if "functionCall" in part:
        yield Said("call", part["functionCall"]["name"])
    elif "functionResponse" in part:
        yield Said("result", "".join(map(str, part["functionResponse"]["response"].values())))
    elif content.get("role") == "user" and "text" in part:
        yield Said("text", part["text"])


def answer(call: Call | None) -> dict[str, Any]:
    """Return an answer: a call, or a text that ends the turn."""
    part = {"functionCall": {"name": call.tool, "args": call.arguments}} if call else {"text": "Done."}
    candidate = {"index": 0, "content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "scripted"}
