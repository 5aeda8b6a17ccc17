"""The tools that a running server offers over MCP, as one hash: what agents are told does not change unseen."""

import hashlib
import json
from importlib import metadata
from typing import NamedTuple

from nexus_site.cli.command import Failed, Json
from nexus_site.cli.ways import Remote

__all__ = ["EVERYTHING", "PATH", "VERSION", "Offered", "introduced", "offered"]

PATH, EVERYTHING = "/mcp", "/mcp?toolsets=all"
VERSION = "2026-07-28"
LIST = "tools/list"


class Offered(NamedTuple):
    """What a list of tools is: how many, how long as compact JSON, and its hash."""

    tools: int
    size: int
    sha256: str


def introduced(client: str) -> Json:
    """Return how a client of the era without sessions says who it is."""
    return {
        "io.modelcontextprotocol/protocolVersion": VERSION,
        "io.modelcontextprotocol/clientInfo": {"name": client, "version": metadata.version("nexus-bus")},
        "io.modelcontextprotocol/clientCapabilities": {},
    }


def offered(url: str, key: str, path: str = PATH) -> Offered | None:
    """Return what the server lists at this path, None where it does not list its tools."""
    body: Json = {"jsonrpc": "2.0", "id": 1, "method": LIST, "params": {"_meta": introduced("nexus doctor")}}
    headers = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": VERSION, "Mcp-Method": LIST}
    try:
        with Remote(url, key).open("POST", path, body, **headers) as response:
            tools = json.loads(response.read())["result"]["tools"]
    except (Failed, ValueError, KeyError):
        return None
    canonical = json.dumps(tools, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return Offered(len(tools), len(canonical), hashlib.sha256(canonical).hexdigest())
