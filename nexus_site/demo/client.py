"""An MCP client of a few lines: each call is one HTTP request of the era without sessions, to the public endpoint."""

import itertools
from typing import Any

from nexus_site.cli.command import Failed, Json
from nexus_site.cli.offered import PATH, VERSION, introduced
from nexus_site.cli.ways import Remote

__all__ = ["Client", "Refused"]

CALL = "tools/call"
NAME = "nexus demo"


class Refused(Exception):
    """A tool said no, and why."""

    def __init__(self, error: Json) -> None:
        """Keep the error shape."""
        super().__init__(error["message"])
        self.code, self.error = str(error["code"]), error


class Client:
    """Calls tools with one key."""

    def __init__(self, url: str, key: str) -> None:
        """Say where the server is, and who calls."""
        self._by, self._numbers = Remote(url, key), itertools.count(1)

    def call(self, tool: str, /, **arguments: Any) -> Any:
        """Return what a tool answers, or raise what it refused with."""
        params: Json = {"name": tool, "arguments": arguments, "_meta": introduced(NAME)}
        body: Json = {"jsonrpc": "2.0", "id": next(self._numbers), "method": CALL, "params": params}
        headers = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": VERSION}
        headers |= {"Mcp-Method": CALL, "Mcp-Name": tool}
        answer = self._by.exchange(PATH, body, **headers)
        if "error" in answer:
            raise Failed.because(answer["error"]["message"], "See `nexus status`.")
        result = answer["result"]
        if result.get("isError"):
            raise Refused(result["structuredContent"]["error"])
        return result["structuredContent"]
